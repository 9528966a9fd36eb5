"""Reports as rows."""

import json
from typing import Any

from sqlalchemy import Select, bindparam, select

from jobmon_tui.domain.report import Report, ReportDraft, Skip
from jobmon_tui.storage.tables import report_states, reports

REPORTS: Select[Any] = select(
    reports, report_states.c.skipped_due, report_states.c.skipped_reason
).select_from(reports.outerjoin(report_states, report_states.c.configuration_id == reports.c.id))
"""Reports with what `report_of` needs."""
_HELD = REPORTS.with_for_update(key_share=True, of=reports)
HELD_REPORT: Select[Any] = _HELD.where(reports.c.id == bindparam("wanted"))
"""One report by its id, kept from others until the transaction ends; in a write only."""
HELD_REPORT_NAMED: Select[Any] = _HELD.where(reports.c.name == bindparam("wanted"))
"""The same by its name."""


def report_of(row: Any) -> Report:
    """Build a report from a row of `REPORTS`."""
    draft = ReportDraft(
        name=row.name,
        runner=row.runner,
        parameters=json.loads(row.parameters),
        schedule=row.schedule,
        timezone=row.timezone,
        timeout=row.timeout,
        queue=row.queue,
        priority=row.priority,
        misfire=row.misfire,
        overlap=bool(row.overlap),
        max_concurrent=row.max_concurrent,
        max_retries=row.max_retries,
        retry_delay=row.retry_delay,
        on_lost=row.on_lost,
    )
    skip = Skip(row.skipped_due, row.skipped_reason) if row.skipped_due is not None else None
    return Report(row.id, row.version, draft, row.created_at, row.updated_at, bool(row.paused), skip)


def columns_of(draft: ReportDraft) -> dict[str, Any]:
    """Return a draft's columns."""
    values = {field: getattr(draft, field) for field in draft.__dataclass_fields__}
    values["parameters"] = json.dumps(
        dict(draft.parameters), sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    return values
