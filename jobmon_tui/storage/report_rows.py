"""Reports as rows."""

import json
from typing import Any

from sqlalchemy import Row

from jobmon_tui.domain.report import Report, ReportDraft


def report_of(row: Row[Any]) -> Report:
    """Build a report from its row."""
    draft = ReportDraft(
        name=row.name,
        runner=row.runner,
        parameters=json.loads(row.parameters),
        schedule=row.schedule,
        timezone=row.timezone,
        timeout=row.timeout,
        queue=row.queue,
        priority=row.priority,
    )
    return Report(row.id, row.version, draft, row.created_at, row.updated_at)


def columns_of(draft: ReportDraft) -> dict[str, Any]:
    """Return a draft's columns."""
    values = {field: getattr(draft, field) for field in draft.__dataclass_fields__}
    values["parameters"] = json.dumps(
        dict(draft.parameters), sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    return values
