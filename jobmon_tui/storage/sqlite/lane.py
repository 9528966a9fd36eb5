"""One connection to a SQLite file, on a thread of its own. See docs/decisions/0001 for why in one hop."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar, cast

import aiosqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from jobmon_tui.domain.errors import storage_unavailable
from jobmon_tui.storage.sqlite.connection import SqliteConnection
from jobmon_tui.storage.sqlite.file import (
    Identity,
    plain_error,
    require_same,
    sqlite_error,
    there,
    there_url,
)
from jobmon_tui.storage.transaction import SqlTransaction

T = TypeVar("T")

BUSY_TIMEOUT_MS: Final = 5_000
PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


async def _on_thread(connection: aiosqlite.Connection, function: Callable[..., T], *arguments: object) -> T:
    """Run a function in one hop on the connection's own thread, by the method that all of aiosqlite's use."""
    result: T = await connection._execute(function, *arguments)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return result


async def _driver_of(connection: AsyncConnection) -> aiosqlite.Connection:
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, aiosqlite.Connection):
        raise TypeError("the SQLite engine must run on aiosqlite")
    return driver


def _prepared(raw: sqlite3.Connection) -> SqliteConnection:
    raw.isolation_level = None
    for pragma in PRAGMAS:
        raw.execute(pragma)
    return SqliteConnection(raw)


@contextmanager
def _begun(raw: sqlite3.Connection, begin: str) -> Iterator[None]:
    """Commit at the end; roll back where something is raised, a refused commit included."""
    raw.execute(begin)
    try:
        yield
        raw.execute("COMMIT")
    except BaseException:
        # A full disk and the like end the transaction by themselves.
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


class Lane:
    """One aiosqlite connection; one unit of work at a time, each in one hop on its own thread."""

    def __init__(self, path: Path, begin: str, committed: Callable[[], None] | None = None) -> None:
        self._committed = committed
        self._path = path
        self._begin = begin
        self._lock = asyncio.Lock()
        self._async_engine = create_async_engine(there_url("sqlite+aiosqlite", path), poolclass=NullPool)
        self._connection: AsyncConnection | None = None
        self._thread: aiosqlite.Connection | None = None
        self._lane: SqliteConnection | None = None
        self._identity: Identity | None = None

    async def _open(self) -> aiosqlite.Connection:
        if self._thread is not None:
            return self._thread
        # Looked at on both sides of opening it: it may be moved away, or another put in its place, meanwhile.
        opened = there(self._path)
        connection = await self._async_engine.connect()
        try:
            driver = await _driver_of(connection)
            lane = await _on_thread(driver, _prepared, driver._conn)  # noqa: SLF001  # docs/decisions/0001
            require_same(self._path, opened)
        except BaseException:
            await connection.close()
            raise
        self._connection, self._lane, self._identity = connection, lane, opened
        self._thread = driver
        return driver

    def _work(
        self, work: Callable[[SqlTransaction], T], look: Callable[[SqlTransaction], bool] | None
    ) -> tuple[T | None, bool]:
        """Return the answer, and whether anything was written."""
        lane = self._lane
        if lane is None:
            raise storage_unavailable("The database is closed.")
        require_same(self._path, self._identity)
        transaction = SqlTransaction(lane, lambda: lane.changes)
        if look is not None:
            with _begun(lane.raw, "BEGIN"):
                if not look(transaction):
                    return None, False
        with _begun(lane.raw, self._begin):
            answer = work(transaction)
        return answer, transaction.has_written

    async def _hop(
        self, work: Callable[[SqlTransaction], T], look: Callable[[SqlTransaction], bool] | None
    ) -> T | None:
        async with self._lock:
            try:
                thread = await self._open()
                answer, has_written = await _on_thread(thread, self._work, work, look)
            except (DBAPIError, sqlite3.Error) as error:
                known = sqlite_error(error)
                raise (plain_error(known, self._path) if known else error) from error

        # Here, not at the caller's: a cancelled caller's commit must wake the watchers all the same.
        if has_written and self._committed is not None:
            self._committed()
        return answer

    async def run(self, work: Callable[[SqlTransaction], T]) -> T:
        """Run a unit of work. Raises `storage_unavailable`, and what `work` raises."""
        return cast("T", await self._shielded(work, None))

    async def run_if(
        self, look: Callable[[SqlTransaction], bool], work: Callable[[SqlTransaction], T]
    ) -> T | None:
        """Run `look`; only if it says so, run `work` in the same hop. Raises as `run` does."""
        return await self._shielded(work, look)

    async def _shielded(
        self, work: Callable[[SqlTransaction], T], look: Callable[[SqlTransaction], bool] | None
    ) -> T | None:
        # A cancelled caller must not free the lane while the thread is still inside its transaction.
        return await asyncio.shield(asyncio.ensure_future(self._hop(work, look)))

    async def foreign_version(self) -> int:
        """A number that differs once another connection has committed."""

        def ask(raw: sqlite3.Connection) -> int:
            require_same(self._path, self._identity)
            return int(raw.execute("PRAGMA data_version").fetchone()[0])

        async with self._lock:
            try:
                thread = await self._open()
                return await _on_thread(thread, ask, thread._conn)  # noqa: SLF001  # docs/decisions/0001
            except (DBAPIError, sqlite3.Error) as error:
                known = sqlite_error(error)
                raise (plain_error(known, self._path) if known else error) from error

    async def close(self) -> None:
        """Let the unit of work under way end, and close the file."""
        async with self._lock:
            if self._connection is not None:
                await self._connection.close()
            self._connection = self._thread = self._lane = None
            await self._async_engine.dispose()
