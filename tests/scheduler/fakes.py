"""Small stand-ins for those who embed the engine: a queue in memory, runners that do as they are told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from scheduler.clock import Signal
from scheduler.engine import Scheduler
from scheduler.ports import Claimed, Finished, Outcome, Schedule, Unavailable, WorkerGone, WorkerInfo
from tests.scheduler.virtual import FakeClock

SUCCEEDED = Outcome("Succeeded", "12 rows")
Run = Callable[[Claimed], Awaitable[Outcome]]
AWAY = Unavailable("the database is locked")


@dataclass
class Row:
    """One execution."""

    id: int
    priority: int = 0
    timeout: float | None = None
    status: str = "Queued"
    worker: str | None = None
    token: int = 0
    outcome: Outcome | None = None
    cancel: bool = False
    starts: int = 0


@dataclass
class Failure:
    """What to raise, how often, and whether the call takes effect all the same: its answer is lost."""

    error: BaseException
    times: float
    after: bool


class Store:
    """`ExecutionQueue` and `WorkerRegistry`. Each call is one transaction; `trouble` breaks some of them."""

    def __init__(self) -> None:
        self.signal = Signal()
        self.rows: dict[int, Row] = {}
        self.beats: dict[str, int] = {}
        self.calls: Counter[str] = Counter()
        self.failures: dict[str, Failure] = {}
        self.delays: dict[str, float] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.answers: dict[str, asyncio.Event] = {}
        self.reaped: list[tuple[str, str]] = []
        self.most_running = 0

    def add(self, *ids: int, priority: int = 0, timeout: float | None = None) -> None:
        """Commit new Queued executions, and tell."""
        for each in ids:
            self.rows[each] = Row(each, priority, timeout)
        self.signal.notify()

    def cancel(self, *ids: int) -> None:
        """Commit a request to cancel, and tell."""
        for each in ids:
            self.rows[each].cancel = True
        self.signal.notify()

    def trouble(
        self, error: BaseException, *calls: str, times: float = float("inf"), after: bool = False
    ) -> None:
        """Let these calls raise from now on; with `after` they take effect nevertheless."""
        for call in calls:
            self.failures[call] = Failure(error, times, after)

    def well(self) -> None:
        """End all trouble."""
        self.failures.clear()

    def statuses(self) -> dict[int, str]:
        """Give the status of each execution."""
        return {row.id: row.status for row in self.rows.values()}

    def summary(self, execution_id: int) -> tuple[str, str | None]:
        """Give how one ended."""
        row = self.rows[execution_id]
        return row.status, None if row.outcome is None else row.outcome.summary

    async def _call(self, name: str, work: Callable[[], object]) -> object:
        self.calls[name] += 1
        # A real database always lets others run.
        await asyncio.sleep(self.delays.get(name, 0.0))
        if name in self.gates:
            await self.gates[name].wait()
        failure = self.failures.get(name)
        if failure is not None and failure.times > 0:
            failure.times -= 1
            if failure.after:
                work()
            raise failure.error
        answer = work()
        self.most_running = max(self.most_running, sum(r.status == "Running" for r in self.rows.values()))
        if name in self.answers:
            await self.answers[name].wait()
        return answer

    async def offer(self, limit: int) -> Sequence[int]:
        return await self._call("offer", lambda: self._ready()[:limit])  # type: ignore[return-value]

    def _ready(self) -> list[int]:
        ready = [row for row in self.rows.values() if row.status == "Queued"]
        ready.sort(key=lambda row: (-row.priority, row.id))
        return [row.id for row in ready]

    async def start(self, ids: Sequence[int], worker: str) -> Sequence[Claimed]:
        return await self._call("start", lambda: self._start(ids, worker))  # type: ignore[return-value]

    def _start(self, ids: Sequence[int], worker: str) -> list[Claimed]:
        if worker not in self.beats:
            raise WorkerGone(worker)
        won = []
        for each in ids:
            row = self.rows[each]
            if row.status == "Queued":
                row.status, row.worker, row.token = "Running", worker, row.token + 1
                row.starts += 1
            if row.status == "Running" and row.worker == worker:
                won.append(Claimed(row.id, row.token, {"id": row.id}, row.timeout))
        return won

    async def finish(self, finished: Sequence[Finished]) -> Sequence[int]:
        return await self._call("finish", lambda: self._finish(finished))  # type: ignore[return-value]

    def _finish(self, finished: Sequence[Finished]) -> list[int]:
        accepted = []
        for one in finished:
            row = self.rows[one.id]
            if row.status == "Running" and row.token == one.token:
                row.status, row.outcome = one.outcome.status, one.outcome
                accepted.append(one.id)
        return accepted

    async def register(self, info: WorkerInfo) -> None:
        await self._call("register", lambda: self.beats.setdefault(info.name, 0))

    async def beat(self, worker: str) -> Sequence[int]:
        def work() -> list[int]:
            if worker not in self.beats:
                raise WorkerGone(worker)
            self.beats[worker] += 1
            return self._asked(worker)

        return await self._call("beat", work)  # type: ignore[return-value]

    async def counters(self) -> Mapping[str, int]:
        return await self._call("counters", lambda: dict(self.beats))  # type: ignore[return-value]

    async def reap(self, worker: str, reason: str) -> Sequence[int]:
        return await self._call("reap", lambda: self.end(worker, reason))  # type: ignore[return-value]

    async def leave(self, worker: str) -> None:
        await self._call("leave", lambda: self.beats.pop(worker, None))

    async def cancel_requests(self, worker: str) -> Sequence[int]:
        return await self._call("cancel_requests", lambda: self._asked(worker))  # type: ignore[return-value]

    def end(self, worker: str, reason: str) -> list[int]:
        """End a worker's executions and remove it, as somebody else's `reap` does."""
        if self.beats.pop(worker, None) is None:
            return []
        self.reaped.append((worker, reason))
        ended = [row for row in self.rows.values() if row.status == "Running" and row.worker == worker]
        for row in ended:
            row.status, row.outcome = "Failed", Outcome("Failed", reason)
        return [row.id for row in ended]

    def _asked(self, worker: str) -> list[int]:
        mine = [row for row in self.rows.values() if row.status == "Running" and row.worker == worker]
        return [row.id for row in mine if row.cancel]


@dataclass
class Runner:
    """Runs for as long as it is told, by id; notes what began and what ended."""

    takes: float = 1.0
    each: dict[int, Run] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    most: int = 0

    async def run(self, claimed: Claimed) -> Outcome:
        self.begun.append(claimed.id)
        self.most = max(self.most, len(self.begun) - len(self.ended))
        try:
            if claimed.id in self.each:
                return await self.each[claimed.id](claimed)
            await asyncio.sleep(self.takes)
            return SUCCEEDED
        finally:
            self.ended.append(claimed.id)


class Plan:
    """A `ScheduleSource` in memory. `fire` takes each due time once, as the database does."""

    def __init__(self, *schedules: Schedule) -> None:
        self.current = list(schedules)
        self.fired: list[tuple[int, datetime]] = []
        self.asked: list[tuple[int, datetime]] = []
        self.skipped: list[tuple[int, datetime]] = []
        self.error: Exception | None = None
        self.calls = 0

    async def schedules(self) -> Sequence[Schedule]:
        self.calls += 1
        await asyncio.sleep(0)
        return tuple(self.current)

    async def fire(self, report_id: int, due_at: datetime) -> int | None:
        await asyncio.sleep(0)
        self.asked.append((report_id, due_at))
        if self.error is not None:
            raise self.error
        if (report_id, due_at) in self.fired:
            return None
        self.fired.append((report_id, due_at))
        return len(self.fired)

    async def skip(self, report_id: int, due_at: datetime) -> None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.skipped.append((report_id, due_at))


def worker(name: str = "here", concurrency: int = 2) -> WorkerInfo:
    return WorkerInfo(name, "host", 1, "0", concurrency)


@dataclass
class Engine:
    """A scheduler at work, and what surrounds it."""

    scheduler: Scheduler
    store: Store
    runner: Runner
    clock: FakeClock
    task: asyncio.Task[None]

    async def stop(self, grace: float = 0.0, reason: str = "worker stopped") -> float:
        """Stop it; return how many seconds that took."""
        began = self.clock.monotonic()
        await self.scheduler.stop(grace, reason)
        await asyncio.wait([self.task])
        return self.clock.monotonic() - began


@asynccontextmanager
async def at_work(
    store: Store | None = None,
    runner: Runner | None = None,
    *,
    concurrency: int = 2,
    plan: Plan | None = None,
    name: str = "here",
    settle: float = 0.5,
    alone: bool = True,
) -> AsyncIterator[Engine]:
    """Run a scheduler. At the end it must stop by itself, leave nothing behind, and have kept its limit."""
    store, runner, clock = store or Store(), runner or Runner(), FakeClock()
    others = set(asyncio.all_tasks())
    info = worker(name, concurrency)
    scheduler = Scheduler(store, store, runner, store.signal, clock, info, plan)
    task = asyncio.create_task(scheduler.run())
    await asyncio.sleep(settle)
    try:
        yield Engine(scheduler, store, runner, clock, task)
    finally:
        if not task.done():
            await scheduler.stop(0.0, "test over")
        await asyncio.wait([task])
        await asyncio.sleep(0.001)
        assert not alone or not asyncio.all_tasks() - others, "tasks left behind"
        assert runner.most <= concurrency
        assert sorted(runner.begun) == sorted(runner.ended)


def done_in(seconds: float) -> Run:
    """Run for so long."""

    async def run(claimed: Claimed) -> Outcome:
        await asyncio.sleep(seconds)
        return Outcome("Succeeded", "in time")

    return run


def tidies_for(seconds: float) -> Run:
    """Run until cancelled, and then clean up for so long."""

    async def run(claimed: Claimed) -> Outcome:
        try:
            await asyncio.sleep(300)
        except asyncio.CancelledError:
            await asyncio.sleep(seconds)
        return Outcome("Failed", "killed", "tidy")

    return run
