"""Several schedulers on one database, each a real process: nothing is claimed twice, and nothing is left."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from jobmon_tui.storage.sqlite.database import SqliteDatabase
from tests.conformance.world import queue_one
from tests.e2e.faults.size import WHOLE

COUNT = 2_000


def _until(path: Path, query: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        while (seen := database.execute(query).fetchone()[0]) and time.monotonic() < until:
            time.sleep(0.1)
        assert not seen, f"{seen} left after {seconds} s"


async def _queue(path: Path, count: int) -> list[int]:
    async with await SqliteDatabase.open(path) as store:
        return await store.write(lambda transaction: [queue_one(transaction) for _ in range(count)])


def _start(path: Path, said: Path) -> "subprocess.Popen[str]":
    with said.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.claimer", str(path), "5"],
            stdin=subprocess.PIPE,
            stdout=out,
            text=True,
        )


_WHOLE = [pytest.mark.faults, pytest.mark.skipif(not WHOLE, reason="runs in make faults")]


@pytest.mark.parametrize("processes", [2, pytest.param(8, marks=_WHOLE)])
def test_no_execution_is_claimed_twice(tmp_path: Path, processes: int) -> None:
    path = tmp_path / "jobmon.db"
    asyncio.run(_queue(path, 0))
    said = [tmp_path / f"{number}.out" for number in range(processes)]
    workers = [_start(path, each) for each in said]
    try:
        # All are at work before there is any, so that who starts slowly is not left with nothing.
        _until(path, f"SELECT {processes} - count(*) FROM worker", 60)
        ids = asyncio.run(_queue(path, COUNT))
        _until(path, "SELECT count(*) FROM job_execution_log WHERE status IN ('Queued', 'Running')", 90)
        for worker in workers:
            worker.communicate(timeout=30)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            assert worker.stdin is not None
            worker.stdin.close()
    assert [worker.returncode for worker in workers] == [0] * processes
    runs = [line.split() for each in said for line in each.read_text().splitlines()]
    assert Counter(int(execution_id) for execution_id, _ in runs) == dict.fromkeys(ids, 1)
    assert {token for _, token in runs} == {"1"}
    # They did compete. Of eight on two cores one may get nothing before all is done.
    winners = [each for each in said if each.read_text()]
    assert len(winners) > processes // 2
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT status, fencing_token, count(*) FROM job_execution_log GROUP BY 1, 2"
        assert database.execute(query).fetchall() == [("Succeeded", 1, COUNT)]
        assert database.execute("SELECT count(*) FROM worker").fetchone() == (0,)
