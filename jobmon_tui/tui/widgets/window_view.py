"""A scrolled view of a list far longer than memory: reads only its window."""

import asyncio

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.look import Overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.held import HeldActions, Needs
from jobmon_tui.tui.widgets.line_view import LineView
from jobmon_tui.tui.widgets.table_messages import LoadFailed, NewAbove
from jobmon_tui.tui.widgets.window import Place, Window, opened
from jobmon_tui.tui.widgets.window_source import PageSource
from jobmon_tui.tui.working import start

_TRIES = 3


class WindowView(LineView):
    """Executions by position, counted from the newest. A subclass says what stands in a line."""

    def __init__(self, source: PageSource, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._source = source
        self._window: Window | None = None
        self._cursor_id: int | None = None
        self._picked = False
        self._seen: int | None = None
        self._turn = asyncio.Lock()
        self._filling = False
        self._loading = False
        self._unseen = 0
        self._told_new = 0
        self.held = HeldActions(self._lacks)
        """The keys that are meant for a list, or a row, that is still being read."""

    # What stands in the view

    @property
    def overview(self) -> Overview | None:
        """What was last read of the whole, None before the first time."""
        return self._window.overview if self._window else None

    @property
    def wanted(self) -> ExecutionFilter:
        """The filter of the rows that are shown."""
        return self._window.wanted if self._window else ExecutionFilter()

    @property
    def total(self) -> int:
        """How many rows match."""
        return self._window.total if self._window else 0

    @property
    def current(self) -> Execution | None:
        """The cursor's row, None where there is none or it is still being read."""
        return self.row(self._cursor)

    @property
    def visible_rows(self) -> list[Execution]:
        """The rows that can be seen and are in memory."""
        last = min(self.total, self.first + self.rows_in_view)
        return [row for at in range(self.first, last) if (row := self.row(at)) is not None]

    @property
    def new(self) -> int:
        """How many rows above the view came since its newest end was seen last."""
        return min(self._unseen, self.first)

    def row(self, position: int) -> Execution | None:
        """Return the row at a position, None while it is not in memory."""
        return self._window.row(position) if self._window else None

    # Reading

    def expect(self) -> None:
        """Let the keys that come from now on wait for the list that `show` will bring."""
        self._loading = True

    def arrived(self, *, shown: bool) -> None:
        """Let them go, where that list is shown; else forget them: they were not meant for this one."""
        self._loading = False
        if shown:
            self.held.release()
        else:
            self.held.forget()

    def _lacks(self, needs: Needs) -> bool:
        if needs is Needs.TURN:
            return False
        is_unread = needs is Needs.ROW and self.total > 0 and self.current is None
        return self._loading or self._window is None or is_unread

    async def show(self, wanted: ExecutionFilter, wish: int | None = None) -> None:
        """Show a filter's rows, the cursor on the row with id `wish` if it matches. Raises `JobmonError`."""
        async with self._turn:
            window, first, cursor = await opened(self._source, wanted, self.rows_in_view, wish)
            self._cursor_id = None
            self._picked = cursor > 0
            self._seen, self._unseen = window.overview.newest, 0
            self._put(window, first, cursor)

    async def renew(self, wanted: ExecutionFilter | None = None) -> None:
        """Read again what can have changed, and repaint the lines that differ. Raises `JobmonError`.

        `wanted` is the filter from now on, where that has moved with time.
        """
        async with self._turn:
            if self._window is None:
                self._put(*await opened(self._source, self.wanted, self.rows_in_view))
                return
            for _ in range(_TRIES):
                before = (self.first, self._cursor)
                window, first, cursor = await self._window.renewed(self._place(), wanted)
                if before == (self.first, self._cursor):
                    break  # else the reader moved meanwhile: what was read is for another place
            self._unseen = await self._count_unseen(window) if first > 0 else 0
            self._put(window, first + self.first - before[0], cursor + self._cursor - before[1])

    async def _count_unseen(self, window: Window) -> int:
        """Return how many rows are newer than the newest one that was seen."""
        newest = window.overview.newest
        if newest is None or newest == self._seen:
            return 0
        if window.overview == (self._window.overview if self._window else None):
            return self._unseen
        return await self._source.newer(window.wanted, self._seen or 0)

    def tell_new(self) -> None:
        """Say how many rows above the view are new, where that has changed."""
        if self.first == 0 and self.overview is not None:
            self._seen, self._unseen = self.overview.newest, 0
        if self.new != self._told_new:
            self._told_new = self.new
            self.post_message(NewAbove(self.new))

    def _place(self) -> Place:
        anchor = self._cursor if self.cursor_in_view else self.first
        held = self.row(anchor)
        return Place(
            first=self.first,
            height=self.rows_in_view,
            cursor=self._cursor,
            cursor_id=self._cursor_id,
            anchor=anchor,
            anchor_id=held.id if held else None,
            keep=self._picked,
        )

    def _put(self, window: Window, first: int, cursor: int) -> None:
        if self._window is None:
            self.held.forget_acts()  # nobody has seen a row yet
        self._window = window
        self._cursor = max(0, min(cursor, window.total - 1))
        self.resize_list()
        self.scroll_quietly(first)
        self.settled()

    def fill(self) -> None:
        """Read missing pages, if nothing reads already."""
        if not self._filling and self.total and self.rows_in_view:
            self._filling = True
            start(self, self._fill_pages, group="pages")

    async def _fill_pages(self) -> None:
        """Read missing pages, the visible ones first, until there are none."""
        try:
            while (window := self._window) is not None and window.total and self.rows_in_view:
                window.touch(self.first, self.rows_in_view)
                visible = window.missing(self.first, self.rows_in_view)
                wanted = visible or window.missing(self.first, self.rows_in_view, around=True)
                if not wanted:
                    return
                await window.fill(wanted)
                if visible and window is self._window:
                    self.settled()
        except JobmonError as error:
            self.held.forget()
            self.post_message(LoadFailed(error))
        finally:
            self._filling = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the wheel and the scroll bar."""
        super().watch_scroll_y(old_value, new_value)
        if self._window is not None and round(old_value) != round(new_value):
            self.settled()
