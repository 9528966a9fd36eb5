"""Real databases for the conformance tests: one body of tests that every backend must pass."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from jobmon_tui.storage.pg_source import PgSource
from jobmon_tui.storage.postgres import PostgresDatabase
from jobmon_tui.storage.sqlite import SqliteDatabase
from tests import postgres
from tests.conformance.world import Raw, add_people

Opens = Callable[[], Awaitable[SqliteDatabase | PostgresDatabase]]


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on; it runs on each."""
    return str(request.param)


@pytest.fixture
def place(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Path | PgSource:
    """Where the test's database is."""
    if backend == "sqlite":
        return tmp_path / "jobmon.db"
    return PgSource(request.getfixturevalue("postgres_database"), "jobmon")


@pytest.fixture
def opens(place: Path | PgSource) -> Opens:
    """Open the test's database once more, as another process would."""

    async def run() -> SqliteDatabase | PostgresDatabase:
        if isinstance(place, Path):
            return await SqliteDatabase.open(place)
        return await PostgresDatabase.open(place)

    return run


@pytest.fixture
async def store(opens: Opens) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    """A fresh database with an Administrator and a Viewer."""
    async with await opens() as opened:
        await opened.write(add_people)
        yield opened


@pytest.fixture
def raw(place: Path | PgSource) -> Raw:
    """Run a statement on a connection of its own, as another program would. It is written with `?`."""

    def on_sqlite(statement: str, *values: object) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(str(place))
        try:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows
        finally:
            connection.close()

    def on_postgres(statement: str, *values: object) -> list[tuple[object, ...]]:
        head, *rest = statement.split("?")
        numbered = head + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))
        return postgres.execute(place.dsn, numbered, *values)  # type: ignore[union-attr]

    return on_sqlite if isinstance(place, Path) else on_postgres
