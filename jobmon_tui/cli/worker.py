"""`worker`: the scheduler with no screen."""

import asyncio
from typing import Annotated

import typer

from jobmon_tui.bootstrap import run_worker
from jobmon_tui.cli.output import complain
from jobmon_tui.cli.session import settings


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

    On SIGTERM it finishes what runs, for as long as drain_seconds, then ends.

    Example: jobmon worker --concurrency 8 --queue reports --queue default
    """
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
        )
    )
