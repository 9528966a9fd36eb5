"""What a report is, and the snapshot that each of its executions carries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A report as somebody wrote it, checked. `timeout` is in seconds; None means no limit."""

    name: str
    runner: str
    parameters: Mapping[str, Any]
    schedule: str | None = None
    timezone: str = "UTC"
    timeout: float | None = None
    queue: str = "default"
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A report as the database keeps it. `version` grows with each edit."""

    id: int
    version: int
    draft: ReportDraft
    created_at: datetime
    updated_at: datetime


def snapshot_text(draft: ReportDraft) -> str:
    """Return the configuration as canonical JSON: sorted keys, no spaces, so that equal means byte-equal."""
    body = {
        "name": draft.name,
        "runner": draft.runner,
        "parameters": dict(draft.parameters),
        "schedule": draft.schedule,
        "timezone": draft.timezone,
        "timeout": draft.timeout,
        "queue": draft.queue,
        "priority": draft.priority,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
