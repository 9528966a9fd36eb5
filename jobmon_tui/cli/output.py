"""How the command line answers: JSON as fixed for scripts, plain lines for people."""

import json
import sys
from typing import Any

from jobmon_tui.domain.audit import AuditEntry, rfc3339
from jobmon_tui.domain.execution import Execution
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.look import ExecutionStory

GLYPHS = {"Queued": "…", "Running": "▶", "Succeeded": "✓", "Failed": "✗", "Cancelled": "⊘"}


def say(text: str) -> None:
    """Print a line for people on standard output."""
    sys.stdout.write(clean(text) + "\n")


def complain(text: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(clean(text) + "\n")


def print_json(document: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def execution_json(execution: Execution) -> dict[str, Any]:
    """Return an execution with the keys that scripts rely on."""
    values = {field: getattr(execution, field) for field in execution.__dataclass_fields__}
    for field in ("queued_at", "started_at", "finished_at"):
        values[field] = rfc3339(values[field]) if values[field] else None
    return values


def audit_json(audited: AuditEntry) -> dict[str, Any]:
    """Return an audit entry with the keys that scripts rely on."""
    values = {field: getattr(audited.entry, field) for field in audited.entry.__dataclass_fields__}
    return {"id": audited.id, **values, "at": rfc3339(audited.entry.at), "hash": audited.hash}


def story_json(story: ExecutionStory) -> dict[str, Any]:
    """Return what `show` prints."""
    return {
        **execution_json(story.details.execution),
        "configuration": json.loads(story.details.configuration),
        "error_detail": story.details.error_detail,
        "lineage": [execution_json(each) for each in story.lineage],
        "audit": [audit_json(each) for each in story.audit],
    }


def execution_line(execution: Execution) -> str:
    """Return one line of `list`."""
    glyph = GLYPHS[execution.status.value]
    queued = execution.queued_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    name = f"{one_line(execution.report, 40):<40}"
    line = f"#{execution.id:<6} {glyph} {execution.status.value:<9} {queued}  {name}"
    return f"{line} {one_line(execution.error or '', 80)}".rstrip()
