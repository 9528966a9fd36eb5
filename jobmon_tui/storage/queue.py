"""The scheduler's ports on a database of ours."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, Self, TypeVar

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.records import StoredOutput
from jobmon_tui.storage.crew import Crew
from jobmon_tui.storage.feed import StoreFeed
from jobmon_tui.storage.listing.block_keeper import BlockKeeper
from jobmon_tui.storage.policy_queries import Asker
from jobmon_tui.storage.queue_queries import Look, Refilled
from jobmon_tui.storage.transaction import SqlTransaction
from scheduler.ports import Claimed, Finished, Schedule, Unavailable, Unclear, WorkerGone, WorkerInfo

T = TypeVar("T")
_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class QueryDatabase(Protocol):
    """A database that runs our own transactions."""

    async def read(self, work: Callable[[SqlTransaction], T]) -> T:
        """Run on a snapshot."""
        ...

    async def write(self, work: Callable[[SqlTransaction], T], *, repeatable: bool = False) -> T:
        """Run and commit."""
        ...

    async def write_if(
        self, look: Callable[[SqlTransaction], bool], work: Callable[[SqlTransaction], T]
    ) -> T | None:
        """Run `look` on a snapshot; if it says so, run `work` and commit."""
        ...


class OpenDatabase(QueryDatabase, Protocol):
    """A database that somebody has opened and will close."""

    @property
    def feed(self) -> StoreFeed:
        """Tells of changes."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: object) -> None: ...


class DatabaseQueue:
    """`ExecutionQueue`, `WorkerRegistry` and `ScheduleSource` in one: they share their tables."""

    def __init__(
        self, database: QueryDatabase, clock: Callable[[], datetime] = _now, queues: Sequence[str] = ()
    ) -> None:
        """`queues` are those that are looked into; all where none is named."""
        self._database = database
        self._clock = clock
        self._blocks = BlockKeeper(database, clock)
        self._asker = Asker(tuple(dict.fromkeys(one_line(each) for each in queues)))
        self.crew = Crew(self._asker.queues)

    async def _read(self, work: Callable[[SqlTransaction], T]) -> T:
        return await self._guard(self._database.read, work)

    async def _write(self, work: Callable[[SqlTransaction], T]) -> T:
        return await self._guard(self._database.write, work)

    async def _guard(self, run: Callable[..., object], work: Callable[[SqlTransaction], T]) -> T:
        try:
            answer: T = await run(work)  # type: ignore[misc]  # one of the two bound methods above
        except JobmonError as error:
            if error.code is ErrorCode.STORAGE_UNAVAILABLE:
                raise Unavailable(error.message) from error
            raise
        return answer

    async def offer(self, limit: int) -> Sequence[int]:
        """Give ids that are ready."""
        offered: list[int] = []

        def look(transaction: SqlTransaction) -> bool:
            offered[:] = transaction.offer(limit, self._clock(), self._asker)
            return False

        # As a write that never is one: on PostgreSQL what is offered here is kept from others for a while.
        await self._guard(partial(self._database.write_if, look), lambda _transaction: None)
        return offered

    async def start(self, ids: Sequence[int], worker: str) -> Sequence[Claimed]:
        """Move these to Running, those that are still Queued."""
        won = await self._write(lambda transaction: transaction.start(ids, worker, self._clock()))
        if won is None:
            raise WorkerGone(worker)
        return won

    async def finish(self, finished: Sequence[Finished]) -> Sequence[int]:
        """Record outcomes whose token is current."""
        return await self._write(lambda transaction: transaction.finish(finished, self._clock()))

    async def take(self, limit: int, worker: str) -> tuple[Sequence[int], Sequence[Claimed]]:
        """Look for what is ready and start it, in one hop to the database's thread."""
        offered: list[int] = []

        def look(transaction: SqlTransaction) -> bool:
            offered[:] = transaction.offer(limit, self._clock(), self._asker)
            return bool(offered)

        def start(transaction: SqlTransaction) -> Sequence[Claimed]:
            won = transaction.start(offered, worker, self._clock())
            if won is None:
                raise WorkerGone(worker)
            return won

        try:
            won = await self._guard(partial(self._database.write_if, look), start)
        except Unavailable as error:
            if offered:
                raise Unclear(offered) from error
            raise
        return offered, won or ()

    async def refill(
        self, finished: Sequence[Finished], limit: int, worker: str
    ) -> tuple[Sequence[int], Sequence[int], Sequence[Claimed]]:
        """Record outcomes, look for what is ready and start it: one hop and one commit for all."""
        look = Look(limit, self._asker)

        def work(transaction: SqlTransaction) -> Refilled:
            done = transaction.refill(finished, look, worker, self._clock())
            if done is None:
                raise WorkerGone(worker)
            return done

        try:
            accepted, won = await self._write(work)
        except Unavailable as error:
            if look.offered:
                raise Unclear(look.offered) from error
            raise
        return accepted, look.offered, won

    async def exchange(
        self, finished: Sequence[Finished], ids: Sequence[int], worker: str
    ) -> tuple[Sequence[int], Sequence[Claimed]]:
        """Record outcomes, then start these: one commit for both."""
        done = await self._write(
            lambda transaction: transaction.exchange(finished, ids, worker, self._clock())
        )
        if done is None:
            raise WorkerGone(worker)
        return done

    async def register(self, info: WorkerInfo) -> None:
        """Add this worker."""
        await self._write(lambda transaction: transaction.register(info, self._clock(), self._asker.queues))

    async def beat(self, worker: str) -> Sequence[int]:
        """Raise the counter; give what is to be cancelled."""

        def work(transaction: SqlTransaction) -> Sequence[int] | None:
            return transaction.to_cancel(worker) if transaction.beat(worker, self._clock()) else None

        asked = await self._write(work)
        if asked is None:
            raise WorkerGone(worker)
        return asked

    async def counters(self) -> Mapping[str, int]:
        """Give every worker's counter. Being asked every few seconds, count blocks as well."""
        seen = await self._read(lambda transaction: transaction.workers())
        self.crew.saw(seen)
        await self._count_blocks()
        return {worker.name: worker.beats for worker in seen}

    async def _count_blocks(self) -> None:
        try:
            await self._blocks.look()
        except JobmonError as error:
            if error.code is not ErrorCode.STORAGE_UNAVAILABLE:
                raise
            # Nobody waits for it: the next look counts the same.
            _log.info("no blocks were counted: %s", error.message)

    async def reap(self, worker: str, reason: str) -> Sequence[int]:
        """End a worker's executions as Failed, and remove it."""
        return await self._write(lambda transaction: transaction.reap(worker, reason, self._clock()))

    async def leave(self, worker: str) -> None:
        """Remove a worker."""
        await self._write(lambda transaction: transaction.leave(worker))

    async def cancel_requests(self, worker: str) -> Sequence[int]:
        """Give what is to be cancelled."""
        return await self._read(lambda transaction: transaction.to_cancel(worker))

    async def schedules(self) -> Sequence[Schedule]:
        """Give every schedule."""
        return await self._read(lambda transaction: transaction.schedules())

    async def fire(self, report_id: int, due_at: datetime) -> int | None:
        """Queue a report for a due time, once."""
        return await self._write(lambda transaction: transaction.fire(report_id, due_at, self._clock()))

    async def skip(self, report_id: int, due_at: datetime) -> None:
        """Let a due time that was missed pass."""
        await self._write(lambda transaction: transaction.skip(report_id, due_at, self._clock()))

    async def save_output(self, execution_id: int, token: int, output: StoredOutput) -> None:
        """Keep what an execution printed so far."""
        await self._write(lambda transaction: transaction.save_output(execution_id, token, output))
