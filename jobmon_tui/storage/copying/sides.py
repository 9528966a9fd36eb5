"""The two ends of a copy: what it asks of each, and a SQLite file as one. PostgreSQL: copy_postgres.py."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Table, create_engine, event, insert, text
from sqlalchemy.engine import RootTransaction
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.text import one_line
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.sqlite.database import upgrade
from jobmon_tui.storage.sqlite.file import plain_error, sqlite_error

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]

_BUSY_MS: Final = 10_000


class Side(Protocol):
    """One end: a connection of its own, on which one transaction follows the other.

    All raise `storage_unavailable`; `put` also `invalid_input` for a row that does not fit here.
    """

    name: str
    """What people call the database."""

    async def begin(self) -> None:
        """Begin: what is read only from here on is of this moment."""
        ...

    async def run(self, work: Callable[[Executes], T]) -> T:
        """Run queries."""
        ...

    async def put(self, table: Table, rows: Rows) -> None:
        """Add rows, whose values stand in the table's order of columns."""
        ...

    async def greatest_ids(self, tables: Sequence[str]) -> Mapping[str, int]:
        """Return the greatest id that each table ever gave away; it is never given again."""
        ...

    async def raise_ids(self, greatest: Mapping[str, int]) -> None:
        """Let each table give away greater ids only."""
        ...

    async def commit(self) -> None:
        """Keep what was done."""
        ...

    async def roll_back(self) -> None:
        """Forget what was done."""
        ...

    async def close(self) -> None:
        """Let go."""
        ...


@asynccontextmanager
async def transaction(side: Side) -> AsyncIterator[None]:
    """Commit at the end, or roll back."""
    await side.begin()
    try:
        yield
    except BaseException:
        await side.roll_back()
        raise
    await side.commit()


def row_refused(name: str, table: str, reason: str) -> JobmonError:
    """A row of the source cannot stand in the target."""
    return JobmonError(
        ErrorCode.INVALID_INPUT,
        f"The database {name} takes no row of {table} as it is: {one_line(reason, 160)}. The copy stopped.",
    )


def create_file(path: Path) -> None:
    """Create the file with the newest schema, for its owner only. Raises `storage_unavailable`."""
    before = os.umask(0o077)
    try:
        upgrade(path)
    finally:
        os.umask(before)


class SqliteSide:
    """A SQLite file, on a thread of its own."""

    def __init__(self, path: Path, *, writes: bool) -> None:
        self.name = path.name
        self._path = path
        self._writes = writes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="copy")
        self._connection: Connection | None = None
        self._transaction: RootTransaction | None = None

    def _connected(self) -> Connection:
        if self._connection is None:
            mode = "rw" if self._writes else "ro"
            raw = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
            raw.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
            event.listen(engine, "begin", self._send_begin)
            self._connection = engine.connect()
        return self._connection

    def _send_begin(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if self._writes else "BEGIN")

    async def _on_thread(self, work: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            # A cancelled caller must not go on while the thread is still at it.
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise
        except (DBAPIError, sqlite3.Error) as error:
            known = sqlite_error(error)
            raise (plain_error(known, self._path) if known else error) from error

    async def begin(self) -> None:
        """Begin; a source reads its first page here, so that all it reads is of this moment."""

        def work() -> None:
            connection = self._connected()
            self._transaction = connection.begin()
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").fetchone()

        await self._on_thread(work)

    async def run(self, work: Callable[[Executes], T]) -> T:
        """Run queries on the thread; between two transactions in one of their own."""

        def one() -> T:
            connection = self._connected()
            if self._transaction is not None:
                return work(connection)
            with connection.begin():
                return work(connection)

        return await self._on_thread(one)

    async def put(self, table: Table, rows: Rows) -> None:
        """Add rows."""
        if not rows:
            return
        names = table.columns.keys()
        values = [dict(zip(names, row, strict=True)) for row in rows]

        def work() -> None:
            try:
                self._connected().execute(insert(table), values)
            except DBAPIError as error:
                if isinstance(error.orig, sqlite3.IntegrityError | sqlite3.DataError | OverflowError):
                    raise row_refused(self.name, table.name, str(error.orig)) from error
                raise

        await self._on_thread(work)

    async def greatest_ids(self, tables: Sequence[str]) -> Mapping[str, int]:
        """Return what AUTOINCREMENT remembers."""
        query = text("SELECT name, seq FROM sqlite_sequence")
        known = await self.run(lambda c: {str(row.name): int(row.seq) for row in c.execute(query)})
        return {name: known.get(name, 0) for name in tables}

    async def raise_ids(self, greatest: Mapping[str, int]) -> None:
        """Raise what AUTOINCREMENT remembers."""
        change = text("UPDATE sqlite_sequence SET seq = max(seq, :seq) WHERE name = :name")
        add = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)")

        def work(connection: Executes) -> None:
            for name, seq in greatest.items():
                if not connection.execute(change, {"name": name, "seq": seq}).rowcount:
                    connection.execute(add, {"name": name, "seq": seq})

        await self.run(work)

    async def commit(self) -> None:
        """Commit."""
        begun, self._transaction = self._transaction, None
        if begun is not None:
            await self._on_thread(begun.commit)

    async def roll_back(self) -> None:
        """Roll back."""
        begun, self._transaction = self._transaction, None
        if begun is not None:
            await self._on_thread(begun.rollback)

    async def close(self) -> None:
        """Close the file and end the thread."""

        def work() -> None:
            if self._connection is not None:
                raw = self._connection.connection.dbapi_connection
                self._connection.close()
                if raw is not None:
                    raw.close()

        await self._on_thread(work)
        self._thread.shutdown()
