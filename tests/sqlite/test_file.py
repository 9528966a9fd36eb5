"""A SQLite file as it lies on the disk: what is refused is left as it is, and nobody else may read it."""

from pathlib import Path

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from tests.backends import Raw


async def test_a_newer_file_is_refused_to_the_byte(store: SqliteDatabase, raw: Raw) -> None:
    raw("UPDATE alembic_version SET version_num = 'future'")
    await store.close()
    before = store.path.read_bytes()
    with pytest.raises(JobmonError, match="newer jobmon"):
        await SqliteDatabase.open(store.path)
    assert store.path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(JobmonError, match="damaged") as refusal:
        await SqliteDatabase.open(path)
    assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
    assert path.read_bytes() == b"not a database at all" * 100


async def test_the_files_are_private(store: SqliteDatabase) -> None:
    await store.read(lambda t: t.counts())
    modes = {file.name: file.stat().st_mode & 0o777 for file in store.path.parent.glob("jobmon.db*")}
    assert set(modes.values()) == {0o600}, modes
