"""A report that is stopped, or cannot be written, leaves nothing behind."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runners.files import inside, lines, there
from tests.runners.sql_reports import run

ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select {} from n"


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
@pytest.mark.parametrize("query", ["count(*)", "i"])
@pytest.mark.parametrize("wait", [0, 0.001, 0.01, 0.2])
async def test_a_cancel_at_any_moment_leaves_nothing(
    database: Path, reports: Path, form: str, query: str, wait: float
) -> None:
    # count(*) never returns a row; i is a stream of rows without end.
    task = asyncio.create_task(run(database, ENDLESS.format(query), reports, format=form))
    await asyncio.sleep(wait)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 2
    assert inside(reports) == []


CANCELLED = """
import asyncio, gc, sys
from pathlib import Path
from jobmon_tui.runners import report_file
from jobmon_tui.runners.base import Job
from jobmon_tui.runners.output import BoundedOutput
from jobmon_tui.runners.sql import SqlParameters, SqlRunner

async def main():
    loop = asyncio.get_running_loop()
    assembling = asyncio.Event()
    publish = report_file.ReportFile.publish
    def told(self):
        loop.call_soon_threadsafe(assembling.set)
        return publish(self)
    report_file.ReportFile.publish = told
    numbers = "with recursive n(i) as (select 1 union all select i + 1 from n limit 150000)"
    query = numbers + "select i, hex(i) from n"
    parameters = SqlParameters(source="sqlite:///" + sys.argv[1], query=query, format="xlsx")
    task = asyncio.create_task(SqlRunner().run(Job(1, "r", parameters, Path(sys.argv[2])), BoundedOutput()))
    await assembling.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait({task})
    print("cancelled" if task.cancelled() else task.result())

asyncio.run(main())
gc.collect()
"""


async def test_a_cancel_while_a_workbook_is_assembled_leaves_no_file_and_no_noise(
    database: Path, reports: Path
) -> None:
    # In a process of its own: a forgotten archive complains on standard error, the dashboard's terminal.
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", CANCELLED, database, reports],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert (done.stdout, done.stderr) == ("cancelled\n", "")
    assert inside(reports) == []


async def test_a_cancel_after_the_end_is_told_as_it_is(database: Path, reports: Path) -> None:
    # Cancelled ever later: either the file is there and the result says so, or neither is.
    for number in range(30):
        task = asyncio.create_task(run(database, "select * from flight", reports, number))
        await asyncio.sleep(number / 2000)
        task.cancel()
        written = reports / f"departs-by-airport-{number}.csv"
        try:
            result = await task
        except asyncio.CancelledError:
            assert not there(written)
        else:
            assert result.output_path == written
            assert len(lines(written)) == 1201
    assert not [path for path in inside(reports) if path.name.startswith(".")]


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from jobmon_tui.runners.base import Job
from jobmon_tui.runners.output import BoundedOutput
from jobmon_tui.runners.sql import SqlParameters, SqlRunner
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
numbers = "with recursive n(i) as (select 1 union all select i + 1 from n limit 100000)"
query = numbers + "select i, hex(randomblob(40)) from n"
for form in ("csv", "jsonl", "xlsx"):
    parameters = SqlParameters(source="sqlite:///" + sys.argv[1], query=query, format=form)
    print(asyncio.run(SqlRunner().run(Job(1, "r", parameters, Path(sys.argv[2])), BoundedOutput())))
"""


async def test_a_file_that_cannot_grow_is_a_clear_failure_and_leaves_nothing(
    database: Path, reports: Path
) -> None:
    # A limit on the size of files stands for a full disk: the same write fails in the same place.
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "error", "-c", LIMITED, database, reports],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.count(f"the report file in {reports} cannot be written: File too large") >= 3, done
    assert done.stderr == ""
    assert inside(reports) == []
