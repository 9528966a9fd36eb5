"""SQLite: the embedded default. See docs/decisions/0001 for why a unit of work runs in one hop."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import aiosqlite
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from jobmon_tui.domain.errors import storage_unavailable
from jobmon_tui.private_files import make_folder
from jobmon_tui.storage.feed import ChangeFeed
from jobmon_tui.storage.schema import head_revision, migrate, require_known
from jobmon_tui.storage.sqlite_connection import SqliteConnection
from jobmon_tui.storage.sqlite_file import (
    Identity,
    glance,
    identity,
    log_of,
    plain_error,
    require_database,
    require_same,
    require_there,
    size_of,
    sqlite_error,
    sqlite_url,
)
from jobmon_tui.storage.transaction import SqlTransaction

T = TypeVar("T")

BUSY_TIMEOUT_MS = 5_000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def current_revision(path: Path) -> str | None:
    """Return the schema of the file, read without changing it; None if there is none yet."""
    if not size_of(path):
        return None
    try:
        raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise plain_error(error, path) from error
    try:
        tables = {str(name) for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "alembic_version" not in tables:
            raise storage_unavailable(
                f"The database {path.name} belongs to another program and was left as it is. Name another."
            )
        row = raw.execute("SELECT version_num FROM alembic_version").fetchone() if tables else None
        return None if row is None else str(row[0])
    except sqlite3.DatabaseError as error:
        raise plain_error(error, path) from error
    finally:
        raw.close()


def refuse_newer(path: Path) -> str | None:
    """Return the schema of the file. Raises `storage_unavailable` for one that this program does not know."""
    revision = current_revision(path)
    require_known(revision, path.name)
    return revision


def _require_tables(path: Path) -> None:
    require_database(path)
    if current_revision(path) is None:
        raise storage_unavailable(
            f"The database {path.name} has not been set up. Run: jobmon init --admin NAME"
        )


def upgrade(path: Path) -> None:
    """Create the file (0600, its folder 0700) or bring its schema up to date; a newer one is refused."""
    if refuse_newer(path) == head_revision():
        return
    try:
        make_folder(path.parent)
        path.touch(mode=0o600)
    except OSError as error:
        raise storage_unavailable(f"The database {path.name} cannot be created: {error.strerror}.") from error
    engine = create_engine(sqlite_url("sqlite", path), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _connect(dbapi_connection: sqlite3.Connection, _record: object) -> None:
        dbapi_connection.isolation_level = None
        dbapi_connection.execute(_PRAGMAS[0])
        dbapi_connection.execute(_PRAGMAS[1])
        # A batch migration rebuilds tables; with foreign keys on it would delete the rows that point at them.
        dbapi_connection.execute("PRAGMA foreign_keys = OFF")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            migrate(connection)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise storage_unavailable(f"The database {path.name} holds rows that point nowhere.")
    except (DBAPIError, sqlite3.Error) as error:
        known = sqlite_error(error)
        raise (plain_error(known, path) if known else error) from error
    finally:
        engine.dispose()


async def _on_thread(connection: aiosqlite.Connection, function: Callable[..., T], *arguments: object) -> T:
    """Run a function in one hop on the connection's own thread, by the method that all of aiosqlite's use."""
    result: T = await connection._execute(function, *arguments)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return result


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


class _Lane:
    """One aiosqlite connection; one unit of work at a time, each in one hop on its own thread."""

    def __init__(self, path: Path, begin: str, committed: Callable[[], None] | None = None) -> None:
        self._committed = committed
        self._path = path
        self._begin = begin
        self._lock = asyncio.Lock()
        self._async_engine = create_async_engine(sqlite_url("sqlite+aiosqlite", path), poolclass=NullPool)
        self._connection: AsyncConnection | None = None
        self._thread: aiosqlite.Connection | None = None
        self._lane: SqliteConnection | None = None
        self._identity: Identity | None = None

    async def _open(self) -> aiosqlite.Connection:
        if self._thread is None:
            # SQLite would put an empty file in the place of one that is away, and go on with that.
            require_there(self._path)
            connection = await self._async_engine.connect()
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            if not isinstance(driver, aiosqlite.Connection):
                raise TypeError("the SQLite engine must run on aiosqlite")
            self._connection, self._thread = connection, driver
            await _on_thread(driver, self._prepare, driver._conn)  # noqa: SLF001  # docs/decisions/0001
        return self._thread

    def _prepare(self, raw: sqlite3.Connection) -> None:
        raw.isolation_level = None
        for pragma in _PRAGMAS:
            raw.execute(pragma)
        self._identity = identity(self._path)
        self._lane = SqliteConnection(raw)

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
        return cast("T", await self._shielded(work, None))

    async def run_if(
        self, look: Callable[[SqlTransaction], bool], work: Callable[[SqlTransaction], T]
    ) -> T | None:
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
        async with self._lock:
            if self._connection is not None:
                await self._connection.close()
            self._connection = self._thread = self._lane = None
            await self._async_engine.dispose()


class SqliteDatabase:
    """A `Database` on one SQLite file: one lane writes, another reads beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.feed = ChangeFeed(self._foreign_version, partial(glance, log_of(path)))
        self._writer = _Lane(path, "BEGIN IMMEDIATE", self.feed.changed)
        self._reader = _Lane(path, "BEGIN")

    @classmethod
    async def open(cls, path: Path, *, create: bool = True) -> "SqliteDatabase":
        """Open the file and bring its schema up to date; without `create` one with no tables is refused.

        It may be what is left of a damaged one: nobody should sign in as its first Administrator.
        """
        if not create:
            await asyncio.to_thread(_require_tables, path)
        previous = os.umask(0o077)  # the -wal and -shm files take their rights from the moment they are made
        try:
            await asyncio.to_thread(upgrade, path)
        finally:
            os.umask(previous)
        return cls(path)

    async def read(self, work: Callable[[SqlTransaction], T]) -> T:
        """Run `work` on a snapshot."""
        return await self._reader.run(work)

    async def write(self, work: Callable[[SqlTransaction], T], *, repeatable: bool = False) -> T:  # noqa: ARG002
        """Run `work` under BEGIN IMMEDIATE, commit, and tell the feed. No outcome is unclear here."""
        return await self._writer.run(work)

    async def write_if(
        self, look: Callable[[SqlTransaction], bool], work: Callable[[SqlTransaction], T]
    ) -> T | None:
        """Run `look` on a snapshot; only if it says so, run `work` as `write` does, in the same hop.

        Otherwise the answer is None, and no lock was taken. Between the two others may have written.
        """
        return await self._writer.run_if(look, work)

    async def _foreign_version(self) -> int:
        return await self._writer.foreign_version()

    async def close(self) -> None:
        """Stop the feed and close both lanes."""
        await self.feed.close()
        await self._writer.close()
        await self._reader.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: Any) -> None:
        await self.close()
