"""The dashboard's memory over a thousand and over a million executions, step by step; on both databases."""

import argparse
import os
import sys
import tempfile
import time
from asyncio import run
from pathlib import Path

from tests import postgres
from tests.benchmarks.bench_start import memory
from tests.benchmarks.history import build_postgres
from tests.conformance.world import ADMIN
from tests.e2e.line import Line
from tests.e2e.long_list import LongList

FLAT_MIB = 10.0
FEW = 1_000


def steps(environment: dict[str, str], rows: int) -> dict[str, float]:
    """Do what people do to a list; return the resident memory after each step, in MiB."""
    found: dict[str, float] = {}
    with Line(["--scheduler", "off"], environment) as line:

        def note(step: str) -> None:
            line.quiet()
            found[step] = memory(line.process.pid, "VmRSS")

        line.wait_for(f"›#{rows}", "●")
        note("first page")
        line.press("4")
        line.wait_for("Only Failed")
        note("status filter")
        line.press("0")
        line.wait_for(f" of {rows:,}")
        line.press("/", "report:7")
        line.quiet()
        line.press("enter")
        note("search")
        line.press("0")
        line.wait_for(f" of {rows:,}")
        line.press("G")
        line.wait_for("›#1 ")
        note("the end")
        for _ in range(200):
            line.press("k")
            time.sleep(1 / 30)
        for _ in range(30):
            line.press("\x1b[5~")
            time.sleep(1 / 30)
        note("held scrolling")
    return found


def compare(name: str, few: dict[str, float], many: dict[str, float], rows: int) -> float:
    """Print both, and return the greatest difference in MiB."""
    print(f"{name}, MiB over {FEW:,} and {rows:,} executions:")
    for step, size in few.items():
        print(f"  {step:>14}: {size:6.1f} {many[step]:6.1f}  {many[step] - size:+.1f}")
    return max(many[step] - size for step, size in few.items())


def on_sqlite(folder: Path, rows: int) -> dict[str, float]:
    """Measure on a SQLite file."""
    folder.mkdir()
    listed = LongList(folder, rows)
    listed.close()
    return steps(listed.environment, rows)


def on_postgres(url: str, template: str, folder: Path, rows: int) -> dict[str, float]:
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
    rows = parser.parse_args().rows
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="jobmon-bench-") as named:
        folder = Path(named)
        few, many = (on_sqlite(folder / str(count), count) for count in (FEW, rows))
        worst = compare("SQLite", few, many, rows)
        with postgres.server() as url:
            template = postgres.make_template(url)
            few, many = (on_postgres(url, template, folder, count) for count in (FEW, rows))
        worst = max(worst, compare("PostgreSQL", few, many, rows))
    print(f"at most {worst:+.1f} MiB; the limit is {FLAT_MIB:+.0f} MiB")
    return 0 if worst <= FLAT_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
