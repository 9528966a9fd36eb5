"""Backups of a real database, taken while somebody writes."""

import asyncio
import os
import resource
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.storage.schema import head_revision
from jobmon_tui.storage.sqlite import backup
from jobmon_tui.storage.sqlite.backup import back_up
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from jobmon_tui.storage.sqlite.health import check_file
from tests.conformance.test_retention import OLD, Writer
from tests.conformance.world import DRAFT, NOW, many


def leftovers(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith("jobmon.db"))


def refusal(source: Path, target: Path, *, force: bool = False) -> JobmonError:
    with pytest.raises(JobmonError) as refused:
        back_up(source, target, force=force)
    assert "\n" not in refused.value.message
    return refused.value


async def test_a_copy_is_of_one_moment_while_a_writer_commits(
    store: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small steps, so that many commits fall between two of them.
    monkeypatch.setattr(backup, "_PAGES", 5)
    failures = range(1, 6_001)
    await store.write(many(failures, "Failed", OLD))
    await store.write(lambda transaction: transaction.add_report(DRAFT, NOW))
    writer = Writer(store.path, failures)
    writer.start()
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))
        time.sleep(0.002)

    target = store.path.parent / "copies" / "monday.db"
    target.parent.mkdir()
    try:
        assert await asyncio.to_thread(writer.begun.wait, 20)
        before = len(writer.waits)
        made = back_up(store.path, target, tell=tell)
        during = len(writer.waits) - before
    finally:
        writer.done.set()
        writer.join()
    assert during > 20
    assert told[-1][0] == told[-1][1]
    assert [done for done, _total in told] == sorted(done for done, _total in told)
    assert (made.path, made.size, made.schema) == (target, target.stat().st_size, head_revision())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert leftovers(target.parent) == ["monday.db"]
    health = check_file(target)
    assert health.is_good, health
    copy = sqlite3.connect(target)
    [[queued]] = copy.execute("SELECT count(*) FROM job_execution_log WHERE status = 'Queued'")
    [[audited]] = copy.execute("SELECT count(*) FROM audit_log WHERE action = 'Job Retry'")
    [[counted]] = copy.execute("SELECT n FROM status_count WHERE status = 'Queued'")
    copy.close()
    assert before <= queued == audited == counted
    # It is a database like any other.
    target.rename(store.path.parent / "jobmon.db.restored")
    async with await SqliteDatabase.open(store.path.parent / "jobmon.db.restored", create=False) as restored:
        assert len(await restored.read(lambda transaction: transaction.reports())) == 1


async def test_nothing_that_is_there_is_replaced_without_force(store: SqliteDatabase, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    refused = refusal(store.path, target)
    assert refused.code is ErrorCode.ALREADY_EXISTS
    assert "--force" in refused.message
    assert target.read_text() == "precious"
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    assert refusal(store.path, tmp_path / "nowhere").code is ErrorCode.ALREADY_EXISTS
    back_up(store.path, target, force=True)
    assert check_file(target).is_good
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert leftovers(tmp_path) == ["copy.db", "nowhere"]


async def test_a_name_that_was_taken_meanwhile_is_not_replaced(store: SqliteDatabase, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"

    def tell(_done: int, _total: int) -> None:
        target.write_text("precious")

    with pytest.raises(JobmonError) as refused:
        back_up(store.path, target, tell=tell)
    assert refused.value.code is ErrorCode.ALREADY_EXISTS
    assert target.read_text() == "precious"
    assert leftovers(tmp_path) == ["copy.db"]


async def test_the_database_itself_is_never_the_target(store: SqliteDatabase, tmp_path: Path) -> None:
    os.link(store.path, tmp_path / "same.db")
    before = store.path.read_bytes()
    for target in (store.path, Path(f"{store.path}-wal"), tmp_path / "same.db"):
        assert refusal(store.path, target, force=True).code is ErrorCode.INVALID_INPUT
    assert refusal(store.path, tmp_path, force=True).code is ErrorCode.INVALID_INPUT
    assert store.path.read_bytes() == before


async def test_a_place_that_cannot_be_written_is_told(store: SqliteDatabase, tmp_path: Path) -> None:
    for target in (tmp_path / "none" / "copy.db", tmp_path / ("x" * 300), Path("/proc/copy.db")):
        refused = refusal(store.path, target)
        assert refused.code is ErrorCode.STORAGE_UNAVAILABLE
        assert "cannot be written" in refused.message
    assert refusal(tmp_path / "no.db", tmp_path / "copy.db").code is ErrorCode.STORAGE_UNAVAILABLE


async def test_a_full_disk_leaves_nothing_behind(store: SqliteDatabase, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        refused = refusal(store.path, folder / "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.code is ErrorCode.STORAGE_UNAVAILABLE
    assert leftovers(folder) == []


async def test_a_damaged_database_gives_no_copy(store: SqliteDatabase, tmp_path: Path) -> None:
    await store.write(many(range(1, 2_001), "Failed", OLD))
    await store.close()
    sqlite3.connect(store.path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    with store.path.open("r+b") as file:
        for page in range(20, 60):
            file.seek(page * 4096)
            file.write(os.urandom(4096))
    folder = tmp_path / "copies"
    folder.mkdir()
    refused = refusal(store.path, folder / "copy.db")
    assert refused.code is ErrorCode.STORAGE_UNAVAILABLE
    assert leftovers(folder) == []
