"""The engine against its peers, each in the same run: draining a queue, and how soon what is queued begins.

Drain: no-op executions with `synchronous=FULL`, claim, start, finish and log row included, against `huey`
(SqliteHuey, default settings) with as many workers. Pick-up: from the moment before a queued execution's
commit to the first line of the runner, against a bare `asyncio.Event` set after an aiosqlite commit; and the
same from another process, with the CPU time that the scheduler spends while it is idle.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from huey import SqliteHuey

from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.services.ports import Transaction
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from scheduler.clock import SystemClock
from scheduler.engine import Scheduler
from scheduler.ports import Claimed, Outcome, WorkerInfo
from tests.conformance.world import DRAFT, NOW, queue_one

DRAIN_AIM, PICKUP_AIM, ACROSS_AIM_MS, IDLE_AIM = 2.0, 3.0, 100.0, 0.01
_DONE = Outcome("Succeeded")
_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO job_execution_log (report, status, "trigger", requested_by, attempt, queue, priority, queued_at,
  fencing_token, configuration_id, configuration_version, configuration)
SELECT 'Sales', 'Queued', 'manual', 'ada', 1, 'default', 0, '2026-01-02T03:04:05.000000Z', 0, 1, 1, ? FROM n
"""


class NoOp:
    """A runner that returns at once, and tells when it was entered."""

    def __init__(self, entered: Callable[[int], None]) -> None:
        self._entered = entered

    async def run(self, claimed: Claimed) -> Outcome:
        """Do nothing."""
        self._entered(claimed.id)
        return _DONE


@asynccontextmanager
async def engine(
    database: SqliteDatabase, runner: NoOp, concurrency: int
) -> AsyncIterator[tuple[Scheduler, "asyncio.Task[None]"]]:
    """A scheduler at work on this database, wired as `bootstrap` does it."""
    queue = DatabaseQueue(database)
    info = WorkerInfo(f"bench:{os.getpid()}", "bench", os.getpid(), "0", concurrency)
    wakeups = database.feed.wakeups(info.name, queue.crew)
    scheduler = Scheduler(
        queue, queue, runner, wakeups.work, SystemClock(), info, queue, cancels=wakeups.cancels
    )
    task = asyncio.create_task(scheduler.run())
    try:
        yield scheduler, task
    finally:
        await scheduler.stop(5.0, "bench over")
        await task


async def until(reached: Callable[[], bool]) -> None:
    """Look every few milliseconds."""
    while not reached():  # noqa: ASYNC110 - an event would have to be set in what is measured
        await asyncio.sleep(0.003)


async def drain(path: Path, jobs: int, concurrency: int) -> float:
    """Return executions a second, from the start of the scheduler to the last recorded outcome."""
    entered = 0

    def count(_execution_id: int) -> None:
        nonlocal entered
        entered += 1

    async with await SqliteDatabase.open(path) as database:
        await database.write(lambda transaction: transaction.add_report(DRAFT, NOW))
        async with aiosqlite.connect(path) as raw:
            await raw.execute_fetchall(_FILL, (jobs, snapshot_text(DRAFT)))
            await raw.commit()
        began = time.perf_counter()
        async with engine(database, NoOp(count), concurrency) as (scheduler, _task):
            # A slot is held until its outcome is recorded.
            await until(lambda: entered == jobs and not scheduler.running)
            spent = time.perf_counter() - began
        counted = await database.read(lambda transaction: transaction.counts())
    assert {str(status.value): n for status, n in counted.items() if n} == {"Succeeded": jobs}
    assert entered == jobs
    return jobs / spent


def drain_huey(path: Path, jobs: int, concurrency: int) -> float:
    """Return tasks a second, from the start of the consumer to the entry of the last task."""
    huey = SqliteHuey("bench", filename=str(path))
    lock, done = threading.Lock(), threading.Event()
    entered = 0

    def noop() -> None:
        nonlocal entered
        with lock:
            entered += 1
            if entered == jobs:
                done.set()

    task = huey.task()(noop)
    for _ in range(jobs):
        task()
    [[synchronous]] = huey.storage.sql("PRAGMA synchronous", results=True)
    assert synchronous == 2, "the peer must be as durable"
    consumer = huey.create_consumer(workers=concurrency)
    began = time.perf_counter()
    consumer.start()
    done.wait()
    spent = time.perf_counter() - began
    consumer.stop(graceful=True)
    huey.storage.close()
    return jobs / spent


class Stopwatch:
    """Times from the moment before a commit to somebody's first line, in milliseconds."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._began = 0.0
        self._seen = asyncio.Event()

    def start(self) -> None:
        """Start: the commit is next."""
        self._began = time.perf_counter()

    def stop(self, _execution_id: int = 0) -> None:
        """Stop: the first line is reached."""
        self.times.append((time.perf_counter() - self._began) * 1000)
        self._seen.set()

    async def seen(self) -> None:
        """Wait until stopped, and get ready for the next."""
        async with asyncio.timeout(10):
            await self._seen.wait()
        self._seen.clear()


async def pick_up(path: Path, calls: int) -> dict[str, float]:
    """Time our engine and the bare event in turns, one call each."""
    ours, bare = Stopwatch(), Stopwatch()

    def queue_it(transaction: Transaction) -> int:
        added = queue_one(transaction)
        ours.start()
        return added

    woken = asyncio.Event()

    async def wait_bare() -> None:
        while True:
            await woken.wait()
            bare.stop()
            woken.clear()

    async with (
        await SqliteDatabase.open(path) as database,
        engine(database, NoOp(ours.stop), 4) as (scheduler, _task),
        aiosqlite.connect(path.with_name("peer.db"), isolation_level=None) as raw,
    ):
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)",
        ):
            await raw.execute_fetchall(statement)
        waiting = asyncio.create_task(wait_bare())
        for _ in range(calls + 20):
            await database.write(queue_it)
            await ours.seen()
            await until(lambda: not scheduler.running)
            await asyncio.sleep(0.005)
            await raw.execute_fetchall("BEGIN IMMEDIATE")
            await raw.execute_fetchall("INSERT INTO t (body) VALUES (?)", [snapshot_text(DRAFT)])
            bare.start()
            await raw.commit()
            woken.set()
            await bare.seen()
        waiting.cancel()
    return {
        "ours p50": statistics.median(ours.times[20:]),
        "bare p50": statistics.median(bare.times[20:]),
        "ours p95": p95(ours.times[20:]),
        "bare p95": p95(bare.times[20:]),
    }


def p95(times: Sequence[float]) -> float:
    """Give the 95th percentile."""
    return statistics.quantiles(times, n=100, method="inclusive")[94]


async def be_idle(path: Path, seconds: float) -> None:
    """Be a scheduler in a process of its own: say what idling cost, then when each run begins."""

    def say(word: str, value: float) -> None:
        print(word, value, flush=True)

    async with (
        await SqliteDatabase.open(path) as database,
        engine(database, NoOp(lambda _id: say("begun", time.monotonic())), 4) as (_scheduler, task),
    ):
        await asyncio.sleep(2)
        before = os.times()
        await asyncio.sleep(seconds)
        after = os.times()
        say("idle", (after.user + after.system - before.user - before.system) / seconds)
        await task


async def across(path: Path, seconds: float, calls: int) -> dict[str, float]:
    """Queue in this process what another one picks up."""
    times: list[float] = []
    async with await SqliteDatabase.open(path) as database:
        child = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "tests.benchmarks.bench_engine",
                "--be-idle",
                str(path),
                "--idle",
                str(seconds),
            ),
            stdout=asyncio.subprocess.PIPE,
        )
        assert child.stdout is not None
        idle = float((await child.stdout.readline()).split()[1])
        for _ in range(calls):
            # At any point of the other's poll.
            await asyncio.sleep(random.uniform(0.2, 0.4))
            began = 0.0

            def queue_it(transaction: Transaction) -> None:
                nonlocal began
                queue_one(transaction)
                began = time.monotonic()

            await database.write(queue_it)
            times.append((float((await child.stdout.readline()).split()[1]) - began) * 1000)
        child.kill()
        await child.wait()
    return {"idle core": idle, "p50": statistics.median(times), "p95": p95(times)}


def drains(place: Path, jobs: int, concurrency: int) -> dict[str, float]:
    """Drain with both, one right after the other."""
    ours = asyncio.run(drain(place / f"drain-{concurrency}.db", jobs, concurrency))
    huey = drain_huey(place / f"huey-{concurrency}.db", jobs, concurrency)
    figures = {"ours /s": ours, "huey /s": huey, "ratio": ours / huey}
    return {f"drain at {concurrency}: {name}": value for name, value in figures.items()}


def measure(jobs: int, at: Sequence[int], calls: int, runs: int, idle: float) -> dict[str, Any]:
    """Run all parts in turn, `runs` times, and give the medians."""
    rounds: list[dict[str, float]] = []
    for number in range(runs):
        with tempfile.TemporaryDirectory(prefix="jobmon-bench-") as folder:
            place = Path(folder)
            drained = [drains(place, jobs, concurrency) for concurrency in at]
            near = asyncio.run(pick_up(place / "near.db", calls))
            far = asyncio.run(across(place / "far.db", idle, calls // 4))
        rounds.append(
            {
                **{name: value for each in drained for name, value in each.items()},
                **{f"pick-up: {name} ms": value for name, value in near.items()},
                "pick-up: ratio p95": near["ours p95"] / near["bare p95"],
                "across: p50 ms": far["p50"],
                "across: p95 ms": far["p95"],
                "across: idle % of a core": far["idle core"] * 100,
            }
        )
        print(f"run {number + 1}", json.dumps({k: round(v, 3) for k, v in rounds[-1].items()}), flush=True)
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def main() -> int:
    """Print the figures; fail where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5_000)
    told = "the same for both sides; the aim is judged at the highest"
    parser.add_argument("--concurrency", type=int, nargs="+", default=[4, 8, 64], help=told)
    parser.add_argument("--calls", type=int, default=400, help="pick-ups a run; across processes a quarter")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--idle", type=float, default=20.0, help="seconds")
    parser.add_argument("--be-idle", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.be_idle is not None:
        asyncio.run(be_idle(chosen.be_idle, chosen.idle))
        return 0
    medians = measure(chosen.jobs, chosen.concurrency, chosen.calls, chosen.runs, chosen.idle)
    print(f"medians of {chosen.runs} runs, {chosen.jobs} jobs, the same concurrency on both sides")
    print(json.dumps({name: round(value, 3) for name, value in medians.items()}, indent=2))
    most = max(chosen.concurrency)
    missed = [
        name
        for name, good in (
            (f"drain at {most} at least {DRAIN_AIM} x huey", medians[f"drain at {most}: ratio"] >= DRAIN_AIM),
            (f"pick-up at most {PICKUP_AIM} x a bare event", medians["pick-up: ratio p95"] <= PICKUP_AIM),
            (f"across processes under {ACROSS_AIM_MS} ms", medians["across: p95 ms"] < ACROSS_AIM_MS),
            (f"idle under {IDLE_AIM:.0%} of a core", medians["across: idle % of a core"] < IDLE_AIM * 100),
        )
        if not good
    ]
    print("missed: " + "; ".join(missed) if missed else f"every aim is met, the drain's at {most}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
