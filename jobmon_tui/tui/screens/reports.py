"""The reports: when each fires next, how it went last; queue it now, pause it, see its configuration."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.roles import Verb, may, require
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.facade import ReportOverview
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.report_story import COLUMNS, cells, configuration, summary, widths
from jobmon_tui.tui.rows import cut
from jobmon_tui.tui.screens.live import Live
from jobmon_tui.tui.widgets.line_table import LineTable
from jobmon_tui.tui.widgets.pager import Pager

_VERBS = {"queue": Verb.RUN, "pause": Verb.EDIT_REPORTS}


class ReportsTable(LineTable):
    """The reports by name."""

    BINDING_GROUP_TITLE = "List of reports"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Configuration", tooltip="Show the report's configuration"),
    ]

    def __init__(self) -> None:
        super().__init__(id="reports-table")


class ConfigurationScreen(Screen[None]):
    """One report's configuration as it stands now."""

    BINDING_GROUP_TITLE = "Configuration"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("enter", "app.pop_screen", "Back", show=False, id="open"),
    ]

    def __init__(self, overview: ReportOverview) -> None:
        super().__init__()
        self._report = overview.report

    def compose(self) -> ComposeResult:
        """Lay out the keys one below the other."""
        title = f"{one_line(self._report.draft.name)}: version {self._report.version}"
        yield Static(title, markup=False, classes="screen-title")
        with Pager():
            yield Static(configuration(self._report.draft), id="configuration")
        yield Footer(show_command_palette=False)


class ReportsScreen(Screen[None]):
    """The list above, the chosen report below; both follow the database."""

    BINDING_GROUP_TITLE = "Reports"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "queue", "Queue", tooltip="Queue this report now"),
        Binding("n", "explain('queue')", show=False, system=True),
        Binding("p", "pause", "Pause/resume", tooltip="Pause this report's schedule, or go on with it"),
        Binding("p", "explain('pause')", show=False, system=True),
        Binding("escape", "app.pop_screen", "Back"),
        Binding("s", "app.pop_screen", "Back", show=False, id="reports"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._overviews: Sequence[ReportOverview] = ()
        self._rows: Sequence[Sequence[str]] = ()
        self._old: str | None = None
        self._acting: set[int] = set()

    def compose(self) -> ComposeResult:
        """Lay out the table over the summary."""
        yield Static("Reports", markup=False, id="reports-title", classes="screen-title")
        yield ReportsTable()
        with VerticalScroll(id="report-details", can_focus=False):
            yield Static("", markup=False, id="report-summary")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Start reading."""
        self.query_one(ReportsTable).focus()
        self.run_worker(self._stay_live(), group="live")

    async def _stay_live(self) -> None:
        app = frame(self)
        try:
            await Live(app.services.changes, self._renew, self._fresh, self._stale).run()
        except JobmonError as error:
            self._stale(error.message)
            app.refused(error)

    async def _renew(self) -> None:
        app = frame(self)
        current = self._current
        self._overviews = await app.services.report_overviews(app.caller)
        self._lay(current.report.id if current is not None else None)

    def _fresh(self) -> None:
        self._old = None
        self._say()

    def _stale(self, reason: str) -> None:
        self._old = reason
        self._say()

    def on_resize(self, _event: events.Resize) -> None:
        """Give each column its part of the new width."""
        self._rows = ()
        current = self._current
        self._lay(current.report.id if current is not None else None)

    # What is shown

    def _lay(self, wish: int | None) -> None:
        """Paint the rows where anything differs, with the cursor on the report that it was on."""
        table = self.query_one(ReportsTable)
        columns = widths(table.size.width or self.app.size.width)
        now = datetime.now().astimezone()
        rows = [
            [cut(text, width) for text, width in zip(cells(each, now), columns, strict=True)]
            for each in self._overviews
        ]
        if rows == self._rows and rows:
            self._summarize()
            return
        self._rows = rows
        with self.prevent(DataTable.RowHighlighted):
            table.clear(columns=True)
            for label, width in zip(COLUMNS, columns, strict=True):
                table.add_column(Text(label), width=width)
            table.add_rows([Text(text, no_wrap=True) for text in row] for row in rows)
            ids = [each.report.id for each in self._overviews]
            if wish in ids:
                table.move_cursor(row=ids.index(wish), animate=False)
        self._summarize()

    def _say(self) -> None:
        paused = sum(each.report.paused for each in self._overviews)
        said = f"Reports: {len(self._overviews):,}" + (f", {paused:,} paused" if paused else "")
        if self._old is not None:
            said = f"{said} · old data: {one_line(self._old)}"
        elif not self._overviews:
            said = "There are no reports yet: jobmon reports add, or import"
        title = self.query_one("#reports-title", Static)
        if title.content != Content(said):
            title.update(Content(said))

    @property
    def _current(self) -> ReportOverview | None:
        row = self.query_one(ReportsTable).cursor_row
        return self._overviews[row] if 0 <= row < len(self._overviews) else None

    def _summarize(self) -> None:
        overview = self._current
        told = summary(overview) if overview is not None else Content("")
        shown = self.query_one("#report-summary", Static)
        if shown.content != told:
            shown.update(told)

    @on(DataTable.RowHighlighted)
    def chosen(self, event: DataTable.RowHighlighted) -> None:
        """Show the report below."""
        self._summarize()
        self.query_one(ReportsTable).lead_the_cursor(event.cursor_row)

    @on(DataTable.RowSelected)
    def opened(self) -> None:
        """Show the configuration."""
        if self._current is not None:
            self.app.push_screen(ConfigurationScreen(self._current))

    # What is done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Give each key to the action where it is permitted, or else to its explanation."""
        role = frame(self).actor.role
        if action in _VERBS:
            return may(role, _VERBS[action])
        if action == "explain":
            return not may(role, _VERBS[str(parameters[0])])
        return super().check_action(action, parameters)

    def action_explain(self, action: str) -> None:
        """Say why a key does nothing, in the words of the rule."""
        app = frame(self)
        try:
            require(app.actor, _VERBS[action])
        except JobmonError as refusal:
            app.refused(refusal)

    def action_queue(self) -> None:
        """Queue the cursor's report now."""
        if self._current is not None:
            self.run_worker(self._queue(self._current), group="acting")

    async def _queue(self, overview: ReportOverview) -> None:
        app = frame(self)
        name = overview.report.draft.name
        try:
            queued = await app.services.run(app.caller, name)
        except JobmonError as error:
            app.refused(error)
        else:
            app.told(f"“{one_line(name)}” was queued as #{queued.execution.id}.")

    def action_pause(self) -> None:
        """Pause the cursor's report, or go on with it; a second press while one is under way does nothing."""
        overview = self._current
        if overview is not None and overview.report.id not in self._acting:
            self._acting.add(overview.report.id)
            self.run_worker(self._pause(overview), group="acting")

    async def _pause(self, overview: ReportOverview) -> None:
        app = frame(self)
        name, paused = overview.report.draft.name, not overview.report.paused
        try:
            await app.services.pause_report(app.caller, name, paused)
            # Read before the next press can be made, so that it means what is shown.
            await self._renew()
        except JobmonError as error:
            app.refused(error)
        else:
            did = "is paused: its schedule fires nothing" if paused else "goes on with its schedule"
            app.told(f"“{one_line(name)}” {did}.")
            self._say()
        finally:
            self._acting.discard(overview.report.id)
