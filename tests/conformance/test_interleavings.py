"""Another program deletes or edits the report between any two statements of a retry, on the real database."""

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Engine, event

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.services.retry import RetryReceipt, retry_execution
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, DRAFT, queue_one

DELETE = "DELETE FROM report_configuration WHERE name = 'Sales'"
EDIT = "UPDATE report_configuration SET version = version + 1, parameters = '{}' WHERE name = 'Sales'"


async def _failed(store: Store, raw: Raw) -> int:
    execution_id = await store.write(queue_one)
    for status in ("Running", "Failed"):
        raw("UPDATE job_execution_log SET status = ? WHERE id = ?", status, execution_id)
    return execution_id


class _Intruder:
    """Before the statement number `at` of the retry, another connection tries to change the report."""

    def __init__(self, store: Store, statement: str, at: int) -> None:
        self._store = store
        self._statement = statement
        self._at = at
        self.statements: list[str] = []
        self.outcome: str | None = None

    def attempt(self) -> str:
        other = sqlite3.connect(self._store.path, timeout=0)
        try:
            other.execute(self._statement)
            other.commit()
        except sqlite3.OperationalError as error:
            assert "locked" in str(error)
            return "locked out"
        finally:
            other.close()
        return "committed"

    def __call__(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if len(self.statements) == self._at:
            self.outcome = self.attempt()
        self.statements.append(statement)


def _writer_engine(store: Store) -> Engine:
    engine = store._writer._engine
    assert engine is not None
    return engine


async def _retry_with(store: Store, execution_id: int, intruder: _Intruder) -> RetryReceipt | JobmonError:
    engine = _writer_engine(store)
    event.listen(engine, "before_cursor_execute", intruder)
    try:
        return await retry_execution(store, ADMIN, execution_id)
    except JobmonError as refusal:
        return refusal
    finally:
        event.remove(engine, "before_cursor_execute", intruder)


async def _statements_of_a_retry(store: Store, execution_id: int) -> int:
    watcher = _Intruder(store, DELETE, at=-1)
    await _retry_with(store, execution_id, watcher)
    return len(watcher.statements)


@pytest.mark.story("AC-005")
async def test_ac_005_no_retry_commits_after_a_delete_whatever_the_interleaving(
    store: Store, raw: Raw
) -> None:
    count = await _statements_of_a_retry(store, await _failed(store, raw))
    assert count >= 7
    outcomes = []
    for at in range(count):
        if not raw("SELECT 1 FROM report_configuration WHERE name = 'Sales'"):
            await store.write(queue_one)
        failed = await _failed(store, raw)
        intruder = _Intruder(store, DELETE, at)
        answer = await _retry_with(store, failed, intruder)
        children = raw("SELECT status, configuration FROM job_execution_log WHERE retry_of = ?", failed)
        if intruder.outcome == "committed":
            assert isinstance(answer, JobmonError)
            assert answer.code is ErrorCode.CONFIGURATION_DELETED
            assert "The original configuration could not be found" in answer.message
            assert children == []
        else:
            assert isinstance(answer, RetryReceipt)
            assert children == [("Queued", snapshot_text(DRAFT))]
            assert intruder.attempt() == "committed"
        outcomes.append(intruder.outcome)
    # The delete gets in before the retry's BEGIN, and never after it.
    assert outcomes == ["committed"] + ["locked out"] * (count - 1)


@pytest.mark.story("AC-005")
@pytest.mark.story("AC-001")
async def test_ac_005_the_snapshot_is_the_failed_ones_whatever_the_interleaving_with_an_edit(
    store: Store, raw: Raw
) -> None:
    count = await _statements_of_a_retry(store, await _failed(store, raw))
    for at in range(count):
        failed = await _failed(store, raw)
        raw("UPDATE report_configuration SET version = 1 WHERE name = 'Sales'")
        intruder = _Intruder(store, EDIT, at)
        answer = await _retry_with(store, failed, intruder)
        assert isinstance(answer, RetryReceipt)
        children = raw("SELECT status, configuration FROM job_execution_log WHERE retry_of = ?", failed)
        assert children == [("Queued", snapshot_text(DRAFT))]
        edited_first = at == 0
        assert intruder.outcome == ("committed" if edited_first else "locked out")
        assert answer.configuration_state == ("changed" if edited_first else "unchanged")
        assert ("edited since" in answer.message) is edited_first
