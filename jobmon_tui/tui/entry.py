"""The dashboard's front door: is there a terminal, run it, and leave the terminal as it was."""

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from jobmon_tui.tui import terminal
from jobmon_tui.tui.contracts import Connect, Options

if TYPE_CHECKING:
    from jobmon_tui.tui.app import JobmonApp

USAGE, UNFORESEEN = 2, 1


def _say(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)  # noqa: T201  # the screen is gone: this is the only way left
    except (OSError, ValueError):
        return  # the terminal is gone


def run_dashboard(connect: Connect, options: Options) -> int:
    """Show the dashboard until it is left; return the exit code.

    0 after a polite end, 1 after a defect (one plain line says where its details are), 2 where there is no
    terminal that could show it.
    """
    refusal = terminal.refusal(os.environ, is_terminal=terminal.on_terminal())
    if refusal is not None:
        _say(refusal)
        return USAGE
    terminal.prepare(os.environ)
    from jobmon_tui.tui.app import JobmonApp

    app = JobmonApp(connect, options)
    try:
        asyncio.run(_run(app))
    except KeyboardInterrupt:
        return 130
    if app.crash is not None:
        _say(app.crash)
        return UNFORESEEN
    return app.return_code or 0


async def _run(app: "JobmonApp") -> None:
    """Run it to its end. Whatever it raises becomes the one plain line."""
    running = asyncio.create_task(app.run_async(mouse=False))  # until the settings are read
    await asyncio.wait({running})
    if not running.cancelled() and (defect := running.exception()) is not None:
        app.ended_by(defect)
    # A defect on the way out may have left it open.
    await app.departure.close()
