"""What the dashboard costs over a thousand and over a million executions: memory and time of each step."""

import argparse
import os
import statistics
import sys
import tempfile
import time
from asyncio import run
from dataclasses import dataclass, field
from pathlib import Path

from tests import postgres
from tests.benchmarks.bench_start import memory
from tests.benchmarks.history import build_postgres
from tests.conformance.world import ADMIN
from tests.e2e.line import Line
from tests.e2e.long_list import LongList

FLAT_MIB = 10.0
FLAT_TIMES, FLAT_MS = 1.5, 50.0
"""A step over many rows takes at most so many times as long as over few, or so much longer.

The second, because a step of 20 ms is a frame or two, and a frame more says nothing.
"""
FEW = 1_000
ROUNDS = 5
_PAUSE = 1 / 30
"""Seconds between two keys of a held one."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one thing that people do to a list costs: the times of its rounds, and the memory after them."""

    ms: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)

    @property
    def usual(self) -> float:
        """The median time in ms."""
        return statistics.median(self.ms)


class _Hand:
    """Presses keys, and notes how long each answer took and what memory it left."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.found: dict[str, Step] = {}

    def press(self, step: str, key: str, *wanted: str) -> None:
        """Press a key, and note the time until every wanted text stands on the screen."""
        began = time.perf_counter()
        self._line.press(key)
        self._line.wait_for(*wanted)
        self.note(step, began)

    def note(self, step: str, began: float) -> None:
        """Note a step that began then and has been answered now."""
        took = 1000 * (time.perf_counter() - began)
        self._line.quiet()
        noted = self.found.setdefault(step, Step())
        noted.ms.append(took)
        noted.mib.append(memory(self._line.process.pid, "VmRSS"))

    def back(self, key: str, wanted: str) -> None:
        """Go back to where the step began."""
        self._line.press(key)
        self._line.wait_for(wanted)
        self._line.quiet(0.2)

    def hold(self, key: str, times: int) -> None:
        """Hold a key."""
        for _ in range(times):
            self._line.press(key)
            time.sleep(_PAUSE)


def steps(environment: dict[str, str], rows: int) -> dict[str, Step]:
    """Do what people do to a list; return what each step cost."""
    everything, a_tenth = f" of {rows:,}", f" of {rows // 10:,}"
    began = time.perf_counter()
    with Line(["--scheduler", "off"], environment) as line:
        hand = _Hand(line)
        line.wait_for(f"›#{rows}", "●")
        hand.note("first page", began)
        for _ in range(ROUNDS):
            hand.press("status filter", "4", "Only Failed", a_tenth)
            hand.back("0", everything)
        for _ in range(ROUNDS):
            line.press("/", "report:7")
            line.quiet(0.2)
            hand.press("search", "enter", "Only ", a_tenth)
            hand.back("0", everything)
        for _ in range(ROUNDS):
            hand.press("the end", "G", "›#1 ")
            hand.back("g", f"›#{rows} ")
        for _ in range(ROUNDS):
            hand.back("G", "›#1 ")
            hand.hold("k", 80)
            hand.press("held scrolling", "k", "›#82 ")
        began = time.perf_counter()
        hand.hold("\x1b[5~", 30)
        hand.note("held pages", began)
        return hand.found


def compare(name: str, few: dict[str, Step], many: dict[str, Step], rows: int) -> bool:
    """Print both, and tell whether every step is flat."""
    print(f"{name}, over {FEW:,} and {rows:,} executions:")
    is_flat = True
    for step, small in few.items():
        large = many[step]
        more = max(large.mib) - max(small.mib)
        kept = large.usual <= max(FLAT_TIMES * small.usual, small.usual + FLAT_MS) and more <= FLAT_MIB
        is_flat &= kept
        print(
            f"  {step:>14}: {max(small.mib):6.1f} {max(large.mib):6.1f} MiB, {more:+5.1f};  "
            f"{small.usual:5.0f} {large.usual:5.0f} ms, {large.usual / max(small.usual, 0.1):.2f} times"
            f"{'' if kept else '  NOT KEPT'}"
        )
    return is_flat


def on_sqlite(folder: Path, rows: int) -> dict[str, Step]:
    """Measure on a SQLite file."""
    folder.mkdir()
    listed = LongList(folder, rows)
    listed.close()
    return steps(listed.environment, rows)


def on_postgres(url: str, template: str, folder: Path, rows: int) -> dict[str, Step]:
    """Measure on a database of a PostgreSQL server."""
    with postgres.database(url, template) as database:
        run(build_postgres(database, rows))
        return steps(
            {
                "HOME": str(folder),
                "JOBMON_DATABASE_URL": database,
                "JOBMON_TOKEN": ADMIN.token,
                "JOBMON_OUTPUT_DIR": str(folder / "reports"),
            },
            rows,
        )


def main() -> int:
    """Measure, print, and return 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--on", choices=["both", "sqlite", "postgres"], default="both")
    given = parser.parse_args()
    rows, kept = given.rows, True
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="jobmon-bench-") as named:
        folder = Path(named)
        if given.on != "postgres":
            few, many = (on_sqlite(folder / str(count), count) for count in (FEW, rows))
            kept &= compare("SQLite", few, many, rows)
        if given.on != "sqlite":
            with postgres.server() as url:
                template = postgres.make_template(url)
                few, many = (on_postgres(url, template, folder, count) for count in (FEW, rows))
            kept &= compare("PostgreSQL", few, many, rows)
    print(f"load {os.getloadavg()[0]:.1f}")
    limits = f"within {FLAT_MIB:.0f} MiB, and {FLAT_TIMES:g} times or {FLAT_MS:.0f} ms"
    print(f"{'kept' if kept else 'NOT KEPT'}: {limits}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
