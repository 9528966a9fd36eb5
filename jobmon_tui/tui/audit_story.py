"""How an audit entry reads: in a line of the list, and as details."""

from collections.abc import Sequence

from textual.content import Content

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.tui.story import Section
from jobmon_tui.tui.times import ago, full, local, now, reader, zone_names
from jobmon_tui.tui.widgets.cells import Line
from jobmon_tui.tui.widgets.plain_columns import PlainColumn, PlainColumns

_COLUMNS = PlainColumns(
    (
        PlainColumn("At", 19),
        PlainColumn("Actor", 12),
        PlainColumn("Action", 15),
        PlainColumn("Allowed", 7),
        PlainColumn("Execution", least=15),
        PlainColumn("Origin", from_width=96),
    )
)


class AuditFace:
    """How an entry reads in a line."""

    def heading(self, width: int) -> Line:
        """Return the line above the rows."""
        return _COLUMNS.heading(width, {"At": f"At ({zone_names()})"})

    def line(self, record: AuditEntry, width: int) -> Line:
        """Return an entry's line."""
        entry = record.entry
        allowed = entry.outcome == "allowed"
        return _COLUMNS.line(
            width,
            {
                "At": (ago(entry.at, now()) if reader.relative else local(entry.at), "muted"),
                "Actor": (one_line(entry.actor), "row"),
                "Action": (one_line(entry.action), "row"),
                "Allowed": ("✓ yes", "succeeded") if allowed else ("✗ no", "failed"),
                "Execution": (executions(record), "row"),
                "Origin": (one_line(entry.origin), "muted"),
            },
        )


def executions(audited: AuditEntry) -> str:
    """Return what an entry is about, such as `#12 → #13`; empty where it is about no execution."""
    first, new = audited.entry.execution_id, audited.entry.new_execution_id
    made = f"→ #{new}" if new is not None else ""
    return f"#{first} {made}".strip() if first is not None else made


def audit_heading(audited: AuditEntry) -> Content:
    """Return the line on top: number, action, outcome."""
    entry = audited.entry
    colour = "$text-success" if entry.outcome == "allowed" else "$text-error"
    return Content.assemble(
        (f"Entry #{audited.id} ", "bold"),
        (one_line(entry.action), "bold"),
        "  ",
        (one_line(entry.outcome), colour),
    )


def audit_sections(audited: AuditEntry) -> Sequence[Section]:
    """Return the whole entry."""
    entry = audited.entry
    outcome = entry.outcome if entry.code is None else f"{entry.outcome}: {entry.code}"
    facts = [
        ("At", full(entry.at)),
        ("Who", f"{one_line(entry.actor)} ({one_line(entry.role)}) from {one_line(entry.origin)}"),
        ("Written by", one_line(entry.known or "-")),
        ("What", f"{one_line(entry.action)} {executions(audited)}".strip()),
        ("Outcome", one_line(outcome)),
        ("Details", clean(entry.details or "-")),
    ]
    chain = [("Hash", audited.hash), ("Before it", audited.previous_hash)]
    return (Section("facts", "Facts", _rows(facts)), Section("chain", "Chain", _rows(chain)))


def _rows(pairs: Sequence[tuple[str, str]]) -> Content:
    lines = [Content.assemble((f"{name:<11}", "$text-muted"), value) for name, value in pairs]
    return Content("\n").join(lines)
