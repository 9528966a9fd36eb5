"""What a form hears of a report before it is saved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobmon_tui.bootstrap import report_catalog
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.report_check import check_report

NOW = datetime(2026, 3, 2, 5, 30, tzinfo=UTC)
GOOD = ReportDraft("Sales", "sql", {"source": "sqlite:////x.db", "query": "select 1"}, schedule="0 6 * * *")


def keys(draft: ReportDraft) -> list[str]:
    return [problem.key for problem in check_report(report_catalog(), draft, clock=lambda: NOW).problems]


def test_the_next_three_due_times_are_told() -> None:
    found = check_report(report_catalog(), GOOD, clock=lambda: NOW)
    first = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    assert (found.problems, found.firings) == (
        (),
        [first, first + timedelta(days=1), first + timedelta(days=2)],
    )


@pytest.mark.parametrize("schedule", [None, "nonsense", "0 0 30 2 *"])
def test_a_schedule_that_never_fires_has_none(schedule: str | None) -> None:
    found = check_report(report_catalog(), replace(GOOD, schedule=schedule), clock=lambda: NOW)
    assert found.firings == []
    assert [problem.key for problem in found.problems] == (["schedule"] if schedule else [])


def test_everything_that_is_wrong_is_told_at_once_with_its_key() -> None:
    bad = replace(
        GOOD,
        parameters={"source": "postgresql://bob:geheim@db/x", "format": "pdf"},
        schedule="nonsense",
        max_retries=-1,
        retry_delay=-5.0,
    )
    assert set(keys(bad)) == {
        "parameters.source",
        "parameters.query",
        "parameters.format",
        "schedule",
        "max_retries",
        "retry_delay",
    }
    # A due time is told though something else is wrong.
    assert len(check_report(report_catalog(), replace(bad, schedule="0 6 * * *")).firings) == 3
