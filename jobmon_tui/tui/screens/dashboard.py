"""The dashboard: the live table under its header, details beside or below it, filters, and the keys."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.css.query import NoMatches

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.roles import Verb
from jobmon_tui.domain.search import Search
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui import rows
from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.held import Needs, waits
from jobmon_tui.tui.page_source import ServicesSource
from jobmon_tui.tui.run_lengths import RunLengths
from jobmon_tui.tui.screens.beside import WIDE, layout_css
from jobmon_tui.tui.screens.choosing import ChoosingScreen
from jobmon_tui.tui.screens.copying import CopyingScreen
from jobmon_tui.tui.screens.day_reader import DayReader
from jobmon_tui.tui.screens.details_reader import DetailsReader
from jobmon_tui.tui.screens.filtering import SEARCH_HELP, FilteringScreen
from jobmon_tui.tui.screens.freshness import Freshness
from jobmon_tui.tui.screens.hints import empty_notice, hint
from jobmon_tui.tui.screens.live import Live
from jobmon_tui.tui.screens.viewing import ViewingScreen
from jobmon_tui.tui.widgets.details import DetailsPanel
from jobmon_tui.tui.widgets.execution_table import ExecutionTable
from jobmon_tui.tui.widgets.header_bar import HeaderBar, HeaderState
from jobmon_tui.tui.widgets.hint_line import HintLine
from jobmon_tui.tui.widgets.key_bar import KeyBar
from jobmon_tui.tui.widgets.search_input import SearchInput
from jobmon_tui.tui.widgets.search_note import SearchNote
from jobmon_tui.tui.widgets.status_line import StatusLine, filter_text
from jobmon_tui.tui.widgets.table_messages import DetailsRequested, LoadFailed, NewAbove, RowHighlighted
from jobmon_tui.tui.working import start


class DashboardScreen(FilteringScreen, ChoosingScreen, ViewingScreen, CopyingScreen):
    """Owns the state and awaits the services; the widgets only show."""

    BINDING_GROUP_TITLE = "Executions"
    DEFAULT_CSS = layout_css("DashboardScreen", "ExecutionTable", "DetailsPanel")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "go_to_retry", "Its retry", tooltip="Go to the retry of this execution"),
        Binding("t", "explain('go_to_retry')", show=False, system=True),
        Binding("d", "toggle_details", "Details", tooltip="Show or hide the details"),
        Binding("slash", "search", "Search", key_display="/", tooltip=SEARCH_HELP),
        *(
            Binding(str(key), f"toggle_status('{status.name}')", f"Only {status.value}", show=False)
            for key, status in enumerate(Status, start=1)
        ),
        # The status line teaches this one beside the filter: the footer has no room for it at 80 cells.
        Binding("0", "show_all", "Show all", show=False, tooltip="Show all: clears every filter"),
        Binding("escape", "back", "Back", show=False, tooltip="Close the details, or else show all"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._data = Freshness()
        self._abilities: tuple[bool, ...] = ()
        self._reader = DetailsReader(self._read_story)
        self._lengths = RunLengths()
        self._day = DayReader()

    def compose(self) -> ComposeResult:
        """Lay out header, table, details, status line and keys."""
        host = self.host
        yield HeaderBar(HeaderState(host.actor, host.services.database_name))
        with Container(id="main"):
            yield ExecutionTable(ServicesSource(host), may_retry=host.actor.may(Verb.RETRY))
            yield DetailsPanel()
        yield HintLine(host.options.extra)
        yield SearchInput()
        yield StatusLine()
        yield KeyBar()
        yield SearchNote()

    def on_mount(self) -> None:
        """Start reading; the first paint waits for no row."""
        if not self.query(ExecutionTable):
            return  # the application ends already
        self.ready = True
        self.table.set_notice("Reading …")
        self.wear_columns()
        self.table.focus()
        self.set_interval(1.0, self._tick)
        start(self, self._stay_live, group="live")
        start(self, self._reader.run, group="details")
        start(self, partial(self._day.run, self.host, self.in_sight), group="day")

    def on_resize(self, event: events.Resize) -> None:
        """Put the details where there is room."""
        self.query_one("#main").set_class(event.size.width >= WIDE, "-wide")

    # Live

    async def _stay_live(self) -> None:
        live = Live(self.host.services.changes, self._renew, self._fresh, self._stale)
        try:
            await live.run()
        except NoMatches:
            # The parts are taken down before the screen, and before this is told to end.
            if self.query(ExecutionTable):
                raise
        except JobmonError as error:
            # Taken down meanwhile, by whoever was told of the same first: they have said why.
            if self.query(HeaderBar):
                self._stale(error.message)
                self.host.refused(error)

    async def _renew(self) -> None:
        await self.host.line_rests()
        # Beneath another screen whatever is painted here would paint that one anew, line by line.
        await self.in_sight.wait()
        if not self.ready:
            return  # closed meanwhile
        if self.table.overview is None or self.table.wanted != self._wanted:
            await self.table.show(self._wanted, self.current_id)
        else:
            await self.renew_list()

    def _fresh(self) -> None:
        self._data.fresh()
        self._say()
        self._follow()
        self._reader.changed()

    def _stale(self, reason: str) -> None:
        if self._data.old is None:
            # Whole, and with its time in the list of messages: the header has room for its beginning only.
            self.host.warned(f"What is shown is old. {reason}")
        self._data.old = reason
        if self.table.overview is None:
            self.table.set_notice("Nothing can be read yet; trying again …")
            self.table.held.forget()
        self._say()

    @on(LoadFailed)
    def rows_failed(self, message: LoadFailed) -> None:
        """Say why rows are missing; the live loop finds out by itself when they can be read again."""
        if message.error.code is ErrorCode.STORAGE_UNAVAILABLE:
            self._stale(message.error.message)
        else:
            self.host.refused(message.error)

    def times_changed(self) -> None:
        """Show times as the reader now wants them."""
        if self.ready:
            self.table.repaint()
            self.query_one(DetailsPanel).times_changed()
            self._say()

    def _tick(self) -> None:
        if self.ready and self.in_sight.is_set():
            self.table.tick()
            self._say()

    # What is said around the table

    def _say(self) -> None:
        """Bring everything around the table up to date; each part repaints only what differs."""
        host, table = self.host, self.table
        worker = host.worker
        self.query_one(HeaderBar).put(
            HeaderState(
                host.actor,
                host.services.database_name,
                table.overview,
                self._data.words,
                len(worker.running) if worker is not None else None,
                self._wanted.statuses,
                self._day.day,
                not host.is_slow,
                host.data_age,
            )
        )
        if table.overview is not None:
            may_queue = host.actor.may(Verb.RUN)
            said = empty_notice(
                partial(key_of, self), narrowed=self.table.wanted != ExecutionFilter(), may_queue=may_queue
            )
            table.set_notice(said)
        self._say_status()
        self._offer_keys()

    def _say_status(self) -> None:
        table, row = self.table, self.table.current
        name = rows.accessible_name(row) if row is not None and table.on_action else ""
        said = hint(
            self._data.old,
            row,
            partial(key_of, self.focused or self),
            in_view=table.cursor_in_view,
            details_open=self._details_open,
            in_table=table.has_focus,
        )
        name = f"{name} · {key_of(table, 'open')} or {key_of(table, 'activate_action')}" if name else ""
        narrowed = filter_text(self._wanted, self._search.since_text, self._unknown)
        if narrowed:
            narrowed = f"Only {narrowed} · {key_of(self, 'show_all')}: all"
        seen = table.overview
        count = f"{rows.number(table.cursor + 1)} of {rows.total(seen)}" if seen and seen.total else ""
        new = f"{rows.number(table.new)} new: {key_of(table, 'first')}" if table.new else ""
        self.query_one(StatusLine).put(name=name, hint=said, narrowed=narrowed, new=new, count=count)

    def _offer_keys(self) -> None:
        """Let the last line teach the keys that work now."""
        actions = ("retry", "cancel", "queue_report", "go_to_retry")
        abilities = tuple(bool(self.check_action(action, ())) for action in actions)
        if abilities != self._abilities:
            self._abilities = abilities
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only keys that do something."""
        if not self.ready:
            return False
        if action == "show_all":
            return self._wanted != ExecutionFilter()
        if action == "search":
            return not self.is_searching
        return super().check_action(action, parameters)

    @on(NewAbove)
    def said_new(self) -> None:
        """Say how many rows came above the view."""
        self._say_status()

    @on(RowHighlighted)
    def row_highlighted(self) -> None:
        """Follow the cursor."""
        self._say_status()
        self._offer_keys()
        self._follow()

    # Going back, and to a retry

    @waits(Needs.TURN)
    def action_back(self) -> None:
        """Close the details, or else show all."""
        if self._details_open:
            self.action_toggle_details()
        else:
            self.action_show_all()

    @waits(Needs.ROW)
    def action_go_to_retry(self) -> None:
        """Go to the newest retry of the cursor's row, past the filter where it hides that."""
        row = self.table.current
        if row is None or row.retried_by is None:
            self._explain("go_to_retry")
            return
        retry = row.retried_by
        self._load(lambda: self._go_to(retry))

    async def _go_to(self, execution_id: int) -> bool:
        if not await self._show(execution_id):
            return False
        if self.current_id != execution_id and self._wanted != ExecutionFilter():
            self._write("")
            self._search, self._wanted = Search(), ExecutionFilter()
            return await self._show(execution_id)
        return True

    # Details

    @property
    def _details_open(self) -> bool:
        return self.query_one("#main").has_class("-open")

    @on(DetailsRequested)
    def open_details(self) -> None:
        """Show the details of the cursor's row; where they are shown, go into them."""
        if self._details_open:
            self.query_one(DetailsPanel).focus()
        else:
            self.action_toggle_details()

    def action_toggle_details(self) -> None:
        """Show or hide the details."""
        self.query_one("#main").toggle_class("-open")
        if self._details_open:
            self._follow()
        else:
            self._reader.close()
            self.set_focus(self.table)
        self._say_status()

    def on_descendant_focus(self) -> None:
        """Say what the keys do where they go now."""
        if self.ready:
            self._say_status()

    def _follow(self) -> None:
        """Let the details, where they are open, be those of the cursor's row."""
        if self._details_open:
            self._reader.follow(self.current_id)

    async def _read_story(self, execution_id: int | None) -> Callable[[], None]:
        host, panel = self.host, self.query_one(DetailsPanel)
        story, lengths = None, list[int]()
        if execution_id is not None:
            try:
                story = await host.services.show(host.caller, execution_id)
                lengths = await self._lengths.of(host, story.details.execution.report)
            except JobmonError as error:
                if error.code is not ErrorCode.EXECUTION_NOT_FOUND:
                    panel.unread(execution_id)
                    return partial(self.rows_failed, LoadFailed(error))
        return partial(panel.show, story, lengths, charts=not host.is_slow)
