"""How an execution's story reads: pure functions from what is known to sections of text.

All that comes from data is cleaned here, and stands in `Content`, which reads no markup.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.execution import ConfigurationState, Execution, ExecutionDetails
from jobmon_tui.domain.glyphs import status_text
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.services.records import StoredOutput
from jobmon_tui.tui.full_text import NOTHING, dropped, error_parts
from jobmon_tui.tui.rows import duration
from jobmon_tui.tui.themes import status_variable
from jobmon_tui.tui.times import full, local

_LINES = 300
_CHARACTERS = 16 * 1024
"""Of the output so many lines are shown from each end, and no more characters: breaking one line of megabytes
took seconds. Full screen there is all that is kept."""

_ERROR_FIRST, _ERROR_LAST = 8, 16
"""Lines of a long error shown from each end."""

CONFIGURATION = {
    ConfigurationState.UNCHANGED: "The report is unchanged since.",
    ConfigurationState.CHANGED: "The report was edited since: a retry uses this snapshot.",
    ConfigurationState.DELETED: "The report was deleted: it cannot be retried.",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it. `key` is its name in the layout."""

    key: str
    title: str
    body: Content


def heading(execution: Execution) -> Content:
    """Return the line on top: id, report, status."""
    return Content.assemble(
        (f"#{execution.id} ", "bold"),
        (one_line(execution.report), "bold"),
        "  ",
        (status_text(execution.status), status_variable(execution.status)),
    )


def sections(story: ExecutionStory, key: str = "") -> Sequence[Section]:
    """Return what is to be read, the most wanted first; empty ones are left out.

    `key` opens what has no room here; empty where there is none.
    """
    details, execution = story.details, story.details.execution
    found = []
    if story.waiting is not None:
        found.append(Section("waiting", "Why it waits", Content(clean(story.waiting))))
    if execution.error or details.error_detail:
        found.append(Section("error", "Error", _error(details, key)))
    found.append(Section("facts", "Facts", _facts(details, len(story.lineage) > 1)))
    if len(story.lineage) > 1:
        found.append(Section("lineage", "Lineage", _lineage(story.lineage, execution.id)))
    found.append(Section("output", "Output", _output(story.output, execution, key)))
    found.append(Section("snapshot", "Configuration", _snapshot(details.configuration, execution)))
    if story.audit:
        found.append(Section("audit", "Audit", Content("\n").join(_audit_line(each) for each in story.audit)))
    return found


def _error(details: ExecutionDetails, key: str) -> Content:
    said, detail = error_parts(details)
    more = detail.split("\n") if detail else []
    parts = [Content.styled(said, "bold $text-error")] if said else []
    left_out = len(more) - _ERROR_FIRST - _ERROR_LAST
    if left_out > 1:
        # What ended it mostly stands last, and the whole of it a few headings further down.
        told = f"… {left_out:,} more lines{_way(key)} …"
        parts.append(Content("\n".join(more[:_ERROR_FIRST])))
        parts.append(Content.styled(told, "$text-warning"))
        more = more[-_ERROR_LAST:]
    if more:
        parts.append(Content("\n".join(more)))
    return Content("\n").join(parts)


def _facts(details: ExecutionDetails, has_lineage: bool) -> Content:
    execution = details.execution
    attempt = f"{execution.attempt}"
    if execution.retry_of is not None and not has_lineage:
        attempt += f", retry of #{execution.retry_of}"
    rows = [
        ("Asked by", f"{one_line(execution.requested_by)} ({execution.trigger.value})"),
        ("Queued", full(execution.queued_at)),
        ("Started", full(execution.started_at)),
        ("Finished", full(execution.finished_at)),
        ("Took", duration(execution.duration_ms) if execution.duration_ms is not None else "-"),
        ("Attempt", attempt),
        ("Worker", one_line(execution.worker or "-")),
    ]
    if execution.output_path:
        rows.append(("Written to", clean(execution.output_path)))
    if details.file_size_words:
        rows.append(("It holds", details.file_size_words))
    if details.output_sha256:
        rows.append(("SHA-256", clean(details.output_sha256)))
    return Content("\n").join(Content.assemble((f"{name:<11}", "$text-muted"), value) for name, value in rows)


def _lineage(lineage: Sequence[Execution], here: int) -> Content:
    lines = []
    for at, each in enumerate(lineage):
        lines.append(
            Content.assemble(
                "→ " if at else "  ",
                (f"#{each.id}", "bold" if each.id == here else ""),
                " ",
                (status_text(each.status), status_variable(each.status)),
                (f"  {local(each.queued_at)}  {one_line(each.requested_by)}", "$text-muted"),
                ("  ← this one" if each.id == here else "", "$text-muted"),
            )
        )
    return Content("\n").join(lines)


def _output(output: StoredOutput, execution: Execution, key: str) -> Content:
    if not output.head and not output.tail:
        return Content.styled(NOTHING.get(execution.status, "It printed nothing."), "$text-muted")
    head, tail = clean(output.head).rstrip("\n"), clean(output.tail).rstrip("\n")
    first = _first(head)
    missing = []
    if output.is_cut:
        last = _last(tail)
        skipped = f"{head[len(first) :]}\n{tail[: len(tail) - len(last)]}".strip("\n")
        missing.append(f"{dropped(output):,} bytes were not kept")
    else:
        rest = head[len(first) :]
        last = _last(rest)
        skipped = rest[: len(rest) - len(last)].strip("\n")
        if not skipped:
            return Content(head)
    if skipped:
        lines = skipped.count("\n") + 1
        what = f"{lines:,} more lines" if lines > 1 else f"{len(skipped):,} more characters"
        missing.append(f"{what}{_way(key)}")
    gap = Content.styled(f"… {'; '.join(missing)} …", "$text-warning")
    return Content("\n").join([Content(first), gap, Content(last.lstrip("\n"))])


def _way(key: str) -> str:
    return f": press {key}" if key else ""


def _first(text: str) -> str:
    return "\n".join(text[:_CHARACTERS].split("\n")[:_LINES])


def _last(text: str) -> str:
    return "\n".join(text[-_CHARACTERS:].split("\n")[-_LINES:])


def _snapshot(configuration: str, execution: Execution) -> Content:
    try:
        body = "\n".join(json_lines(json.loads(configuration), 0))
    except ValueError:
        body = configuration
    state = execution.configuration_state
    style = "$text-muted" if state is ConfigurationState.UNCHANGED else "$text-warning"
    about = f"Version {execution.configuration_version}. {CONFIGURATION[state]}"
    return Content.assemble((about, style), "\n", clean(body))


def json_lines(value: object, depth: int) -> Sequence[str]:
    """Return a JSON value as indented lines; a text of many lines, such as a query, keeps its lines."""
    pad = "  " * depth
    lines: list[str] = []
    if isinstance(value, dict):
        for key, each in value.items():
            lines += _entry(f"{pad}{key}:", each, depth)
    elif isinstance(value, list):
        for each in value:
            lines += _entry(f"{pad}-", each, depth)
    elif isinstance(value, str):
        lines += [f"{pad}{line}" for line in value.strip("\n").split("\n")]
    else:
        lines.append(f"{pad}{json.dumps(value)}")
    return lines


def _entry(label: str, value: object, depth: int) -> Sequence[str]:
    below = json_lines(value, depth + 1)
    if isinstance(value, dict | list):
        return [label, *below] if value else [f"{label} {json.dumps(value)}"]
    return [f"{label} {below[0].strip()}"] if len(below) == 1 else [label, *below]


def _audit_line(audited: AuditEntry) -> Content:
    entry = audited.entry
    made = f" → #{entry.new_execution_id}" if entry.new_execution_id is not None else ""
    allowed = entry.outcome == "allowed"
    outcome = entry.outcome if entry.code is None else f"{entry.outcome}: {entry.code}"
    return Content.assemble(
        (f"{local(entry.at)}  ", "$text-muted"),
        f"{one_line(entry.actor)}  {entry.action}{made}  ",
        (one_line(outcome), "$text-success" if allowed else "$text-error"),
        (f"  {one_line(entry.origin)}", "$text-muted"),
    )
