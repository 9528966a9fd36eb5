"""Several workers on one PostgreSQL: each is woken by what concerns it, and asks nothing otherwise."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage.feed import WatchWakeup
from jobmon_tui.storage.postgres import feed as pg_feed
from jobmon_tui.storage.postgres import work as pg_work
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.clock import SystemClock
from scheduler.engine import Scheduler
from scheduler.ports import Claimed, Outcome, WorkerInfo
from tests.backends import Opens, Raw, Store
from tests.conformance.world import ADMIN, queue_one

LONG = 3600.0
LATER = 0.4
"""Seconds after which those look whose turn it is not."""
_ASKED = """
SELECT pid, query_start, state_change FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def backend() -> str:
    return "postgres"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ping so seldom that what is asked has another reason; let a busy machine take its time for a turn."""
    monkeypatch.setattr(pg_feed, "PING_SECONDS", LONG)
    monkeypatch.setattr(pg_work, "LATER_SECONDS", (LATER, LATER))


@dataclass
class Gate:
    """A runner whose executions last until they are let go."""

    running: list[int] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, claimed: Claimed) -> Outcome:
        self.running.append(claimed.id)
        self.begun.set()
        await self.go.wait()
        return Outcome("Succeeded")


@dataclass
class Worker:
    """A worker with connections of its own, which does nothing by the clock."""

    name: str
    database: PostgresDatabase
    queue: DatabaseQueue
    gate: Gate
    scheduler: Scheduler

    def asked(self, raw: Raw) -> Sequence[object]:
        """Return when each of its connections last began and ended a statement, by the server's account."""
        line = self.database.feed._line
        assert line is not None
        pids = {*self.database._pool._pids, line.raw.get_server_pid()}
        return sorted(row for row in raw(_ASKED) if row[0] in pids)


@asynccontextmanager
async def _worker(
    place: PgSource, name: str, queues: Sequence[str] = (), slots: int = 4
) -> AsyncIterator[Worker]:
    async with await PostgresDatabase.open(place) as database:
        queue, gate = DatabaseQueue(database, queues=queues), Gate()
        wakeups = database.feed.wakeups(name, queue.crew)
        info = WorkerInfo(name, "host", 1, "0", slots)
        scheduler = Scheduler(
            queue, queue, gate, wakeups.work, SystemClock(), info,
            heartbeat=LONG, lost_after=LONG, poll=LONG, cancels=wakeups.cancels,
        )  # fmt: skip
        task = asyncio.create_task(scheduler.run())
        # A dashboard in the same process: it is told of everything, in the order in which it comes.
        watch = database.feed.watch()
        async with asyncio.timeout(20):
            while database.feed._line is None or len(database.feed._line.tuned) < 2:
                await watch.wait(0.05)
        try:
            yield Worker(name, database, queue, gate, scheduler)
        finally:
            gate.go.set()
            await scheduler.stop(5, "over")
            await task


@asynccontextmanager
async def _two(place: PgSource, **second: Sequence[str]) -> AsyncIterator[tuple[Worker, Worker]]:
    async with AsyncExitStack() as stack:
        both = [await stack.enter_async_context(_worker(place, "w1"))]
        both.append(await stack.enter_async_context(_worker(place, "w2", **second)))
        await _rest(*both)
        # As they do every few seconds: from here on each knows of the other.
        for each in both:
            await each.queue.counters()
        yield both[0], both[1]


async def _rest(*workers: Worker) -> None:
    """Let what was told be heard and looked after."""

    async def rest(worker: Worker) -> None:
        watch = worker.database.feed.watch()
        while await watch.wait(1.5 * LATER):
            pass
        watch.close()

    await asyncio.gather(*(rest(each) for each in workers))


async def _heard_by(worker: Worker, execution_id: int, status: Status) -> None:
    """Wait until a worker's process has been told that an execution is this far."""
    watch = worker.database.feed.watch()
    wanted = ExecutionFilter(frozenset({status}))
    async with asyncio.timeout(10):
        while True:
            rows = await worker.database.read(lambda transaction: transaction.executions(wanted, 9))
            if execution_id in {row.id for row in rows}:
                break
            await watch.wait(LONG)
    watch.close()


async def test_the_end_of_an_execution_asks_nothing_of_those_who_are_idle(
    place: PgSource, store: Store, raw: Raw
) -> None:
    async with _two(place) as both:
        execution_id = await store.write(queue_one)
        async with asyncio.timeout(10):
            await asyncio.wait(
                [asyncio.ensure_future(each.gate.begun.wait()) for each in both],
                return_when=asyncio.FIRST_COMPLETED,
            )
        busy, idle = both if both[0].gate.running else both[::-1]
        await _rest(busy, idle)
        before, ran = idle.asked(raw), busy.asked(raw)
        busy.gate.go.set()
        await _heard_by(busy, execution_id, Status.SUCCEEDED)
        await _rest(idle)
        assert idle.asked(raw) == before
        assert busy.asked(raw) != ran


async def test_of_two_that_are_idle_one_looks_and_the_other_sees_that_it_was_taken(
    place: PgSource, store: Store, raw: Raw
) -> None:
    async with _two(place) as both:
        taken = []
        for _ in range(2):
            before = {each.name: each.asked(raw) for each in both}
            await store.write(queue_one)
            await _rest(*both)
            (who,) = [each for each in both if len(each.gate.running) > taken.count(each.name)]
            taken.append(who.name)
            (other,) = [each for each in both if each is not who]
            line = other.database.feed._line
            assert line is not None
            changed = {row[0] for row in set(other.asked(raw)) - set(before[other.name])}  # type: ignore[arg-type,index]
            # One question on the line that listens, and no transaction.
            assert changed <= {line.raw.get_server_pid()}
        # The turn goes around.
        assert sorted(taken) == ["w1", "w2"]


async def test_a_worker_is_not_woken_for_a_queue_that_it_does_not_serve(
    place: PgSource, store: Store, raw: Raw
) -> None:
    async with _two(place, queues=["night"]) as (general, night):
        before = night.asked(raw)
        for _ in range(2):
            await store.write(queue_one)
        await _rest(general, night)
        assert len(general.gate.running) == 2
        assert night.asked(raw) == before


async def test_a_cancel_reaches_the_one_who_runs_it_and_nobody_else(
    place: PgSource, store: Store, raw: Raw
) -> None:
    async with _two(place) as both:
        ids = []
        for _ in both:
            ids.append(await store.write(queue_one))
            await _rest(*both)
        # One each, in turns.
        [runs] = [each for each in both if each.gate.running == ids[:1]]
        [other] = [each for each in both if each.gate.running == ids[1:]]
        before = other.asked(raw)
        await cancel_execution(store, ADMIN, ids[0])
        await _heard_by(runs, ids[0], Status.CANCELLED)
        await _rest(other)
        assert other.asked(raw) == before


async def test_the_room_that_an_end_makes_under_a_limit_is_told(
    place: PgSource, store: Store, raw: Raw
) -> None:
    ids = [await store.write(queue_one) for _ in range(2)]
    raw("UPDATE report_configuration SET max_concurrent = 1")
    raw("UPDATE job_execution_log SET status = 'Running', worker = 'far' WHERE id = ?", ids[0])
    async with _worker(place, "w1") as worker:
        await _rest(worker)
        assert worker.gate.running == []
        raw("UPDATE job_execution_log SET status = 'Succeeded' WHERE id = ?", ids[0])
        async with asyncio.timeout(10):
            await worker.gate.begun.wait()
        assert worker.gate.running == [ids[1]]


async def test_a_limit_that_is_raised_is_told(place: PgSource, store: Store, raw: Raw) -> None:
    ids = [await store.write(queue_one) for _ in range(2)]
    raw("UPDATE report_configuration SET max_concurrent = 1")
    async with _worker(place, "w1") as worker:
        async with asyncio.timeout(10):
            await worker.gate.begun.wait()
        await _rest(worker)
        assert worker.gate.running == ids[:1]
        worker.gate.begun.clear()
        raw("UPDATE report_configuration SET max_concurrent = 2")
        async with asyncio.timeout(10):
            await worker.gate.begun.wait()
        assert worker.gate.running == ids


async def test_after_the_line_was_lost_a_worker_looks(place: PgSource, store: Store, raw: Raw) -> None:
    async with _worker(place, "w1") as worker:
        await _rest(worker)
        line = worker.database.feed._line
        assert line is not None
        raw("SELECT pg_terminate_backend(?)", line.raw.get_server_pid())
        # Whether it is queued before the line is back or after it, it is found long before the poll.
        await store.write(queue_one)
        async with asyncio.timeout(10):
            await worker.gate.begun.wait()


async def test_a_worker_alone_does_not_listen_to_what_dashboards_are_told(opens: Opens, store: Store) -> None:
    async with await opens() as alone:
        queue = DatabaseQueue(alone)
        wakeups = alone.feed.wakeups("w1", queue.crew)
        async with asyncio.timeout(10):
            await wakeups.work.wait(LONG)
        assert alone.feed._line is not None  # type: ignore[union-attr]
        assert alone.feed._line.tuned == {"jobmon_work"}  # type: ignore[union-attr]
        watch = alone.feed.watch()
        async with asyncio.timeout(10):
            # Told once it listens: nothing was heard before.
            await watch.wait(LONG)
        await store.write(queue_one)
        async with asyncio.timeout(10):
            await watch.wait(LONG)


async def test_a_worker_of_the_release_before_is_woken_as_ever(opens: Opens, store: Store) -> None:
    async with await opens() as old:
        watch = old.feed.watch()
        while await watch.wait(0.2):
            pass
        await store.write(queue_one)
        async with asyncio.timeout(10):
            await WatchWakeup(watch).wait(LONG)
        assert await old.read(lambda transaction: transaction.counts())
