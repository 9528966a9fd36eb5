"""Another program deletes or edits the report between any two statements of a retry, on the real database."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.services.retry import RetryReceipt, retry_execution
from tests import postgres
from tests.backends import Place, Raw, Store
from tests.conformance.halts import before_each_statement
from tests.conformance.world import ADMIN, DRAFT, end_raw, queue_one

DELETE = "DELETE FROM report_configuration WHERE name = 'Sales'"
EDIT = "UPDATE report_configuration SET version = version + 1, parameters = '{}' WHERE name = 'Sales'"
CHILDREN = "SELECT status, configuration FROM job_execution_log WHERE retry_of = ?"
Retries = Callable[[int, "Intruder"], Awaitable[RetryReceipt | JobmonError]]


class Intruder:
    """Before the statement number `at` of the retry, another connection tries to change the report."""

    def __init__(self, place: Place, statement: str, at: int) -> None:
        self._place = place
        self._statement = statement
        self._at = at
        self.seen = 0
        self.outcome: str | None = None

    def attempt(self) -> str:
        try:
            if isinstance(self._place, Path):
                with closing(sqlite3.connect(self._place, timeout=0)) as other:
                    other.execute(self._statement)
                    other.commit()
            else:
                impatient = f"{self._place.dsn}{'&' if '?' in self._place.dsn else '?'}lock_timeout=5"
                postgres.execute(impatient, self._statement)
        except (sqlite3.OperationalError, asyncpg.LockNotAvailableError) as error:
            assert "lock" in str(error)
            return "locked out"
        return "committed"

    def __call__(self) -> None:
        if self.seen == self._at:
            self.outcome = self.attempt()
        self.seen += 1


async def _failed(store: Store, raw: Raw) -> int:
    execution_id = await store.write(queue_one)
    end_raw(raw, execution_id)
    return execution_id


async def _retry(store: Store, execution_id: int, intruder: Intruder) -> RetryReceipt | JobmonError:
    async with before_each_statement(store, intruder):
        try:
            return await retry_execution(store, ADMIN, execution_id)
        except JobmonError as refusal:
            return refusal


async def _statements(store: Store, place: Place, raw: Raw) -> int:
    """Count a retry's statements, once everything that is done only the first time has been done."""
    count = 0
    for _ in range(2):
        watcher = Intruder(place, DELETE, at=-1)
        await _retry(store, await _failed(store, raw), watcher)
        count = watcher.seen
    return count


@pytest.mark.story("AC-005")
async def test_ac_005_no_retry_commits_after_a_delete_whatever_the_interleaving(
    store: Store, place: Place, raw: Raw, backend: str
) -> None:
    count = await _statements(store, place, raw)
    assert count >= 4
    outcomes = []
    for at in range(count):
        failed = await _failed(store, raw)
        intruder = Intruder(place, DELETE, at)
        answer = await _retry(store, failed, intruder)
        if intruder.outcome == "committed":
            assert isinstance(answer, JobmonError)
            assert answer.code is ErrorCode.CONFIGURATION_DELETED
            assert "The original configuration could not be found" in answer.message
            assert raw(CHILDREN, failed) == []
        else:
            assert isinstance(answer, RetryReceipt)
            assert raw(CHILDREN, failed) == [("Queued", snapshot_text(DRAFT))]
            assert intruder.attempt() == "committed"
        outcomes.append(intruder.outcome)
    _let_in_until_it_is_locked(outcomes, backend)


@pytest.mark.story("AC-005")
@pytest.mark.story("AC-001")
async def test_ac_005_the_snapshot_is_the_failed_ones_whatever_the_interleaving_with_an_edit(
    store: Store, place: Place, raw: Raw, backend: str
) -> None:
    count = await _statements(store, place, raw)
    outcomes = []
    for at in range(count):
        failed = await _failed(store, raw)
        raw("UPDATE report_configuration SET version = 1 WHERE name = 'Sales'")
        intruder = Intruder(place, EDIT, at)
        answer = await _retry(store, failed, intruder)
        assert isinstance(answer, RetryReceipt)
        assert raw(CHILDREN, failed) == [("Queued", snapshot_text(DRAFT))]
        edited_first = intruder.outcome == "committed"
        assert answer.configuration_state == ("changed" if edited_first else "unchanged")
        assert ("edited since" in answer.message) is edited_first
        outcomes.append(intruder.outcome)
    _let_in_until_it_is_locked(outcomes, backend)


def _let_in_until_it_is_locked(outcomes: list[str | None], backend: str) -> None:
    # SQLite is locked from BEGIN on; PostgreSQL by the statement that reads the execution and its report.
    free = outcomes.index("locked out")
    assert free == 1 if backend == "sqlite" else free >= 1
    assert outcomes == ["committed"] * free + ["locked out"] * (len(outcomes) - free)
    assert outcomes[-1] == "locked out", "until the commit"
