"""Real databases for the conformance tests: one body of tests that every backend must pass."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobmon_tui.storage.sqlite import SqliteDatabase
from tests.conformance.world import Raw, add_people


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with await SqliteDatabase.open(tmp_path / "jobmon.db") as opened:
        await opened.write(add_people)
        yield opened


@pytest.fixture
def raw(store: SqliteDatabase) -> Raw:
    """Run a statement on a connection of its own, as another program would."""

    def run(statement: str, *values: object) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(store.path)
        try:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows
        finally:
            connection.close()

    return run
