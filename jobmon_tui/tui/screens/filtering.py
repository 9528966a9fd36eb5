"""The part of the dashboard that narrows the list. The search's text says all of it: digits write into it."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from textual import on
from textual.widgets import Input

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import AUTOMATION, Status
from jobmon_tui.domain.roles import Verb
from jobmon_tui.domain.search import Search, may_become_key, parse, with_statuses
from jobmon_tui.domain.search_completion import Known
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.held import Needs, waits
from jobmon_tui.tui.screens.acting import ActingScreen
from jobmon_tui.tui.screens.details_reader import SETTLE
from jobmon_tui.tui.widgets.search_input import SearchInput
from jobmon_tui.tui.widgets.search_note import SearchNote
from jobmon_tui.tui.widgets.table_messages import LoadFailed
from jobmon_tui.tui.working import start

_KEY_SETTLES = 0.6
"""Seconds that a word waits which may become a key: `st` of `status:` is hardly meant as a report's name."""
_MOVES_EACH = timedelta(minutes=1)
SEARCH_HELP = (
    "Search: a part of the report's name, status:failed, report:sales, error:timeout, since:2h, by:alice; "
    'in "quotes" what has spaces. Tab completes. What is not understood is marked, and narrows nothing'
)


def wanted_by(search: Search) -> ExecutionFilter:
    """Return the filter that a search asks for."""
    return ExecutionFilter(
        search.statuses, search=search.name, since=search.since, error=search.error, by=search.by
    )


class FilteringScreen(ActingScreen):
    """What is understood of the search narrows the list, whatever else stands beside it."""

    DEFAULT_CSS = """
    FilteringScreen SearchInput, FilteringScreen SearchNote { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._search = Search()
        self._wanted = ExecutionFilter()
        self._loads = 0
        self.is_searching = False
        self.clock: Callable[[], datetime] = partial(datetime.now, UTC)
        self._read_at = self.clock()

    @abstractmethod
    def _say(self) -> None:
        """Bring everything around the table up to date."""

    @abstractmethod
    def rows_failed(self, message: LoadFailed) -> None:
        """Say why rows are missing."""

    @property
    def _unknown(self) -> str:
        """What of the search is not understood, as it was typed."""
        text = self.query_one(SearchInput).value
        return " ".join(text[each.start : each.end] for each in self._search.problems)

    def is_shown(self) -> bool:
        """Tell whether the table shows what is wanted: after an outage that may take a while."""
        return self.table.wanted == self._wanted

    # What narrows

    def _read(self, text: str, *, after: float = 0.0) -> None:
        """Let `text` say what is shown, after so many seconds without another one."""
        self._read_at = self.clock()
        self._search = parse(text, self._read_at)
        self._narrow(wanted_by(self._search), after=after)
        self._note()

    async def renew_list(self) -> None:
        """Read the list again; what was asked for since some hours ago moves along. Raises `JobmonError`."""
        search, now = self._search, self.clock()
        if search.since_text is None or now - self._read_at < _MOVES_EACH:
            await self.table.renew()
            return
        moved = parse(self.query_one(SearchInput).value, now)
        await self.table.renew(wanted_by(moved))
        if search is self._search:
            self._read_at, self._search, self._wanted = now, moved, wanted_by(moved)

    def _narrow(self, wanted: ExecutionFilter, *, after: float = 0.0) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            self._say()
            wish = self.current_id
            self._load(lambda: self._show(wish, after))

    def _load(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Show another list in place of whatever is being read; keys wait for it."""
        self._loads += 1
        self.table.expect()
        start(self, partial(self._loaded, work, self._loads), group="filter", exclusive=True)

    async def _loaded(self, work: Callable[[], Awaitable[bool]], load: int) -> None:
        shown = await work()
        if load == self._loads and self.ready:
            self.table.arrived(shown=shown)

    async def _show(self, wish: int | None, after: float = 0.0) -> bool:
        """Show what is wanted; False where it could not be read."""
        await asyncio.sleep(after)
        if not self.ready:
            return False  # the application ends already
        try:
            await self.table.show(self._wanted, wish)
        except JobmonError as error:
            self.rows_failed(LoadFailed(error))
            return False
        self._say()
        return True

    def _write(self, text: str) -> None:
        """Put `text` into the search, as if it had been typed."""
        with self.prevent(Input.Changed):
            self.query_one(SearchInput).value = text

    @waits(Needs.TURN)
    def action_toggle_status(self, name: str) -> None:
        """Show this status too, or no longer."""
        text = self.query_one(SearchInput).value
        self._write(with_statuses(text, self._search.statuses ^ {Status[name]}))
        self._read(self.query_one(SearchInput).value)

    @waits(Needs.TURN)
    def action_show_all(self) -> None:
        """Clear every filter."""
        self._write("")
        self._read("")

    # The search

    def action_search(self) -> None:
        """Open the search, ready for one word more."""
        search = self.query_one(SearchInput)
        if search.value and not search.value[-1].isspace() and self._search.begun is None:
            is_open = any(word.open for word in self._search.words)
            self._write(f'{search.value}" ' if is_open else f"{search.value} ")
        search.cursor_position = len(search.value)
        self._let_search(True)
        self.refresh_bindings()
        self.set_focus(search)
        self._note()
        start(self, self._learn, group="names", exclusive=True)

    def _let_search(self, searching: bool) -> None:
        """Put the search and its note where the status and the keys stand.

        By a class of the screen this took 20 kB: then every part is painted anew.
        """
        self.is_searching = searching
        for part in self.query("SearchInput, SearchNote"):
            part.display = searching
        for part in self.query("StatusLine, KeyBar"):
            part.display = not searching

    async def _learn(self) -> None:
        """Read the names that can be completed; without them the search works as well."""
        host = self.host
        accounts = {host.actor.name, AUTOMATION, *(row.requested_by for row in self.table.visible_rows)}
        try:
            reports = [report.draft.name for report in await host.services.reports(host.caller)]
            if host.actor.may(Verb.SEE_USERS):
                accounts |= {account.name for account in await host.services.accounts(host.caller)}
        except JobmonError:
            reports = []
        self.query_one(SearchInput).know(Known(reports, sorted(accounts)))

    @on(Input.Changed, "#search")
    def searched(self, event: Input.Changed) -> None:
        """Narrow while it is typed; keys that wait were meant for another list."""
        self.held.forget()
        self._read(event.value, after=_KEY_SETTLES if may_become_key(event.value) else SETTLE)

    @on(SearchInput.Offered)
    def _note(self) -> None:
        search = self.query_one(SearchInput)
        keys = (key_of(search, "complete"), key_of(search, "keep"), key_of(search, "give_up"))
        said = parse(search.value)
        self.query_one(SearchNote).put(said, search.value, search.scroll_offset.x, search.offers, keys)

    @on(SearchInput.Closed)
    def search_closed(self) -> None:
        """Give the keys back to the table."""
        self._let_search(False)
        if not self.is_shown():
            wish = self.current_id
            self._load(lambda: self._show(wish))  # at once, whatever else might have been typed
        self.set_focus(self.table)  # its own `focus` would paint all of it
        self._say()
