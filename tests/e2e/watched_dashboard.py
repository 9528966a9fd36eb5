"""The dashboard with a heart that is listened to: `python -m tests.e2e.watched_dashboard FILE ARGUMENTS...`.

It appends a line to FILE for each time that the event loop came late: when, and by how much, in seconds of
the monotonic clock, which is the same in every process.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from jobmon_tui.cli import loading
from jobmon_tui.cli.way_in import enter
from jobmon_tui.tui import entry

if TYPE_CHECKING:
    from jobmon_tui.tui.app import JobmonApp

_BEAT = 0.02
_LATE = 0.1
_run = entry._run


async def _beat(file: Path) -> None:
    while True:
        due = time.monotonic() + _BEAT
        await asyncio.sleep(_BEAT)
        late = time.monotonic() - due
        if late >= _LATE:
            with file.open("a") as said:
                said.write(f"{due} {late}\n")


def stalls(file: Path, since: float) -> list[float]:
    """Return by how many seconds the loop came late, each time from `since` on."""
    told = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [float(late) for due, late in told if float(due) >= since]


def main() -> int:
    """Run it."""
    file = Path(sys.argv[1])

    async def watched(app: "JobmonApp") -> None:
        beat = asyncio.create_task(_beat(file))
        await _run(app)
        beat.cancel()

    entry._run = watched
    loading.begin()
    return enter(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
