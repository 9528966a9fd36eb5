"""What the database in memory holds: rows, and a made-up history that costs nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.execution import ConfigurationState, Execution, ExecutionDetails, Status, Trigger
from jobmon_tui.domain.report import Report
from jobmon_tui.domain.throttling import Failures, RefusalBudget
from jobmon_tui.services.records import (
    Account,
    ExecutionFilter,
    Extent,
    HourCount,
    SessionInfo,
    StoredOutput,
    WorkerSeen,
)

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HISTORY_REPORTS = ("Departures by airport", "Delays by carrier", "Weather digest", "Ledger close")
_CYCLE = (Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED, Status.CANCELLED)


def made_up(execution_id: int) -> ExecutionDetails:
    """Return the execution of the made-up history that has this id."""
    status = _CYCLE[execution_id % len(_CYCLE)]
    queued = START + timedelta(seconds=execution_id)
    execution = Execution(
        id=execution_id,
        report=HISTORY_REPORTS[execution_id % len(HISTORY_REPORTS)],
        status=status,
        trigger=Trigger.SCHEDULE,
        requested_by="schedule",
        retry_of=None,
        attempt=1,
        queued_at=queued,
        started_at=queued + timedelta(seconds=1),
        finished_at=queued + timedelta(seconds=3),
        duration_ms=2_000,
        worker="w1",
        configuration_id=1 + execution_id % len(HISTORY_REPORTS),
        configuration_version=1,
        configuration_state=ConfigurationState.UNCHANGED,
        error="no such table: flights" if status is Status.FAILED else None,
        output_path=None,
    )
    return ExecutionDetails(execution, "{}", None, "default", 0)


class MemoryTables:
    """Everything a `Transaction` reads and writes."""

    def __init__(self, history: int = 0) -> None:
        self.history = history
        self.last_id = history
        self.rows: dict[int, ExecutionDetails] = {}
        self.children: dict[int, set[int]] = {}
        self.keys: dict[tuple[str, int | None, str], int] = {}
        self.outputs: dict[int, StoredOutput] = {}
        self.cancel_requests: dict[int, str] = {}
        self.drafts: dict[str, Report] = {}
        self.people: dict[str, Account] = {}
        self.sessions: dict[str, SessionInfo] = {}
        self.ended: dict[str, str] = {}
        self.failures: dict[str, Failures] = {}
        self.budget: RefusalBudget | None = None
        self.log: list[AuditEntry] = []
        self.registered: list[WorkerSeen] = []
        self.revision = 0
        self.most: int | None = None
        """How many rows a list has at most that is narrowed by more than statuses and reports."""
        self._matching: dict[ExecutionFilter, tuple[int, Sequence[int]]] = {}
        self._tally = dict.fromkeys(Status, 0)
        for at, status in enumerate(_CYCLE):
            self._tally[status] += len(range(at or len(_CYCLE), history + 1, len(_CYCLE)))

    def put(self, details: ExecutionDetails) -> None:
        """Add or replace a row, past every rule: for tests that play the worker."""
        execution_id = details.execution.id
        before = self._stored(execution_id)
        if before is not None:
            self._tally[before.execution.status] -= 1
        self._tally[details.execution.status] += 1
        self.rows[execution_id] = details
        if details.execution.retry_of is not None:
            self.children.setdefault(details.execution.retry_of, set()).add(execution_id)
        self.last_id = max(self.last_id, execution_id)
        self.revision += 1

    def forget(self, execution_id: int) -> None:
        """Remove a row, as retention does."""
        self._tally[self.rows.pop(execution_id).execution.status] -= 1
        self.revision += 1

    def _stored(self, execution_id: int) -> ExecutionDetails | None:
        found = self.rows.get(execution_id)
        if found is None and 1 <= execution_id <= self.history:
            return made_up(execution_id)
        return found

    def details(self, execution_id: int) -> ExecutionDetails | None:
        """Return one row with its newest retry and the state of its report."""
        found = self._stored(execution_id)
        if found is None:
            return None
        execution = found.execution
        newest = max(self.children.get(execution_id, ()), default=None)
        child = None if newest is None else self.rows[newest].execution
        return replace(
            found,
            execution=replace(
                execution,
                configuration_state=self._state(execution),
                retried_by=child.id if child else None,
                retried_by_status=child.status if child else None,
                retried_by_not_before=child.not_before if child else None,
            ),
        )

    def _state(self, execution: Execution) -> ConfigurationState:
        for report in self.drafts.values():
            if report.id == execution.configuration_id:
                same = report.version == execution.configuration_version
                return ConfigurationState.UNCHANGED if same else ConfigurationState.CHANGED
        return ConfigurationState.DELETED

    def tally(self) -> dict[Status, int]:
        """Return how many rows stand in each status."""
        return dict(self._tally)

    def finished_by_hour(self, since: datetime) -> Sequence[HourCount]:
        """Return how many rows ended in each hour; of the made-up history none."""
        begin = since.replace(minute=0, second=0, microsecond=0)
        found: dict[datetime, Counter[Status]] = {}
        for row in self.rows.values():
            at = row.execution.finished_at
            if at is not None and at >= begin:
                hour = at.replace(minute=0, second=0, microsecond=0)
                found.setdefault(hour, Counter())[row.execution.status] += 1
        final = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
        return [HourCount(hour, *(found[hour][status] for status in final)) for hour in sorted(found)]

    def extent(self, wanted: ExecutionFilter) -> Extent:
        """Return how far a list reaches."""
        ids = self.ids(wanted)
        is_bounded = wanted.since or wanted.error or wanted.by
        if self.most is None or not is_bounded or len(ids) < self.most:
            return Extent(len(ids), ids[-1] if ids else None)
        return Extent(self.most, ids[-1], ids[-self.most], is_least=True)

    def ids(self, wanted: ExecutionFilter) -> Sequence[int]:
        """Return the ids that match, ascending."""
        if wanted == ExecutionFilter() and len(self.rows) == self.last_id - self.history:
            return range(1, self.last_id + 1)
        known = self._matching.get(wanted)
        if known is None or known[0] != self.revision:
            every = sorted({*range(1, self.history + 1), *self.rows})
            known = (self.revision, [each for each in every if self._matches(each, wanted)])
            self._matching[wanted] = known
        return known[1]

    def _matches(self, execution_id: int, wanted: ExecutionFilter) -> bool:
        row = self.rows.get(execution_id)
        if row is None and (wanted.error or wanted.by):
            row = made_up(execution_id)
        if row is None:  # the made-up history, without making the row up
            status = _CYCLE[execution_id % len(_CYCLE)]
            report = HISTORY_REPORTS[execution_id % len(HISTORY_REPORTS)]
            queued = START + timedelta(seconds=execution_id) if wanted.since else START
        else:
            status, report = row.execution.status, row.execution.report
            queued = row.execution.queued_at
        return (
            (not wanted.statuses or status in wanted.statuses)
            and (wanted.report is None or report == wanted.report)
            and (not wanted.search or wanted.search.lower() in report.lower())
            and (wanted.since is None or queued >= wanted.since)
            and (not wanted.error or _has_error(row, wanted.error))
            and (not wanted.by or (row is not None and _asked_by(row) == wanted.by.casefold()))
        )


def _has_error(row: ExecutionDetails | None, part: str) -> bool:
    failed = row is not None and row.execution.status is Status.FAILED
    return failed and part.casefold() in (row.execution.error or "").casefold()


def _asked_by(row: ExecutionDetails) -> str:
    return row.execution.requested_by.casefold()
