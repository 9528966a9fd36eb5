"""How a report reads: pure functions from what is known to short plain text."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from textual.content import Content

from jobmon_tui.domain.glyphs import status_text
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.facade import ReportOverview
from jobmon_tui.tui import times
from jobmon_tui.tui.story import Section, json_lines
from jobmon_tui.tui.themes import status_variable
from jobmon_tui.tui.times import full
from jobmon_tui.tui.widgets.cells import Line
from jobmon_tui.tui.widgets.plain_columns import PlainColumn, PlainColumns

COLUMNS = PlainColumns(
    (
        PlainColumn("Report", least=15),
        PlainColumn("Runner", 7),
        PlainColumn("Schedule", least=12),
        PlainColumn("Fires next", 11),
        PlainColumn("Last", 11),
    )
)
_NEXT = 11
PAUSED = "paused"


def schedule_text(draft: ReportDraft) -> str:
    """Return the schedule with its zone, a dash where there is none."""
    return one_line(f"{draft.schedule} {draft.timezone}") if draft.schedule else "-"


class ReportFace:
    """How a report reads in a line of the list."""

    def heading(self, width: int) -> Line:
        """Return the line above the rows."""
        return COLUMNS.heading(width)

    def line(self, record: ReportOverview, width: int) -> Line:
        """Return a report's line."""
        draft, last, paused = record.report.draft, record.last, record.report.paused
        now = times.now()
        told, style = (status_text(last.status), last.status.value.lower()) if last else ("-", "muted")
        return COLUMNS.line(
            width,
            {
                "Report": (one_line(draft.name), "row"),
                "Runner": (one_line(draft.runner), "muted"),
                "Schedule": (schedule_text(draft), "muted"),
                "Fires next": (PAUSED, "busy") if paused else (_next(record.next_due, now), "muted"),
                "Last": (told, style),
            },
        )


def _next(due: datetime | None, now: datetime) -> str:
    return times.short(due, now, _NEXT) if due is not None else "-"


def report_heading(overview: ReportOverview) -> Content:
    """Return the line on top: name and version."""
    name, version = one_line(overview.report.draft.name), overview.report.version
    return Content.assemble((name, "bold"), f"  (version {version})")


def report_sections(overview: ReportOverview) -> Sequence[Section]:
    """Return what is to be known of a report."""
    return (
        Section("facts", "Facts", _facts(overview)),
        Section("configuration", "Configuration", configuration(overview.report.draft)),
    )


def _facts(overview: ReportOverview) -> Content:
    report, draft, last = overview.report, overview.report.draft, overview.last
    fires = "paused: nothing until it is resumed" if report.paused else full(overview.next_due)
    rows: list[tuple[str, Content]] = [
        ("Schedule", Content(schedule_text(draft))),
        ("Fires next", Content(fires)),
    ]
    if report.last_skip is not None:
        due, reason = report.last_skip.due_at, clean(report.last_skip.reason)
        rows.append(("Skipped", Content(f"{full(due)}: {reason}")))
    if last is not None:
        told = Content.styled(status_text(last.status), status_variable(last.status))
        error = f"  {one_line(last.error)}" if last.error else ""
        rows.append(("Last", Content.assemble(f"#{last.id} ", told, f"  {full(last.queued_at)}{error}")))
    rows.append(("Changed", Content(full(report.updated_at))))
    return Content("\n").join(Content.assemble((f"{name:<11}", "$text-muted"), value) for name, value in rows)


def configuration(draft: ReportDraft) -> Content:
    """Return every key of a report, the parameters last."""
    keys = [field.name for field in fields(ReportDraft) if field.name != "parameters"]
    values = {key: getattr(draft, key) for key in keys}
    return Content(clean("\n".join(json_lines({**values, "parameters": dict(draft.parameters)}, 0))))
