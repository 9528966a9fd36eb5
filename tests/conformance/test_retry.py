"""The story of the retry on a real database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobmon_tui.domain.audit import GENESIS, canonical, chain_hash
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import NewExecution, Status, Trigger
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.audited import Caller, token_hash
from jobmon_tui.services.ports import ExecutionFilter, Transaction
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.sqlite import SqliteDatabase

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADMIN = Caller("admin-token", "pts/1")
VIEWER = Caller("viewer-token", "pts/2")
SNAPSHOT = '{"odd" :  "spacing \u00e9"}'
DRAFT = ReportDraft("Sales", "sql", {"query": "select 1"})


def _accounts(transaction: Transaction) -> None:
    for name, role, caller in (("ada", Role.ADMINISTRATOR, ADMIN), ("vic", Role.VIEWER, VIEWER)):
        transaction.add_account(name, role, "hash", NOW)
        transaction.add_session(name, token_hash(caller.token), NOW, NOW + timedelta(days=40_000))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with await SqliteDatabase.open(tmp_path / "jobmon.db") as opened:
        await opened.write(_accounts)
        yield opened


def _raw(database: SqliteDatabase, statement: str, *values: object) -> list[tuple[object, ...]]:
    raw = sqlite3.connect(database.path)
    try:
        rows = raw.execute(statement, values).fetchall()
        raw.commit()
        return rows
    finally:
        raw.close()


async def _with_status(database: SqliteDatabase, status: Status) -> int:
    def work(transaction: Transaction) -> int:
        report = transaction.report("Sales")
        configuration_id = report.id if report else transaction.add_report(DRAFT, NOW)
        return transaction.add_execution(
            NewExecution("Sales", Trigger.MANUAL, "ada", configuration_id, 1, SNAPSHOT, NOW)
        )

    execution_id = await database.write(work)
    if status is Status.CANCELLED:
        _raw(database, "UPDATE job_execution_log SET status = 'Cancelled' WHERE id = ?", execution_id)
    elif status is not Status.QUEUED:
        _raw(database, "UPDATE job_execution_log SET status = 'Running' WHERE id = ?", execution_id)
        if status is not Status.RUNNING:
            _raw(database, "UPDATE job_execution_log SET status = ? WHERE id = ?", status.value, execution_id)
    return execution_id


@pytest.mark.story("AC-001")
@pytest.mark.story("AC-002")
@pytest.mark.story("AC-006")
@pytest.mark.story("BR-002")
@pytest.mark.parametrize("edited", [False, True])
async def test_ac_001_ac_002_ac_006_a_retry_is_a_new_row_and_an_audit_row(
    database: SqliteDatabase, edited: bool
) -> None:
    failed = await _with_status(database, Status.FAILED)
    if edited:
        await database.write(lambda t: t.replace_report("Sales", DRAFT, NOW))
    before = _raw(database, "SELECT * FROM job_execution_log WHERE id = ?", failed)
    receipt = await retry_execution(database, ADMIN, failed)
    new = await database.read(lambda t: t.execution(receipt.new_id))
    assert new is not None
    assert (new.execution.status, new.execution.retry_of) == (Status.QUEUED, failed)
    assert new.configuration == SNAPSHOT
    assert ("edited since" in receipt.message) is edited
    assert _raw(database, "SELECT * FROM job_execution_log WHERE id = ?", failed) == before
    (audited,) = await database.read(lambda t: t.audit_entries(10, None, failed))
    entry = audited.entry
    assert (entry.actor, entry.action, entry.outcome) == ("ada", "Job Retry", "allowed")
    assert (entry.execution_id, entry.new_execution_id, entry.origin) == (failed, receipt.new_id, "pts/1")
    newest = await database.read(lambda t: t.executions(ExecutionFilter(), 1))
    assert newest[0].id == receipt.new_id


@pytest.mark.story("AC-002")
@pytest.mark.parametrize("status", [Status.FAILED, Status.SUCCEEDED, Status.CANCELLED])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE job_execution_log SET error = 'x' WHERE id = ?",
        "UPDATE OR REPLACE job_execution_log SET status = 'Queued' WHERE id = ?",
        "DELETE FROM job_execution_log WHERE id = ?",
        "INSERT OR REPLACE INTO job_execution_log SELECT * FROM job_execution_log WHERE id = ?",
    ],
)
async def test_ac_002_the_database_refuses_to_change_a_finished_row(
    database: SqliteDatabase, status: Status, statement: str
) -> None:
    finished = await _with_status(database, status)
    before = _raw(database, "SELECT * FROM job_execution_log")
    with pytest.raises(sqlite3.IntegrityError, match=r"never|retention|not allowed"):
        _raw(database, statement, finished)
    assert _raw(database, "SELECT * FROM job_execution_log") == before


@pytest.mark.story("BR-001")
@pytest.mark.parametrize("status", [s for s in Status if s is not Status.FAILED])
async def test_br_001_other_statuses_are_refused_by_service_and_database(
    database: SqliteDatabase, status: Status
) -> None:
    execution_id = await _with_status(database, status)
    with pytest.raises(JobmonError) as refusal:
        await retry_execution(database, ADMIN, execution_id)
    assert refusal.value.code is ErrorCode.NOT_RETRYABLE
    with pytest.raises(sqlite3.IntegrityError, match="only a Failed"):
        _raw(
            database,
            "INSERT INTO job_execution_log (report, status, trigger, requested_by, retry_of, attempt, queue,"
            " priority, queued_at, fencing_token, configuration_id, configuration_version, configuration)"
            " VALUES ('Sales', 'Queued', 'retry', 'eve', ?, 2, 'default', 0, 'now', 0, 1, 1, '{}')",
            execution_id,
        )


@pytest.mark.story("AC-005")
async def test_ac_005_a_deleted_configuration_queues_nothing_and_is_audited_as_refused(
    database: SqliteDatabase,
) -> None:
    failed = await _with_status(database, Status.FAILED)
    await database.write(lambda t: t.delete_report("Sales"))
    with pytest.raises(JobmonError, match="original configuration could not be found") as refusal:
        await retry_execution(database, ADMIN, failed)
    assert refusal.value.code is ErrorCode.CONFIGURATION_DELETED
    assert _raw(database, "SELECT count(*) FROM job_execution_log") == [(1,)]
    (audited,) = await database.read(lambda t: t.audit_entries(10, None, failed))
    assert (audited.entry.outcome, audited.entry.code) == ("refused", "configuration_deleted")


async def test_a_viewer_and_a_stranger_are_refused(database: SqliteDatabase) -> None:
    failed = await _with_status(database, Status.FAILED)
    with pytest.raises(JobmonError) as viewer:
        await retry_execution(database, VIEWER, failed)
    assert viewer.value.code is ErrorCode.NOT_PERMITTED
    with pytest.raises(JobmonError) as stranger:
        await retry_execution(database, Caller("guess", "?"), failed)
    assert stranger.value.code is ErrorCode.NOT_SIGNED_IN
    with pytest.raises(JobmonError) as unknown:
        await retry_execution(database, ADMIN, 4_711)
    assert unknown.value.code is ErrorCode.EXECUTION_NOT_FOUND
    assert _raw(database, "SELECT count(*) FROM job_execution_log") == [(1,)]


async def test_the_same_key_gives_the_same_answer_and_no_second_row(database: SqliteDatabase) -> None:
    failed = await _with_status(database, Status.FAILED)
    first = await retry_execution(database, ADMIN, failed, key="k")
    again = await retry_execution(database, ADMIN, failed, key="k")
    assert (again.new_id, again.repeated) == (first.new_id, True)
    assert _raw(database, "SELECT count(*) FROM job_execution_log") == [(2,)]


async def test_100_concurrent_retries_make_one_row_and_100_audit_rows(database: SqliteDatabase) -> None:
    failed = await _with_status(database, Status.FAILED)
    async with await SqliteDatabase.open(database.path) as other:
        tried = await asyncio.gather(
            *(retry_execution(d, ADMIN, failed) for d in (database, other) for _ in range(50)),
            return_exceptions=True,
        )
    refused = [answer for answer in tried if isinstance(answer, JobmonError)]
    assert {refusal.code for refusal in refused} == {ErrorCode.ALREADY_RETRIED}
    assert len(refused) == 99
    assert _raw(database, "SELECT count(*) FROM job_execution_log WHERE retry_of = ?", failed) == [(1,)]
    assert _raw(database, "SELECT count(*) FROM audit_log") == [(100,)]
    before = GENESIS
    for audited in await database.read(lambda t: t.audit_chain(0, 1_000)):
        assert audited.previous_hash == before
        assert audited.hash == chain_hash(before, canonical(audited.id, audited.entry))
        before = audited.hash
    assert await database.read(lambda t: t.audit_head()) == (100, before)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'eve'",
        "DELETE FROM audit_log",
        "INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log",
    ],
)
async def test_the_audit_log_is_append_only(database: SqliteDatabase, statement: str) -> None:
    await retry_execution(database, ADMIN, await _with_status(database, Status.FAILED))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        _raw(database, statement)


async def test_counters_follow_the_rows(database: SqliteDatabase) -> None:
    for status in (Status.FAILED, Status.FAILED, Status.SUCCEEDED, Status.QUEUED):
        await _with_status(database, status)
    counts = await database.read(lambda t: t.counts())
    assert (counts[Status.FAILED], counts[Status.SUCCEEDED], counts[Status.QUEUED]) == (2, 1, 1)
    assert counts[Status.RUNNING] == 0


async def test_a_newer_database_is_refused_untouched(database: SqliteDatabase) -> None:
    _raw(database, "UPDATE alembic_version SET version_num = 'future'")
    await database.close()
    before = database.path.read_bytes()
    with pytest.raises(JobmonError, match="newer jobmon") as refusal:
        await SqliteDatabase.open(database.path)
    assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
    assert database.path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(JobmonError, match="damaged") as refusal:
        await SqliteDatabase.open(path)
    assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
    assert path.read_bytes() == b"not a database at all" * 100


async def test_the_files_are_private(database: SqliteDatabase) -> None:
    await database.read(lambda t: t.counts())
    modes = {file.name: file.stat().st_mode & 0o777 for file in database.path.parent.glob("jobmon.db*")}
    assert set(modes.values()) == {0o600}, modes
