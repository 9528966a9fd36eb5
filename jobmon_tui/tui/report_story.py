"""How a report reads: pure functions from what is known to short plain text."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from textual.content import Content

from jobmon_tui.domain.glyphs import status_text
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.facade import ReportOverview
from jobmon_tui.tui.rows import moment
from jobmon_tui.tui.story import json_lines, local
from jobmon_tui.tui.themes import status_variable

COLUMNS = ("Report", "Runner", "Schedule", "Fires next", "Last")
_NEXT, _LAST, _RUNNER, _PADDING = 11, 11, 7, 2
PAUSED = "paused"


def widths(total: int) -> Sequence[int]:
    """Return the width of each column in a table of `total` cells; names and schedules share what is left."""
    left = max(20, total - len(COLUMNS) * _PADDING - _RUNNER - _NEXT - _LAST)
    schedule = min(34, left // 2)
    return (left - schedule, _RUNNER, schedule, _NEXT, _LAST)


def schedule_text(draft: ReportDraft) -> str:
    """Return the schedule with its zone, a dash where there is none."""
    return one_line(f"{draft.schedule} {draft.timezone}") if draft.schedule else "-"


def cells(overview: ReportOverview, now: datetime) -> Sequence[str]:
    """Return what stands in each column. `now` says which day is today, in the reader's zone."""
    draft, last = overview.report.draft, overview.last
    return (
        one_line(draft.name),
        one_line(draft.runner),
        schedule_text(draft),
        PAUSED if overview.report.paused else _next(overview.next_due, now),
        status_text(last.status) if last is not None else "-",
    )


def _next(due: datetime | None, now: datetime) -> str:
    return moment(due, now, _NEXT) if due is not None else "-"


def summary(overview: ReportOverview) -> Content:
    """Return what is to be known of a report, a line each."""
    report, draft, last = overview.report, overview.report.draft, overview.last
    fires = "paused: nothing until it is resumed" if report.paused else local(overview.next_due)
    rows: list[tuple[str, Content]] = [
        ("Report", Content(f"{one_line(draft.name)}  (version {report.version})")),
        ("Schedule", Content(schedule_text(draft))),
        ("Fires next", Content(fires)),
    ]
    if report.last_skip is not None:
        due, reason = report.last_skip.due_at, clean(report.last_skip.reason)
        rows.append(("Skipped", Content(f"{local(due)}: {reason}")))
    if last is not None:
        told = Content.styled(status_text(last.status), status_variable(last.status))
        error = f"  {one_line(last.error)}" if last.error else ""
        rows.append(("Last", Content.assemble(f"#{last.id} ", told, f"  {local(last.queued_at)}{error}")))
    return Content("\n").join(Content.assemble((f"{name:<11}", "$text-muted"), value) for name, value in rows)


def configuration(draft: ReportDraft) -> Content:
    """Return every key of a report, the parameters last."""
    keys = [field.name for field in fields(ReportDraft) if field.name != "parameters"]
    values = {key: getattr(draft, key) for key in keys}
    return Content(clean("\n".join(json_lines({**values, "parameters": dict(draft.parameters)}, 0))))
