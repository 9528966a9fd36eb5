"""The story of the retry on a real database."""

import asyncio

import pytest

from jobmon_tui.domain.audit import GENESIS, NewAuditEntry, canonical, chain_hash
from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import NewExecution, Status, Trigger
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.ports import Transaction
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.services.retry import retry_execution
from tests.backends import REFUSED, Opens, Raw, Store
from tests.conformance.world import ADMIN, DRAFT, NOW, VIEWER, end_raw

SNAPSHOT = '{"odd" :  "spacing \u00e9"}'
"""Kept to the byte: a retry carries the very same text."""


async def _with_status(store: Store, raw: Raw, status: Status) -> int:
    def work(transaction: Transaction) -> int:
        report = transaction.report("Sales")
        configuration_id = report.id if report else transaction.add_report(DRAFT, NOW)
        return transaction.add_execution(
            NewExecution("Sales", Trigger.MANUAL, "ada", configuration_id, 1, SNAPSHOT, NOW)
        )

    execution_id = await store.write(work)
    end_raw(raw, execution_id, status)
    return execution_id


@pytest.mark.story("AC-001")
@pytest.mark.story("AC-002")
@pytest.mark.story("AC-006")
@pytest.mark.story("BR-002")
@pytest.mark.parametrize("edited", [False, True])
async def test_ac_001_ac_002_ac_006_a_retry_is_a_new_row_and_an_audit_row(
    store: Store, raw: Raw, edited: bool
) -> None:
    failed = await _with_status(store, raw, Status.FAILED)
    if edited:
        await store.write(lambda t: t.replace_report("Sales", DRAFT, NOW))
    before = raw("SELECT * FROM job_execution_log WHERE id = ?", failed)
    receipt = await retry_execution(store, ADMIN, failed)
    new = await store.read(lambda t: t.execution(receipt.new_id))
    assert new is not None
    assert (new.execution.status, new.execution.retry_of) == (Status.QUEUED, failed)
    assert new.configuration == SNAPSHOT
    assert ("edited since" in receipt.message) is edited
    assert raw("SELECT * FROM job_execution_log WHERE id = ?", failed) == before
    (audited,) = await store.read(lambda t: t.audit_entries(10, None, AuditFilter(execution_id=failed)))
    entry = audited.entry
    assert (entry.actor, entry.action, entry.outcome) == ("ada", "Job Retry", "allowed")
    assert (entry.execution_id, entry.new_execution_id, entry.origin) == (failed, receipt.new_id, "pts/1")
    newest = await store.read(lambda t: t.executions(ExecutionFilter(), 1))
    assert newest[0].id == receipt.new_id


ONE = "SELECT * FROM job_execution_log WHERE id = 1"
TAMPERING = {
    "sqlite": [
        "UPDATE job_execution_log SET error = 'x' WHERE id = 1",
        "UPDATE OR REPLACE job_execution_log SET status = 'Queued' WHERE id = 1",
        "DELETE FROM job_execution_log WHERE id = 1",
        f"INSERT OR REPLACE INTO job_execution_log {ONE}",
        f"INSERT INTO job_execution_log {ONE} ON CONFLICT (id) DO UPDATE SET status = 'Queued'",
    ],
    "postgres": [
        "UPDATE job_execution_log SET error = 'x' WHERE id = 1",
        "UPDATE job_execution_log SET status = 'Queued' WHERE id = 1",
        "DELETE FROM job_execution_log WHERE id = 1",
        f"INSERT INTO job_execution_log {ONE} ON CONFLICT (id) DO UPDATE SET status = 'Queued'",
        "TRUNCATE job_execution_log",
        "TRUNCATE job_execution_log, report_configuration RESTART IDENTITY CASCADE",
    ],
}


@pytest.mark.story("AC-002")
@pytest.mark.parametrize("status", [Status.FAILED, Status.SUCCEEDED, Status.CANCELLED])
async def test_ac_002_the_database_refuses_to_change_a_finished_row(
    store: Store, raw: Raw, backend: str, status: Status
) -> None:
    assert await _with_status(store, raw, status) == 1
    before = raw("SELECT * FROM job_execution_log")
    for statement in TAMPERING[backend]:
        with pytest.raises(REFUSED, match=r"never|retention|not allowed"):
            raw(statement)
        assert raw("SELECT * FROM job_execution_log") == before


@pytest.mark.story("BR-001")
@pytest.mark.parametrize("status", [s for s in Status if s is not Status.FAILED])
async def test_br_001_other_statuses_are_refused_by_service_and_database(
    store: Store, raw: Raw, status: Status
) -> None:
    execution_id = await _with_status(store, raw, status)
    with pytest.raises(JobmonError) as refusal:
        await retry_execution(store, ADMIN, execution_id)
    assert refusal.value.code is ErrorCode.NOT_RETRYABLE
    with pytest.raises(REFUSED, match="only a Failed"):
        raw(
            "INSERT INTO job_execution_log (report, status, trigger, requested_by, retry_of, attempt, queue,"
            " priority, queued_at, fencing_token, configuration_id, configuration_version, configuration)"
            " VALUES ('Sales', 'Queued', 'retry', 'eve', ?, 2, 'default', 0, 'now', 0, 1, 1, '{}')",
            execution_id,
        )


@pytest.mark.story("AC-005")
async def test_ac_005_a_deleted_configuration_queues_nothing_and_is_audited_as_refused(
    store: Store, raw: Raw
) -> None:
    failed = await _with_status(store, raw, Status.FAILED)
    await store.write(lambda t: t.delete_report("Sales"))
    with pytest.raises(JobmonError, match="original configuration could not be found") as refusal:
        await retry_execution(store, ADMIN, failed)
    assert refusal.value.code is ErrorCode.CONFIGURATION_DELETED
    assert raw("SELECT count(*) FROM job_execution_log") == [(1,)]
    (audited,) = await store.read(lambda t: t.audit_entries(10, None, AuditFilter(execution_id=failed)))
    assert (audited.entry.outcome, audited.entry.code) == ("refused", "configuration_deleted")


async def test_a_viewer_and_a_stranger_are_refused(store: Store, raw: Raw) -> None:
    failed = await _with_status(store, raw, Status.FAILED)
    with pytest.raises(JobmonError) as viewer:
        await retry_execution(store, VIEWER, failed)
    assert viewer.value.code is ErrorCode.NOT_PERMITTED
    with pytest.raises(JobmonError) as stranger:
        await retry_execution(store, Caller("guess", "?"), failed)
    assert stranger.value.code is ErrorCode.NOT_SIGNED_IN
    with pytest.raises(JobmonError) as unknown:
        await retry_execution(store, ADMIN, 4_711)
    assert unknown.value.code is ErrorCode.EXECUTION_NOT_FOUND
    assert raw("SELECT count(*) FROM job_execution_log") == [(1,)]


async def test_the_same_key_gives_the_same_answer_and_no_second_row(store: Store, raw: Raw) -> None:
    failed = await _with_status(store, raw, Status.FAILED)
    first = await retry_execution(store, ADMIN, failed, key="k")
    again = await retry_execution(store, ADMIN, failed, key="k")
    assert (again.new_id, again.repeated) == (first.new_id, True)
    assert raw("SELECT count(*) FROM job_execution_log") == [(2,)]


async def test_100_concurrent_retries_make_one_row_and_100_audit_rows(
    store: Store, raw: Raw, opens: Opens
) -> None:
    failed = await _with_status(store, raw, Status.FAILED)
    async with await opens() as other:
        tried = await asyncio.gather(
            *(retry_execution(d, ADMIN, failed) for d in (store, other) for _ in range(50)),
            return_exceptions=True,
        )
    refused = [answer for answer in tried if isinstance(answer, JobmonError)]
    assert {refusal.code for refusal in refused} == {ErrorCode.ALREADY_RETRIED}
    assert len(refused) == 99
    assert raw("SELECT count(*) FROM job_execution_log WHERE retry_of = ?", failed) == [(1,)]
    assert raw("SELECT count(*) FROM audit_log") == [(100,)]
    before = GENESIS
    for audited in await store.read(lambda t: t.audit_chain(0, 1_000)):
        assert audited.previous_hash == before
        assert audited.hash == chain_hash(before, canonical(audited.id, audited.entry))
        before = audited.hash
    assert await store.read(lambda t: t.audit_head()) == (100, before)


async def test_1_000_concurrent_appends_leave_one_whole_chain(
    store: Store, raw: Raw, opens: Opens, backend: str
) -> None:
    # SQLite waits for the disk after each, and lets one in after the other anyway.
    count = 1_000 if backend == "postgres" else 100

    async def append(by: Store, number: int) -> None:
        entry = NewAuditEntry(
            NOW, f"w{number}", "Viewer", "Job Retry", "refused", "x", number, None, "pts/1", "caf\u00e9 “”"
        )
        await by.write(lambda transaction: transaction.add_audit(entry))

    async with await opens() as one, await opens() as other:
        await asyncio.gather(*(append((store, one, other)[n % 3], n) for n in range(count)))
    before, written = GENESIS, set()
    for audited in await store.read(lambda t: t.audit_chain(0, count + 1)):
        assert audited.previous_hash == before
        assert audited.hash == chain_hash(before, canonical(audited.id, audited.entry))
        before = audited.hash
        written.add(audited.entry.execution_id)
    assert written == set(range(count))
    assert await store.read(lambda t: t.audit_head()) == (count, before)
    assert raw("SELECT count(DISTINCT previous_hash), min(id), max(id) FROM audit_log") == [(count, 1, count)]


ENTRY = "SELECT * FROM audit_log"
OLD_HEAD = "SELECT 1, 0, 'x'"
HEAD = [
    "UPDATE audit_head SET audit_id = audit_id - 1",
    "UPDATE audit_head SET hash = 'x'",
    "UPDATE audit_head SET id = 2, audit_id = 5",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head VALUES (2, 9, 'x')",
]
REWRITING = {
    "sqlite": [
        "UPDATE audit_log SET actor = 'eve'",
        "DELETE FROM audit_log",
        f"INSERT OR REPLACE INTO audit_log {ENTRY}",
        f"REPLACE INTO audit_log {ENTRY}",
        f"INSERT INTO audit_log {ENTRY} WHERE true ON CONFLICT (id) DO UPDATE SET actor = 'eve'",
        "UPDATE OR REPLACE audit_log SET id = 1",
        *HEAD,
        f"INSERT OR REPLACE INTO audit_head {OLD_HEAD}",
        f"INSERT INTO audit_head {OLD_HEAD} WHERE true ON CONFLICT (id) DO UPDATE SET audit_id = 0",
        "UPDATE OR REPLACE audit_head SET audit_id = 0",
    ],
    "postgres": [
        "UPDATE audit_log SET actor = 'eve'",
        "DELETE FROM audit_log",
        f"INSERT INTO audit_log {ENTRY} ON CONFLICT (id) DO UPDATE SET actor = 'eve'",
        "TRUNCATE audit_log",
        "TRUNCATE audit_log, audit_head CASCADE",
        *HEAD,
        "TRUNCATE audit_head",
        f"INSERT INTO audit_head {OLD_HEAD} ON CONFLICT (id) DO UPDATE SET audit_id = 0",
    ],
}


async def test_the_audit_log_is_append_only(store: Store, raw: Raw, backend: str) -> None:
    await retry_execution(store, ADMIN, await _with_status(store, raw, Status.FAILED))
    before = raw("SELECT * FROM audit_log"), raw("SELECT * FROM audit_head")
    for statement in REWRITING[backend]:
        with pytest.raises(REFUSED, match="append-only"):
            raw(statement)
        assert (raw("SELECT * FROM audit_log"), raw("SELECT * FROM audit_head")) == before


async def test_counters_follow_the_rows(store: Store, raw: Raw) -> None:
    for status in (Status.FAILED, Status.FAILED, Status.SUCCEEDED, Status.QUEUED):
        await _with_status(store, raw, status)
    counts = await store.read(lambda t: t.counts())
    assert (counts[Status.FAILED], counts[Status.SUCCEEDED], counts[Status.QUEUED]) == (2, 1, 1)
    assert counts[Status.RUNNING] == 0


async def test_a_newer_database_is_refused_untouched(store: Store, raw: Raw, opens: Opens) -> None:
    raw("UPDATE alembic_version SET version_num = 'future'")
    with pytest.raises(JobmonError, match="newer jobmon") as refusal:
        await opens()
    assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
    assert raw("SELECT version_num FROM alembic_version") == [("future",)]
