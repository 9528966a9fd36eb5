"""The table of executions: the cursor keeps its row; the Retry action is focused, clicked and named in it."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.tui import rows, times
from jobmon_tui.tui.held import Needs, waits
from jobmon_tui.tui.widgets import cells, table_look
from jobmon_tui.tui.widgets.cells import Action, Cell, Line
from jobmon_tui.tui.widgets.columns import DEFAULT, Column, Layout, layout
from jobmon_tui.tui.widgets.row_lines import RowLines
from jobmon_tui.tui.widgets.table_messages import (
    ActionRefused,
    DetailsRequested,
    RetryRequested,
    RowHighlighted,
)
from jobmon_tui.tui.widgets.ticks import Ticks
from jobmon_tui.tui.widgets.window_source import PageSource
from jobmon_tui.tui.widgets.window_view import WindowView


class ExecutionTable(WindowView, can_focus=True):
    """Executions, newest first, from an async source; what was asked for is said in messages."""

    DEFAULT_CSS = table_look.CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move_page(-2)", "A page up", show=False),
        Binding("pagedown", "move_page(2)", "A page down", show=False),
        Binding("ctrl+u", "move_page(-1)", "Half a page up", show=False),
        Binding("ctrl+d", "move_page(1)", "Half a page down", show=False),
        Binding("g,home", "newest", "Newest", show=False),
        Binding("G,end", "oldest", "Oldest", show=False),
        Binding("right,l", "focus_action", "Onto the action", show=False),
        Binding("left,h", "focus_row", "Back to the row", show=False),
        Binding("enter", "activate", "Details", show=False),
        Binding("space", "activate_action", "Retry", show=False),
    ]

    def __init__(
        self,
        source: PageSource,
        *,
        may_retry: bool,
        now: Callable[[], datetime] = times.now,
        id: str | None = None,  # noqa: A002  # Textual's own name
    ) -> None:
        super().__init__(source, id=id)
        self.may_retry = may_retry
        self.columns = DEFAULT
        """The chosen columns: those that have room are shown."""
        self._now = now
        self._ticks = Ticks(now)
        self._on_action = False
        self._busy: frozenset[int] = frozenset()
        self._told: tuple[Execution | None, Action, bool, bool] | None = None
        self._notice = ""
        self._lines = RowLines()

    @property
    def on_action(self) -> bool:
        """True while the focus is on the row's Retry action."""
        return self._on_action and self.action_of(self.current) is Action.RETRY

    def action_of(self, execution: Execution | None) -> Action:
        """Return what the action column offers for a row."""
        if execution is None:
            return Action.NONE
        if execution.id in self._busy:
            return Action.BUSY
        if not self.may_retry or execution.status is not Status.FAILED:
            return Action.NONE
        return Action.NONE if execution.is_being_retried(self._now()) else Action.RETRY

    # Painting

    @property
    def _layout(self) -> Layout:
        return self.fitting(self.columns)

    def fitting(self, columns: frozenset[Column]) -> Layout:
        """Return which of these columns have room now, and how much."""
        newest = self.overview.newest if self.overview else None
        return layout(self.line_width, len(str(newest or 0)), columns)

    def choose(self, columns: frozenset[Column]) -> None:
        """Show these columns, as far as they have room."""
        if columns != self.columns:
            self.columns = columns
            self.repaint_all()
            self.settled()

    def line(self, y: int) -> Line:
        """Return the cells of a line of the view."""
        if y == 0:
            return cells.heading(self._layout)
        position = self.first + y - 1
        if position >= self.total:
            notice = f" {self._notice}" if self.total == 0 and y == 2 else ""
            return (Cell(rows.fit(notice, self.line_width), "row"),)
        execution = self.row(position)
        at_cursor = position == self._cursor
        if execution is None:
            line = cells.missing(self._layout, cursor=at_cursor)
        else:
            action = self.action_of(execution)
            if at_cursor and action is Action.RETRY and self._on_action:
                action = Action.FOCUSED
            now = self._ticks.moment(execution)
            line = self._lines.line(execution, self._layout, now, action, cursor=at_cursor)
        if not at_cursor:
            return line
        style = "cursor" if self.has_focus else "cursor-blurred"
        return cells.joined(
            cell if cell.style == "action-focused" else Cell(cell.text, style) for cell in line
        )

    def settled(self) -> None:
        """Repaint what differs, say which row is highlighted, and read what is missing."""
        current = self.current
        if current is not None:
            if current.id != self._cursor_id:
                self._on_action = False
            self._cursor_id = current.id
        self.repaint()
        told = (current, self.action_of(current), self.on_action, self.cursor_in_view)
        if told != self._told:
            self._told = told
            self.post_message(RowHighlighted(current, on_action=self.on_action))
        self.tell_new()
        self.fill()
        self.held.release()

    def tick(self) -> None:
        """Let the durations of visible Running rows go on, and once a minute how long ago things were."""
        if self._ticks.tick(self.visible_rows):
            self.repaint()

    def set_busy(self, ids: frozenset[int]) -> None:
        """Mark the rows whose call is under way."""
        self._busy = ids
        self.settled()

    def set_notice(self, notice: str) -> None:
        """Say this where there is no row; one plain line."""
        if notice != self._notice:
            self._notice = notice
            self.repaint()

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the terminal's own cursor belongs: the row, or its action; else, out of view, the heading."""
        x, y, _, _ = self.content_region
        column = self._layout.start(Column.ACTION) if self.on_action else 0
        return Offset(x + column, y + 1 + self._cursor - self.first) if self.cursor_in_view else Offset(x, y)

    # Moving

    def _go(self, position: int) -> None:
        position = max(0, min(position, self.total - 1))
        if position != self._cursor:
            self._cursor = position
            self._cursor_id = None
            self._on_action = False
        self._picked = position > 0
        self.bring_into_view()
        self.settled()

    @waits(Needs.LIST)
    def action_move(self, rows_down: int) -> None:
        """Move the cursor; where it is out of view, it comes to the view."""
        if self.cursor_in_view:
            self._go(self._cursor + rows_down)
        else:
            self._go(self.first if rows_down > 0 else self.first + self.rows_in_view - 1)

    @waits(Needs.LIST)
    def action_move_page(self, half_pages: int) -> None:
        """Move the cursor by half pages, the view with it."""
        step = half_pages * max(1, self.rows_in_view // 2)
        self.scroll_quietly(self.first + step)
        self._go(self._cursor + step)

    @waits(Needs.LIST)
    def action_newest(self) -> None:
        """Go to the newest row."""
        self.scroll_quietly(0)
        self._go(0)

    @waits(Needs.LIST)
    def action_oldest(self) -> None:
        """Go to the oldest row."""
        self.scroll_quietly(self.max_scroll_y)
        self._go(self.total - 1)

    # Acting

    @waits(Needs.ROW)
    def action_focus_action(self) -> None:
        """Move the focus onto the row's Retry action, where there is one."""
        self._on_action = self.action_of(self.current) is Action.RETRY
        self.settled()

    @waits(Needs.LIST)
    def action_focus_row(self) -> None:
        """Move the focus from the action back to the row."""
        self._on_action = False
        self.settled()

    @waits(Needs.ROW)
    def action_activate(self) -> None:
        """Do what the focus is on: retry, or show the details."""
        current = self.current
        if current is None or not self.show_cursor():
            return
        if self._on_action and self.action_of(current) is not Action.NONE:
            self.request_retry()
        else:
            self._picked = True
            self.post_message(DetailsRequested(current.id))

    @waits(Needs.ROW)
    def action_activate_action(self) -> None:
        """Retry, where the focus is on the action."""
        if self._on_action and self.show_cursor():
            self.request_retry()

    def request_retry(self) -> None:
        """Ask for a retry of the cursor's row; the screen knows whether one is under way already."""
        current = self.current
        if current is None:
            return
        if self.action_of(current) is Action.NONE:
            self.post_message(ActionRefused(current))
        else:
            self._picked = True
            self.post_message(RetryRequested(current.id))

    # The mouse

    def _at(self, event: events.MouseEvent) -> tuple[int | None, bool]:
        """Return the position under the mouse, None beside the rows, and whether it is on an action."""
        offset = event.get_content_offset(self)
        if offset is None or not 0 < offset.y <= self.rows_in_view:
            return None, False
        position = self.first + offset.y - 1
        if position >= self.total:
            return None, False
        offered = self.action_of(self.row(position)) is Action.RETRY
        return position, offered and self._layout.is_at(offset.x, Column.ACTION)

    def on_click(self, event: events.Click) -> None:
        """Select the row; on its action, retry."""
        position, on_action = self._at(event)
        if position is not None:
            self._go(position)
            if on_action:
                self.request_retry()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Name the action under the mouse."""
        position, on_action = self._at(event)
        execution = self.row(position) if position is not None and on_action else None
        self.tooltip = Content(rows.accessible_name(execution)) if execution else None

    def on_leave(self) -> None:
        """Name nothing."""
        self.tooltip = None
