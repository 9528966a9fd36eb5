"""PostgreSQL: for those who outgrow one machine. See docs/decisions/0006 for the thin layer on asyncpg."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Self, TypeVar, cast

import asyncpg
from sqlalchemy.util import greenlet_spawn

from jobmon_tui.domain.errors import JobmonError, UnclearOutcomeError, storage_unavailable
from jobmon_tui.storage.pg_connection import PgConnection
from jobmon_tui.storage.pg_errors import AGAIN, BROKEN, pg_error
from jobmon_tui.storage.pg_feed import ListenFeed
from jobmon_tui.storage.pg_schema import current_revision, upgrade
from jobmon_tui.storage.pg_source import PgSource
from jobmon_tui.storage.pg_transaction import PgTransaction
from jobmon_tui.storage.schema import head_revision, require_known

T = TypeVar("T")

PATIENCE: Final = 5.0
"""Seconds that a unit of work may take in all, waiting for a connection included."""
CONNECTIONS: Final = 4
"""Connections at once, besides the one that listens. More would not be faster: docs/decisions/0006."""
_TRIES: Final = 6
"""How often a unit of work is begun anew that stood in another's way."""
_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"


class _Pool:
    """A few connections, made when they are needed; whoever asks first is served first."""

    def __init__(self, source: PgSource, most: int) -> None:
        self._source = source
        self._free = asyncio.Semaphore(most)
        self._idle: list[PgConnection] = []

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[PgConnection]:
        """Give a connection inside no transaction; after an error it is closed, not given again."""
        async with self._free:
            lane = self._idle.pop() if self._idle else PgConnection(await self._source.connect())
            try:
                yield lane
            except BaseException:
                if not lane.raw.is_closed() and lane.raw.is_in_transaction():
                    lane.raw.terminate()
                if not lane.raw.is_closed():
                    self._idle.append(lane)
                raise
            else:
                self._idle.append(lane)

    def forget(self) -> None:
        """Let go of all that are idle: one of them was found broken."""
        for lane in self._idle:
            lane.raw.terminate()
        self._idle.clear()

    async def close(self) -> None:
        """Close those that are idle."""
        for lane in self._idle:
            try:
                await lane.raw.close(timeout=1.0)
            except BROKEN:
                lane.raw.terminate()
        self._idle.clear()


class PostgresDatabase:
    """A `Database` on PostgreSQL: any number of units of work at once, each in a transaction of its own."""

    def __init__(
        self, source: PgSource, *, connections: int = CONNECTIONS, patience: float = PATIENCE
    ) -> None:
        """`patience` is how many seconds a unit of work may take in all."""
        self.source = source
        self.feed = ListenFeed(source)
        self._patience = patience
        self._pool = _Pool(source, connections)

    @classmethod
    async def open(
        cls,
        source: PgSource,
        *,
        create: bool = True,
        connections: int = CONNECTIONS,
        patience: float = PATIENCE,
    ) -> "PostgresDatabase":
        """Connect; with `create` set up or bring up to date the schema, without it refuse an empty database.

        An older schema is brought up to date in both cases. Raises `storage_unavailable`.
        """
        revision = await schema_of(source, patience)
        require_known(revision, source.name)
        if revision is None and not create:
            raise storage_unavailable(
                f"The database {source.name} has not been set up. Run: jobmon init --admin NAME"
            )
        if revision != head_revision():
            await upgrade(source)
        return cls(source, connections=connections, patience=patience)

    async def read(self, work: Callable[[PgTransaction], T]) -> T:
        """Run `work` on a snapshot. Raises `storage_unavailable`."""
        return await self._shielded(work, None, writes=False)

    async def write(self, work: Callable[[PgTransaction], T]) -> T:
        """Run `work`, commit, and tell the feed. Raises `storage_unavailable`, `UnclearOutcomeError`.

        Where it stood in another's way (a deadlock) it is begun anew, some times.
        """
        return await self._shielded(work, None, writes=True)

    async def write_if(
        self, look: Callable[[PgTransaction], bool], work: Callable[[PgTransaction], T]
    ) -> T | None:
        """Run `look`; only if it says so, run `work` in the same transaction. Otherwise return None."""
        return await self._shielded(work, look, writes=True)

    async def close(self) -> None:
        """Stop the feed and close what is idle."""
        await self.feed.close()
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def _shielded(
        self,
        work: Callable[[PgTransaction], T],
        look: Callable[[PgTransaction], bool] | None,
        *,
        writes: bool,
    ) -> T:
        # A cancelled caller must not leave it open whether the commit went out.
        unit = asyncio.ensure_future(self._unit(work, look, writes))
        return cast("T", await asyncio.shield(unit))

    async def _unit(
        self, work: Callable[[PgTransaction], T], look: Callable[[PgTransaction], bool] | None, writes: bool
    ) -> T | None:
        try:
            async with asyncio.timeout(self._patience):
                for attempt in range(_TRIES):
                    try:
                        return await self._once(work, look, writes)
                    except AGAIN:
                        if attempt == _TRIES - 1:
                            raise
                        await asyncio.sleep(random.uniform(0.0, 0.01 * 2**attempt))  # noqa: S311
        except (*BROKEN, asyncpg.PostgresError) as error:
            raise _plain(error, self.source) from error
        raise AssertionError

    async def _once(
        self, work: Callable[[PgTransaction], T], look: Callable[[PgTransaction], bool] | None, writes: bool
    ) -> T | None:
        async with self._pool.lane() as lane:
            connection = await self._begun(lane, _WRITE if writes else _READ)
            try:
                transaction = PgTransaction(connection, writes=writes)
                answer, is_wanted = await greenlet_spawn(_run, transaction, work, look)
            except BaseException:
                await _roll_back(connection)
                raise
            await self._commit(connection, transaction)
        if transaction.has_written:
            self.feed.changed()
        return answer if is_wanted else None

    async def _begun(self, lane: PgConnection, begin: str) -> PgConnection:
        try:
            await lane.raw.execute(begin)
        except BROKEN:
            if not lane.is_used:
                raise
            # It lay idle while the server went away or came back: nothing was begun, so nothing is lost.
            self._pool.forget()
            lane.replace(await self.source.connect())
            await lane.raw.execute(begin)
        lane.is_used = True
        return lane

    async def _commit(self, connection: PgConnection, transaction: PgTransaction) -> None:
        try:
            await connection.raw.execute("COMMIT")
        except (*BROKEN, asyncio.CancelledError) as error:
            connection.raw.terminate()
            if transaction.has_written:
                raise UnclearOutcomeError from error
            raise


async def schema_of(source: PgSource, patience: float = PATIENCE) -> str | None:
    """Return the schema, None where there is none yet. Raises `storage_unavailable`."""
    try:
        async with asyncio.timeout(patience):
            return await current_revision(source)
    except (*BROKEN, asyncpg.PostgresError) as error:
        raise _plain(error, source) from error


def _run(
    transaction: PgTransaction,
    work: Callable[[PgTransaction], T],
    look: Callable[[PgTransaction], bool] | None,
) -> tuple[T | None, bool]:
    if look is not None and not look(transaction):
        return None, False
    return work(transaction), True


async def _roll_back(connection: PgConnection) -> None:
    try:
        async with asyncio.timeout(1.0):
            await connection.raw.execute("ROLLBACK")
    except (*BROKEN, asyncpg.PostgresError):
        connection.raw.terminate()


def _plain(error: BaseException, source: PgSource) -> BaseException:
    known: JobmonError | None = pg_error(error, source.name)
    return known or error
