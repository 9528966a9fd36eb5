"""How the change feed hears of another process on SQLite: a glance at the log, and a poll underneath."""

import asyncio
import statistics
import sys
import time

import pytest

from jobmon_tui.storage.feed import POLL_SECONDS
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from tests.conformance.world import queue_one

_WRITER = """
import sqlite3, sys, time
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    raw.execute("UPDATE status_count SET n = n + 1")
    print(time.monotonic(), flush=True)
    if "restart" in line:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""


@pytest.mark.parametrize("blind", [False, True])
async def test_another_process_s_change_is_seen_within_half_a_second(
    store: SqliteDatabase, blind: bool
) -> None:
    if blind:
        # As where two writes leave the log's file looking the same.
        store.feed._glance = lambda: None
    watch = store.feed.watch()
    await store.write(queue_one)
    await asyncio.sleep(POLL_SECONDS * 2)
    await watch.wait(0)
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _WRITER, str(store.path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert other.stdin is not None
    assert other.stdout is not None
    late = []
    for number in range(10):
        other.stdin.write(b"restart\n" if number % 3 == 0 else b"write\n")
        committed = float(await other.stdout.readline())
        assert await watch.wait(5)
        late.append(time.monotonic() - committed)
        # At any point of the poll; the restart of the log is a change too.
        await asyncio.sleep(POLL_SECONDS + 0.03 * number)
        await watch.wait(0)
    other.stdin.close()
    await other.wait()
    assert max(late) < 0.5
    # Well before the slow poll's turn: it was the glance.
    assert blind or statistics.median(late) < POLL_SECONDS / 2
