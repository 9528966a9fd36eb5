"""The shell as a program of its own, for tests in a real terminal: `python -m tests.tui.shell_program MARK`.

It writes to the file MARK how its worker was stopped. Variables of the environment choose a part:
STAGE_CRASH raises a defect, with a password in a local variable, at `m` ("late": on the way out);
STAGE_SLOW drains slowly; STAGE_IDLE has no worker inside; STAGE_MOUSE=off uses no mouse;
STAGE_SIGN_IN starts without a session; STAGE_SLOW_SIZE takes so many seconds to
learn of a size above 24 rows.
"""

import asyncio
import os
import sys
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from jobmon_tui.tui import terminal
from jobmon_tui.tui.contracts import Connection, Options
from jobmon_tui.tui.entry import run_dashboard
from tests.tui.fake_services import FakeWorker

if TYPE_CHECKING:
    from textual.screen import Screen

MARK = Path(sys.argv[1])


def _mark(line: str) -> None:
    with MARK.open("a") as file:
        file.write(line)


class MarkingWorker(FakeWorker):
    """Writes down how it was stopped."""

    async def stop(self, grace: float, reason: str) -> None:
        _mark(f"stopped {grace:g} {reason}\n")
        if grace:
            await asyncio.sleep(float(os.environ.get("STAGE_SLOW", "0")))
        await super().stop(grace, reason)


def _slow_down_sizes(seconds: float) -> None:
    from jobmon_tui.tui.driver import LastingDriver

    ask = LastingDriver._get_terminal_size

    def ask_and_wait(driver: LastingDriver) -> tuple[int, int]:
        size = ask(driver)
        until = time.monotonic() + (seconds if size[1] > 24 else 0.0)
        while time.monotonic() < until:
            time.sleep(0.01)
        return size

    LastingDriver._get_terminal_size = ask_and_wait  # type: ignore[method-assign,assignment]


def _set_the_stage() -> None:
    """Put the placeholder in; it imports Textual, for which the entry prepares first."""
    import jobmon_tui.tui.app as module
    from tests.tui.shell_stage import Placeholder, StagedApp

    _slow_down_sizes(float(os.environ.get("STAGE_SLOW_SIZE", "0")))

    class CrashingScreen(Placeholder):
        def key_m(self) -> None:
            dsn = "postgresql://ada:hunter2@db/jobmon"
            raise RuntimeError(f"no such thing: {len(dsn)}")

    class ProgramApp(StagedApp):
        def make_dashboard(self) -> "Screen[None]":
            return CrashingScreen() if os.environ.get("STAGE_CRASH") else Placeholder()

        async def on_unmount(self) -> None:
            await super().on_unmount()
            if os.environ.get("STAGE_CRASH") == "late":
                raise RuntimeError("too late")

    module.JobmonApp = ProgramApp  # type: ignore[misc]


async def _connect() -> Connection:
    from tests.tui.shell_stage import Stage

    token = None if os.environ.get("STAGE_SIGN_IN") else "admin-token"
    worker = None if os.environ.get("STAGE_IDLE") else MarkingWorker([12, 15])
    return await Stage(token=token, worker=worker).connect()


def main() -> int:
    """Run the shell; its worker runs two executions."""
    prepare = terminal.prepare

    def prepare_and_stage(environ: MutableMapping[str, str]) -> None:
        prepare(environ)
        _set_the_stage()

    terminal.prepare = prepare_and_stage
    return run_dashboard(_connect, Options(origin="pts/1", mouse=os.environ.get("STAGE_MOUSE") != "off"))


if __name__ == "__main__":
    sys.exit(main())
