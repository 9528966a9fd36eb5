"""`worker`: the scheduler with no screen."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated

import typer

from jobmon_tui.bootstrap import House, run_worker
from jobmon_tui.cli.audit_anchors import keepers_of
from jobmon_tui.cli.output import complain
from jobmon_tui.cli.session import refuse_read_only, settings
from jobmon_tui.config import Settings
from jobmon_tui.domain.anchors import Anchor
from jobmon_tui.security.anchors import keep_anchoring
from jobmon_tui.services.audited import utc_now


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=256, help="How many reports run at once.")
    ] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Serve this queue; again for another one. Left out: all queues."),
    ] = None,
) -> None:
    """Run reports, with no screen.

    A report names its queue in its file: queue = "reports".

    With audit_anchor_file or audit_anchor_syslog set it keeps anchors of the audit log.

    On SIGTERM it finishes what runs, for as long as drain_seconds, then ends.

    Example: jobmon worker --concurrency 8 --queue reports --queue default
    """
    refuse_read_only("Worker")
    given = settings(concurrency=concurrency, queues=queue or None)
    asyncio.run(
        run_worker(
            given.database,
            given.output_dir,
            given.concurrency,
            grace=given.drain_seconds,
            tell=complain,
            output_kib=given.output_kib,
            queues=given.queues,
            beside=_anchoring(given),
        )
    )


def _anchoring(given: Settings) -> Callable[[House], Coroutine[None, None, None]] | None:
    """Return what keeps the audit log's head elsewhere, None where nothing is set."""
    keepers = keepers_of(given)
    if not keepers:
        return None

    def begin(house: House) -> Coroutine[None, None, None]:
        async def head() -> Anchor:
            entry, digest = await house.database.read(lambda transaction: transaction.audit_head())
            return Anchor(utc_now(), entry, digest, given.database.url)

        return keep_anchoring(head, keepers.keep, 60 * given.audit_anchor_minutes, complain)

    return begin
