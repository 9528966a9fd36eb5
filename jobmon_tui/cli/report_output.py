"""How the `reports` commands answer."""

from collections.abc import Sequence
from typing import Any

from jobmon_tui.cli.output import local_time
from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.report import Report
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.facade import ReportOverview


def report_json(report: Report) -> dict[str, Any]:
    """Return a report with the keys that scripts rely on; `timeout` and `retry_delay` in seconds."""
    skip = report.last_skip
    return {
        "id": report.id,
        "version": report.version,
        **{field: getattr(report.draft, field) for field in report.draft.__dataclass_fields__},
        "parameters": dict(report.draft.parameters),
        "paused": report.paused,
        "last_skip": None if skip is None else {"due_at": rfc3339(skip.due_at), "reason": skip.reason},
        "created_at": rfc3339(report.created_at),
        "updated_at": rfc3339(report.updated_at),
    }


def overview_json(overview: ReportOverview) -> dict[str, Any]:
    """Return a report with when it fires next and how it went last."""
    last = overview.last
    return {
        **report_json(overview.report),
        "next_due": None if overview.next_due is None else rfc3339(overview.next_due),
        "last_id": None if last is None else last.id,
        "last_status": None if last is None else last.status.value,
    }


def _next(overview: ReportOverview) -> str:
    if overview.report.paused:
        return "paused"
    return "-" if overview.next_due is None else local_time(overview.next_due)


def overview_line(overview: ReportOverview) -> str:
    """Return one line of `reports list`; its time is when the report fires next."""
    report, draft = overview.report, overview.report.draft
    schedule = f"{draft.schedule} {draft.timezone}" if draft.schedule else "no schedule"
    name = f"{one_line(draft.name, 60):<40} {draft.runner:<8} v{report.version:<4}"
    return f"{name} {_next(overview):<19}  {one_line(schedule, 60)}"


def overview_notes(overview: ReportOverview) -> Sequence[str]:
    """Return what `reports show` says over the report itself."""
    report = overview.report
    notes = [f"version {report.version}"]
    if report.paused:
        notes.append("paused: its schedule fires nothing")
    elif overview.next_due is not None:
        notes.append(f"fires next {local_time(overview.next_due)}")
    if overview.last is not None:
        notes.append(f"last execution #{overview.last.id} {overview.last.status.value}")
    if report.last_skip is not None:
        notes.append(f"fired nothing {local_time(report.last_skip.due_at)}: {report.last_skip.reason}")
    return notes
