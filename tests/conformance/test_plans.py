"""Each query that the dashboard makes finds its rows by an index, however many executions there are."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from jobmon_tui.bootstrap import report_catalog
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services import look
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.services.report_schedule import report_overviews
from jobmon_tui.services.sign_in import whoami
from jobmon_tui.services.workers import list_workers
from jobmon_tui.storage.postgres.feed import _STATE, _WAITING
from tests.backends import Raw, Store
from tests.conformance.explained import Explained
from tests.conformance.test_blocks import count_blocks
from tests.conformance.world import NOW, VIEWER, many, queue_one

REPORTS = 20
ROWS = 30_000
FAILED = frozenset({Status.FAILED})
LIVENESS = Liveness(gone=lambda _host, _pid: False)
ALL = ExecutionFilter()
MIDDLE = ROWS // 2


def _page(wanted: ExecutionFilter, **keys: int) -> Callable[[Explained], Awaitable[object]]:
    return lambda database: look.list_executions(database, VIEWER, wanted, 100, **keys)


LOOKS: dict[str, Callable[[Explained], Awaitable[object]]] = {
    "the newest": _page(ALL),
    "below": _page(ALL, before=MIDDLE),
    "below, further down": _page(ALL, before=MIDDLE, offset=100),
    "above": _page(ALL, after=MIDDLE),
    "above, further up": _page(ALL, after=MIDDLE, offset=100),
    "failed ones, further down": _page(ExecutionFilter(FAILED), before=MIDDLE, offset=100),
    "the oldest": _page(ALL, after=0),
    "failed ones": _page(ExecutionFilter(FAILED), before=MIDDLE),
    "running ones": _page(ExecutionFilter(frozenset({Status.RUNNING}))),
    "two statuses": _page(ExecutionFilter(frozenset({Status.QUEUED, Status.RUNNING}))),
    "a report's": _page(ExecutionFilter(report="Report 7"), before=MIDDLE),
    "a report's last runs": _page(ExecutionFilter(report="Report 7")),
    "a report's failed ones": _page(ExecutionFilter(FAILED, report="Report 7")),
    "found by name": _page(ExecutionFilter(search="PORT 7"), before=MIDDLE),
    "the header": lambda s: look.overview(s, VIEWER, ALL, LIVENESS),
    "a refresh": lambda s: look.glance(s, VIEWER, ALL, 150, LIVENESS),
    "a refresh of failed ones": lambda s: look.glance(s, VIEWER, ExecutionFilter(FAILED), 150, LIVENESS),
    "a refresh of a search": lambda s: look.glance(
        s, VIEWER, ExecutionFilter(FAILED, search="port 1"), 150, LIVENESS
    ),
    "a refresh since": lambda s: look.glance(s, VIEWER, ExecutionFilter(since=NOW), 150, LIVENESS),
    "a refresh further down": lambda s: look.glance(s, VIEWER, ALL, 150, LIVENESS, before=5_000),
    "the header of failed ones": lambda s: look.overview(s, VIEWER, ExecutionFilter(FAILED), LIVENESS),
    "the header of a report": lambda s: look.overview(
        s, VIEWER, ExecutionFilter(report="Report 7"), LIVENESS
    ),
    "the header of a search": lambda s: look.overview(s, VIEWER, ExecutionFilter(search="port 7"), LIVENESS),
    "how many are newer": lambda s: look.count_newer(s, VIEWER, ALL, ROWS - 50),
    "how many failed ones are newer": lambda s: look.count_newer(s, VIEWER, ExecutionFilter(FAILED), MIDDLE),
    "how many of a report are newer": lambda s: look.count_newer(
        s, VIEWER, ExecutionFilter(report="Report 7"), 50
    ),
    "how many of all are newer": lambda s: look.count_newer(s, VIEWER, ALL, ROWS - 5_000),
    "how many found by name are newer": lambda s: look.count_newer(
        s, VIEWER, ExecutionFilter(FAILED, search="port 7"), 50
    ),
    "the hours": lambda s: look.finished_by_hour(s, VIEWER, NOW - timedelta(days=1)),
    **{
        f"{what} of {name}": way(wanted)
        for name, wanted in {
            "one asked by ada": ExecutionFilter(by="ada"),
            "one asked by schedules": ExecutionFilter(by="schedule"),
            "a failed one asked by vic": ExecutionFilter(FAILED, by="vic"),
            "one with an error": ExecutionFilter(error="time"),
            "a report's with an error": ExecutionFilter(error="time", report="Report 7"),
            "one since": ExecutionFilter(since=NOW),
            "one since a time to come": ExecutionFilter(since=NOW + timedelta(days=1)),
            "a failed one since": ExecutionFilter(FAILED, since=NOW),
            "one in all": ExecutionFilter(FAILED, search="port 7", since=NOW, error="time", by="ada"),
        }.items()
        for what, way in {
            "the header": lambda wanted: lambda s: look.overview(s, VIEWER, wanted, LIVENESS),
            "the newest": _page,
            "those above": lambda wanted: _page(wanted, after=MIDDLE),
            "how many are newer": lambda wanted: lambda s: look.count_newer(s, VIEWER, wanted, MIDDLE),
        }.items()
    },
    "one execution": lambda s: look.show_execution(s, VIEWER, MIDDLE, LIVENESS),
    "one with a retry": lambda s: look.show_execution(s, VIEWER, 1, LIVENESS),
    "one that waits": lambda s: look.show_execution(s, VIEWER, ROWS + 1, LIVENESS),
    "how many go before it": lambda s: s.read(lambda t: t.queued_before(ROWS + 1, NOW)),
    "its output": lambda s: look.show_output(s, VIEWER, MIDDLE),
    "the audit log": lambda s: look.list_audit(s, VIEWER, 100, 300),
    "the reports": lambda s: report_overviews(s, VIEWER, report_catalog()),
    "a report": lambda s: report_overviews(s, VIEWER, report_catalog(), "Report 7"),
    "the workers": lambda s: list_workers(s, VIEWER, LIVENESS),
    "who I am": lambda s: whoami(s, VIEWER),
}

AUDITED = """
INSERT INTO audit_log (id, at, actor, role, action, outcome, execution_id, new_execution_id, origin,
  previous_hash, hash)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
SELECT i, '2026-01-02T03:04:05.000000Z', 'ada', 'Administrator', 'Job Retry', 'allowed', i, i + 5, 'pts/1',
  '', '' FROM n
"""
SCANNED = {
    "sqlite": re.compile(r"SCAN (?:child|job_execution_log|audit_log|execution_output|this)\b(?!.* USING )"),
    "postgres": re.compile(r"Seq Scan on (?:job_execution_log|audit_log|execution_output)\b"),
}
IN_ORDER = re.compile(
    r"(configuration_id|FROM job_execution_log) ORDER BY job_execution_log\.id DESC\s+LIMIT"
)
"""The newest of all: SQLite calls it a scan too, though it stops at the LIMIT."""


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_failures_of_a_report_have_an_index_of_their_own(store: Store) -> None:
    # Which SQLite takes only where the query has its condition word for word.
    await store.write(many(range(1, 500), "Succeeded", NOW, "Report ", REPORTS))
    for wanted in (ExecutionFilter(FAILED, report="Report 7"), ExecutionFilter(FAILED, search="port 1")):
        explained = Explained(store)
        await _page(wanted)(explained)
        plans = [plan for each in explained.plans.values() for plan in each if "job_execution_log" in plan]
        assert "ix_execution_seldom" in plans[-1], plans
        assert "ix_execution_report " not in plans[-1]


async def test_every_look_of_the_dashboard_uses_an_index(store: Store, raw: Raw, backend: str) -> None:
    for number in range(REPORTS):
        draft = ReportDraft(f"Report {number}", "sql", {"query": "select 1"})
        await store.write(lambda transaction, draft=draft: transaction.add_report(draft, NOW))
    for first in range(1, ROWS, 3_000):
        await store.write(many(range(first, first + 2_700), "Succeeded", NOW, "Report ", REPORTS))
        await store.write(many(range(first + 2_700, first + 3_000), "Failed", NOW, "Report ", REPORTS))
    await store.write(queue_one)
    assert await count_blocks(store) == 1
    raw(AUDITED)
    raw("ANALYZE")
    explained = Explained(store)
    bad = []
    for name, each in LOOKS.items():
        explained.plans.clear()
        await each(explained)
        assert explained.plans, name
        for statement, plans in explained.plans.items():
            assert "OFFSET" not in statement.upper(), f"{name}: rows are walked over:\n{statement}"
            scans = [plan for plan in plans if SCANNED[backend].search(plan)]
            if scans and not (backend == "sqlite" and IN_ORDER.search(statement)):
                bad.append(f"{name}:\n{statement}\n{scans[0]}")
    if backend == "postgres":
        for asked in (_STATE, _WAITING.replace("$1", "'{default}'")):
            poll = str(raw(f"EXPLAIN {asked}"))
            assert not SCANNED[backend].search(poll), poll
    assert not bad, "\n\n".join(bad)
