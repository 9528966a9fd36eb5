"""How the command line answers: JSON as fixed for scripts, plain lines for people."""

import json
import sys
from dataclasses import asdict
from typing import Any

from jobmon_tui.domain.audit import AuditEntry, rfc3339
from jobmon_tui.domain.errors import JobmonError, storage_unavailable
from jobmon_tui.domain.execution import Execution
from jobmon_tui.domain.glyphs import GLYPHS
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.services.records import StoredOutput

_NOT_FOR_SCRIPTS = frozenset({"retried_by", "retried_by_status", "retried_by_not_before", "not_before"})


def put(text: str) -> None:
    """Write on standard output as it stands. Raises `storage_unavailable` where it does not take it."""
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise  # nobody reads on: no failure of ours
    except OSError as error:
        raise unwritable(error) from error


def unwritable(error: OSError) -> JobmonError:
    """Return what to say where standard output does not take what was written."""
    return storage_unavailable(
        f"Standard output cannot be written: {error.strerror or type(error).__name__}."
    )


def put_file(text: str) -> None:
    """Write what others will read as a file: UTF-8 in any locale, nothing replaced."""
    sys.stdout.flush()
    try:
        sys.stdout.buffer.write(text.encode())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(error) from error


def say(text: str) -> None:
    """Print for people on standard output."""
    put(clean(text) + "\n")


def complain(text: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(clean(text) + "\n")


def print_json(document: Any) -> None:
    """Print one JSON document."""
    put(json.dumps(document, indent=2) + "\n")


def local_time(moment: Any) -> str:
    """Return a time as the reader's clock shows it, `-` for None."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def execution_json(execution: Execution) -> dict[str, Any]:
    """Return an execution with the keys that scripts rely on."""
    values = {
        field: getattr(execution, field)
        for field in execution.__dataclass_fields__
        if field not in _NOT_FOR_SCRIPTS
    }
    for field in ("queued_at", "started_at", "finished_at"):
        values[field] = rfc3339(values[field]) if values[field] else None
    return values


def audit_json(audited: AuditEntry) -> dict[str, Any]:
    """Return an audit entry with the keys that scripts rely on."""
    values = {field: getattr(audited.entry, field) for field in audited.entry.__dataclass_fields__}
    return {"id": audited.id, **values, "at": rfc3339(audited.entry.at), "hash": audited.hash}


def output_json(output: StoredOutput) -> dict[str, Any]:
    """Return what an execution printed; `tail_start` and `total` in bytes."""
    return asdict(output)


def story_json(story: ExecutionStory) -> dict[str, Any]:
    """Return what `show` prints."""
    waits_until = story.details.execution.not_before
    return {
        **execution_json(story.details.execution),
        "configuration": json.loads(story.details.configuration),
        "error_detail": story.details.error_detail,
        "output_rows": story.details.output_rows,
        "output_size": story.details.output_size,
        "output_sha256": story.details.output_sha256,
        "not_before": rfc3339(waits_until) if waits_until else None,
        "waiting": story.waiting,
        "output": output_json(story.output),
        "lineage": [execution_json(each) for each in story.lineage],
        "audit": [audit_json(each) for each in story.audit],
    }


def execution_line(execution: Execution) -> str:
    """Return one line of `list`."""
    glyph = GLYPHS[execution.status]
    name = f"{one_line(execution.report, 40):<40}"
    line = f"#{execution.id:<6} {glyph} {execution.status.value:<9} {local_time(execution.queued_at)}  {name}"
    return f"{line} {one_line(execution.error or '', 80)}".rstrip()


def audit_line(audited: AuditEntry) -> str:
    """Return one line of `audit list`."""
    entry = audited.entry
    what = f"#{entry.execution_id}" if entry.execution_id else ""
    if entry.new_execution_id:
        what += f" → #{entry.new_execution_id}"
    outcome = entry.outcome if entry.code is None else f"{entry.outcome} ({entry.code})"
    who = f"{one_line(entry.actor, 20):<12} {entry.action:<16}"
    details = one_line(entry.details or "", 120)
    return f"{audited.id:<6} {local_time(entry.at)}  {who} {outcome} {what} {details}".rstrip()


def story_lines(story: ExecutionStory) -> list[str]:
    """Return what `show` prints for people."""
    details = story.details
    execution = details.execution
    by = f"{execution.trigger.value} by {execution.requested_by}"
    lines = [
        execution_line(execution),
        f"  queued {local_time(execution.queued_at)} ({by}), started {local_time(execution.started_at)}, "
        f"finished {local_time(execution.finished_at)}",
    ]
    if story.waiting:
        lines.append(f"  {story.waiting}")
    if execution.output_path:
        lines.append(f"  report file: {execution.output_path}")
    if details.file_size_words:
        lines.append(f"  it holds {details.file_size_words}")
    if details.output_sha256:
        lines.append(f"  SHA-256: {details.output_sha256}")
    if execution.worker:
        lines.append(f"  worker: {execution.worker}, attempt {execution.attempt}")
    pretty = json.dumps(json.loads(details.configuration), indent=2, ensure_ascii=False)
    state = execution.configuration_state.value
    lines += [f"Configuration (version {execution.configuration_version}; since then {state}):", pretty]
    if details.error_detail:
        lines += ["Error:", details.error_detail.rstrip()]
    if story.output.total:
        lines.append(f"Output: {story.output.total:,} bytes; see them with: jobmon output {execution.id}")
    if len(story.lineage) > 1:
        lines += ["Lineage:", *(f"  {execution_line(each)}" for each in story.lineage)]
    if story.audit:
        lines += ["Audit:", *(f"  {audit_line(each)}" for each in story.audit)]
    return lines
