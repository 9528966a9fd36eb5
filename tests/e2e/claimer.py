"""A scheduler in a process of its own whose runs do nothing but say so: one line for each, with its token."""

import asyncio
import os
import random
import sys
from pathlib import Path

from jobmon_tui.storage.feed import WatchWakeup
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from scheduler.clock import SystemClock
from scheduler.engine import Scheduler
from scheduler.ports import Claimed, Outcome, WorkerInfo


class Runner:
    """Says what it was given, and returns in a moment."""

    async def run(self, claimed: Claimed) -> Outcome:
        print(claimed.id, claimed.token, flush=True)
        await asyncio.sleep(random.uniform(0.0, 0.005))
        return Outcome("Succeeded")


async def main(path: Path, concurrency: int) -> None:
    """Work until standard input is closed."""
    async with await SqliteDatabase.open(path) as database:
        queue = DatabaseQueue(database)
        info = WorkerInfo(f"claimer:{os.getpid()}", "here", os.getpid(), "0", concurrency)
        wakeup = WatchWakeup(database.feed.watch())
        scheduler = Scheduler(queue, queue, Runner(), wakeup, SystemClock(), info)
        working = asyncio.create_task(scheduler.run())
        await asyncio.to_thread(sys.stdin.readline)
        await scheduler.stop(10.0, "test over")
        await working


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
