"""The databases that a test may run on: a SQLite file, and a PostgreSQL of its own."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

import asyncpg

from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from tests import postgres

Store = SqliteDatabase | PostgresDatabase
Place = Path | PgSource
Opens = Callable[[], Awaitable[Store]]
Row = tuple[object, ...]
Raw = Callable[..., list[Row]]
REFUSED = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)
"""What `Raw` raises where a rule of the database's own forbids it."""


async def open_at(place: Place) -> Store:
    """Open a database, as a process would that has just started."""
    if isinstance(place, Path):
        return await SqliteDatabase.open(place)
    return await PostgresDatabase.open(place)


def raw_at(place: Place) -> Raw:
    """Give what runs a statement, written with `?`, on a connection of its own, as another program would."""

    def on_sqlite(statement: str, *values: object) -> list[Row]:
        with closing(sqlite3.connect(str(place))) as connection:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows

    def on_postgres(statement: str, *values: object) -> list[Row]:
        head, *rest = statement.split("?")
        numbered = head + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))
        return postgres.execute(place.dsn, numbered, *values)  # type: ignore[union-attr]

    return on_sqlite if isinstance(place, Path) else on_postgres


def moment(kept: object) -> datetime:
    """Give a time as `Raw` reads it: text from SQLite, a time from PostgreSQL."""
    return kept if isinstance(kept, datetime) else datetime.fromisoformat(str(kept))


def word_of(place: Place) -> str:
    """Give one word that another process's `place_of` understands."""
    return str(place) if isinstance(place, Path) else place.dsn


def place_of(word: str) -> Place:
    """Understand what `word_of` says."""
    return PgSource(word, "jobmon") if "://" in word else Path(word)


@asynccontextmanager
async def held(place: Place, *tables: str) -> AsyncIterator[None]:
    """Let another program be in the middle of its writing to these tables."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    connection = await asyncpg.connect(place.dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()
