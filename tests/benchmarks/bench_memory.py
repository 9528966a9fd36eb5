"""What the dashboard costs over a thousand and over a million executions: memory and time of each step."""

import argparse
import os
import statistics
import sys
import tempfile
import time
from asyncio import run
from collections.abc import Mapping
from contextlib import ExitStack
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

    def type(self, *keys: str) -> None:
        """Press keys, and wait until all is quiet."""
        self._line.press(*keys)
        self._line.quiet(0.2)

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


def steps(environments: Mapping[int, Mapping[str, str]]) -> dict[int, dict[str, Step]]:
    """Do what people do to a list, in turn with few and with many rows; return what each step cost.

    In turn, so that what else the machine does falls on both.
    """
    with ExitStack() as stack:
        hands = {}
        for rows, environment in environments.items():
            began = time.perf_counter()
            line = stack.enter_context(Line(["--scheduler", "off"], environment))
            line.wait_for(f"›#{rows}", "●")
            hands[rows] = _Hand(line)
            hands[rows].note("first page", began)
        for _ in range(ROUNDS):
            for rows, hand in hands.items():
                hand.press("status filter", "4", "Only Failed", f" of {rows // 10:,}")
                hand.back("0", f" of {rows:,}")
        for _ in range(ROUNDS):
            for rows, hand in hands.items():
                hand.type("/", "report:7")
                hand.press("search", "enter", "Only ", f" of {rows // 10:,}")
                hand.back("0", f" of {rows:,}")
        for _ in range(ROUNDS):
            for rows, hand in hands.items():
                hand.press("the end", "G", "›#1 ")
                hand.back("g", f"›#{rows} ")
        for _ in range(ROUNDS):
            for hand in hands.values():
                hand.back("G", "›#1 ")
                hand.hold("k", 80)
                hand.press("held scrolling", "k", "›#82 ")
        for hand in hands.values():
            began = time.perf_counter()
            hand.hold("\x1b[5~", 30)
            hand.note("held pages", began)
        return {rows: hand.found for rows, hand in hands.items()}


def compare(name: str, found: Mapping[int, Mapping[str, Step]]) -> bool:
    """Print both, and tell whether every step is flat."""
    (few, small_ones), (many, large_ones) = sorted(found.items())
    print(f"{name}, over {few:,} and {many:,} executions:")
    is_flat = True
    for step, small in small_ones.items():
        large = large_ones[step]
        more = max(large.mib) - max(small.mib)
        kept = large.usual <= max(FLAT_TIMES * small.usual, small.usual + FLAT_MS) and more <= FLAT_MIB
        is_flat &= kept
        print(
            f"  {step:>14}: {max(small.mib):6.1f} {max(large.mib):6.1f} MiB, {more:+5.1f};  "
            f"{small.usual:5.0f} {large.usual:5.0f} ms, {large.usual / max(small.usual, 0.1):.2f} times"
            f"{'' if kept else '  NOT KEPT'}"
        )
    return is_flat


def on_sqlite(folder: Path, rows: int) -> bool:
    """Measure on SQLite files."""
    found = {}
    for count in (FEW, rows):
        (folder / str(count)).mkdir()
        listed = LongList(folder / str(count), count)
        listed.close()
        found[count] = listed.environment
    return compare("SQLite", steps(found))


def on_postgres(folder: Path, rows: int) -> bool:
    """Measure on databases of a PostgreSQL server of its own."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.server())
        template = postgres.make_template(url)
        found = {}
        for count in (FEW, rows):
            database = stack.enter_context(postgres.database(url, template))
            run(build_postgres(database, count))
            found[count] = {
                "HOME": str(folder),
                "JOBMON_DATABASE_URL": database,
                "JOBMON_TOKEN": ADMIN.token,
                "JOBMON_OUTPUT_DIR": str(folder / "reports"),
            }
        return compare("PostgreSQL", steps(found))


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
            kept &= on_sqlite(folder, rows)
        if given.on != "sqlite":
            kept &= on_postgres(folder, rows)
    print(f"load {os.getloadavg()[0]:.1f}")
    limits = f"within {FLAT_MIB:.0f} MiB, and {FLAT_TIMES:g} times or {FLAT_MS:.0f} ms"
    print(f"{'kept' if kept else 'NOT KEPT'}: {limits}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
