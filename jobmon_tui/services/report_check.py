"""Looking at a report while it is written: what is wrong with it, and when it would fire."""

from collections.abc import Callable, Sequence
from datetime import datetime

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.audited import utc_now
from jobmon_tui.services.facade import ReportCheck
from jobmon_tui.services.problems import Problem, problems_of
from jobmon_tui.services.reports import ReportCatalog, check_draft

FIRINGS = 3
"""Due times that are told."""


def check_report(
    catalog: ReportCatalog, draft: ReportDraft, *, clock: Callable[[], datetime] = utc_now
) -> ReportCheck:
    """Return every problem that saving would find in the draft itself, and its next due times."""
    problems: Sequence[Problem] = ()
    try:
        check_draft(catalog, draft)
    except JobmonError as refusal:
        problems = problems_of(refusal)
    firings: list[datetime] = []
    moment = clock()
    while len(firings) < FIRINGS and (due := catalog.next_due(draft, moment)) is not None:
        firings.append(due)
        moment = due
    return ReportCheck(problems, firings)
