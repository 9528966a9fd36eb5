"""SQLite: the embedded default. See docs/decisions/0001 for why a unit of work runs in one hop."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from jobmon_tui.domain.errors import storage_unavailable
from jobmon_tui.private_files import make_folder
from jobmon_tui.storage.feed import ChangeFeed
from jobmon_tui.storage.schema import head_revision, migrate, require_known
from jobmon_tui.storage.sqlite.file import (
    glance,
    log_of,
    plain_error,
    require_database,
    size_of,
    sqlite_error,
    sqlite_url,
)
from jobmon_tui.storage.sqlite.lane import PRAGMAS, Lane
from jobmon_tui.storage.transaction import SqlTransaction

T = TypeVar("T")


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
        dbapi_connection.execute(PRAGMAS[0])
        dbapi_connection.execute(PRAGMAS[1])
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


class SqliteDatabase:
    """A `Database` on one SQLite file: one lane writes, another reads beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.feed = ChangeFeed(self._foreign_version, partial(glance, log_of(path)))
        self._writer = Lane(path, "BEGIN IMMEDIATE", self.feed.changed)
        self._reader = Lane(path, "BEGIN")

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
