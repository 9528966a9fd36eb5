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
) -> None:
    """Run reports, with no screen.

    On SIGTERM it finishes what runs, for as long as drain_seconds, then ends.

    Example: jobmon worker --concurrency 8
    """
    given = settings(concurrency=concurrency)
    asyncio.run(
        run_worker(
            given.database,
            given.output_dir,
            given.concurrency,
            grace=given.drain_seconds,
            tell=complain,
            output_kib=given.output_kib,
        )
    )
