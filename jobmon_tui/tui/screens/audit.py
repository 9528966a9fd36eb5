"""Who did what: the audit log, newest first."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.story import local
from jobmon_tui.tui.widgets.line_table import LineTable

PAGE = 100
_COLUMNS = (("At", 19), ("Actor", 10), ("Action", 19), ("Allowed", 7), ("Execution", 13), ("Origin", None))


class AuditTable(LineTable):
    """The entries."""

    BINDING_GROUP_TITLE = "Audit entries"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home,g", "scroll_top", "Newest", show=False),
        Binding("end,G", "scroll_bottom", "Oldest loaded", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="audit-table")


class AuditScreen(Screen[None]):
    """The log above, the chosen entry below. At its end the next page is fetched."""

    BINDING_GROUP_TITLE = "Audit"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("a", "app.pop_screen", "Back", show=False, id="audit"),
        Binding("r", "again", "Read again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[AuditEntry] = []
        self._at_end = False
        self._loading = False

    def compose(self) -> ComposeResult:
        """Lay out the table over the details."""
        yield Static("Audit log, newest first", markup=False, id="audit-title", classes="screen-title")
        yield AuditTable()
        with VerticalScroll(id="audit-details", can_focus=False):
            yield Static("", markup=False, id="audit-entry")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Read the newest page."""
        table = self.query_one(AuditTable)
        for label, width in _COLUMNS:
            table.add_column(Text(label), width=width)
        table.focus()
        self._more()

    def action_again(self) -> None:
        """Read the newest page again."""
        if not self._loading:
            self._entries, self._at_end = [], False
            self.query_one(AuditTable).clear()
            self._more()

    def _more(self) -> None:
        if not self._loading and not self._at_end:
            self._loading = True
            self.run_worker(self._load())

    async def _load(self) -> None:
        app = frame(self)
        before = self._entries[-1].id if self._entries else None
        try:
            page = await app.services.audit(app.caller, PAGE, before)
        except JobmonError as error:
            app.refused(error)
            return
        finally:
            self._loading = False
        self._at_end = len(page) < PAGE
        self._add(page)

    def _add(self, page: Sequence[AuditEntry]) -> None:
        self._entries += page
        table = self.query_one(AuditTable)
        table.add_rows(_row(entry) for entry in page)
        more = "" if self._at_end else ", more below"
        count = f"{len(self._entries):,} entries{more}" if self._entries else "no entries yet"
        self.query_one("#audit-title", Static).update(Content(f"Audit log, newest first: {count}"))

    @on(DataTable.RowHighlighted)
    def chosen(self, event: DataTable.RowHighlighted) -> None:
        """Show the entry below, and fetch the next page near the end."""
        if event.cursor_row < len(self._entries):
            self.query_one("#audit-entry", Static).update(_details(self._entries[event.cursor_row]))
            self.query_one("#audit-details").scroll_home(animate=False)
        if event.cursor_row >= len(self._entries) - PAGE // 4:
            self._more()
        self.query_one(AuditTable).lead_the_cursor(event.cursor_row)


def _executions(entry: AuditEntry) -> str:
    first, new = entry.entry.execution_id, entry.entry.new_execution_id
    made = f"→ #{new}" if new is not None else ""
    return f"#{first} {made}".strip() if first is not None else made


def _row(audited: AuditEntry) -> Sequence[Text]:
    entry = audited.entry
    return [
        Text(each, no_wrap=True)
        for each in (
            local(entry.at),
            one_line(entry.actor),
            one_line(entry.action),
            "✓ yes" if entry.outcome == "allowed" else "✗ no",
            _executions(audited),
            one_line(entry.origin),
        )
    ]


def _details(audited: AuditEntry) -> Content:
    entry = audited.entry
    outcome = entry.outcome if entry.code is None else f"{entry.outcome}: {entry.code}"
    rows = [
        ("Entry", f"#{audited.id}  {local(entry.at)}"),
        ("Who", f"{one_line(entry.actor)} ({entry.role}) from {one_line(entry.origin)}"),
        ("What", f"{one_line(entry.action)} {_executions(audited)}"),
        ("Outcome", one_line(outcome)),
        ("Details", clean(entry.details or "-")),
        ("Hash", audited.hash),
    ]
    return Content("\n").join(Content.assemble((f"{name:<9}", "$text-muted"), value) for name, value in rows)
