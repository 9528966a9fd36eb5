"""Eight schedulers on one database, each on connections of its own: no execution is started twice."""

import asyncio
import random
import sqlite3
import tempfile
from collections import Counter
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from jobmon_tui.domain.execution import NewExecution, Status, Trigger
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.services.ports import Transaction
from jobmon_tui.storage.feed import WatchWakeup
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from scheduler.clock import SystemClock
from scheduler.engine import Scheduler
from scheduler.ports import Claimed, Outcome, WorkerInfo
from tests.conformance.world import DRAFT, NOW, add_people
from tests.e2e.faults.size import quick_folder

COUNT = 2000


class _Counting:
    """A runner that remembers whom it ran, and takes a few milliseconds.

    One that took no time would leave SQLite's lock to whoever has it: it is not fair, and others go without.
    """

    def __init__(self) -> None:
        self.started: Counter[int] = Counter()
        self.tokens: set[int] = set()

    async def run(self, claimed: Claimed) -> Outcome:
        self.started[claimed.id] += 1
        self.tokens.add(claimed.token)
        await asyncio.sleep(random.uniform(0, 0.01))
        return Outcome("Succeeded")


def _queue(count: int, transaction: Transaction) -> None:
    report = transaction.add_report(DRAFT, NOW)
    for _ in range(count):
        transaction.add_execution(
            NewExecution("Sales", Trigger.SCHEDULE, "schedule", report, 1, snapshot_text(DRAFT), NOW)
        )


async def _ended(store: SqliteDatabase) -> None:
    watch = store.feed.watch()
    while True:
        counts = await store.read(lambda transaction: transaction.counts())
        if not counts[Status.QUEUED] and not counts[Status.RUNNING]:
            return
        await watch.wait(0.5)


async def _registered(store: SqliteDatabase, count: int) -> None:
    watch = store.feed.watch()
    while len(await store.read(lambda transaction: transaction.workers())) < count:
        await watch.wait(0.5)


@pytest.mark.parametrize("schedulers", [2, 8])
async def test_no_row_is_claimed_twice_however_many_claim(schedulers: int, tmp_path: Path) -> None:
    runner = _Counting()
    with tempfile.TemporaryDirectory(dir=quick_folder(tmp_path)) as folder:
        path = Path(folder, "jobmon.db")
        async with AsyncExitStack() as opened:
            stores = [
                await opened.enter_async_context(await SqliteDatabase.open(path)) for _ in range(schedulers)
            ]
            await stores[0].write(add_people)
            working = []
            for number, store in enumerate(stores):
                queue, info = DatabaseQueue(store), WorkerInfo(f"worker {number}", "host", 1, "1.0", 4)
                wakeup = WatchWakeup(store.feed.watch())
                scheduler = Scheduler(queue, queue, runner, wakeup, SystemClock(), info)
                working.append((scheduler, asyncio.create_task(scheduler.run())))
            async with asyncio.timeout(100):
                await _registered(stores[0], schedulers)
                await stores[0].write(lambda transaction: _queue(COUNT, transaction))
                await _ended(stores[0])
            for scheduler, task in working:
                await scheduler.stop(5.0, "worker stopped")
                await task
            counts = await stores[0].read(lambda transaction: transaction.counts())
        with closing(sqlite3.connect(path)) as reading:
            shares = reading.execute("SELECT worker, count(*) FROM job_execution_log GROUP BY 1").fetchall()
    assert counts[Status.SUCCEEDED] == COUNT
    assert len(runner.started) == COUNT
    assert set(runner.started.values()) == {1}
    assert runner.tokens == {1}
    # Else they did not take from each other, and this has shown nothing.
    assert len(shares) > schedulers // 2, shares
