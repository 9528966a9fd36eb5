"""A list of lines with a cursor: the same keys and the same painting for every list but the executions'."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from jobmon_tui.tui.widgets import table_look
from jobmon_tui.tui.widgets.line_view import LineView


class LineList(LineView, can_focus=True):
    """One heading line, and rows by position. A subclass says what stands in a line."""

    BINDING_GROUP_TITLE = "List"
    DEFAULT_CSS = table_look.CSS.replace("ExecutionTable", "LineList")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move_page(-2)", "A page up", show=False),
        Binding("pagedown", "move_page(2)", "A page down", show=False),
        Binding("ctrl+u", "move_page(-1)", "Half a page up", show=False),
        Binding("ctrl+d", "move_page(1)", "Half a page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
    ]

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the wheel and the scroll bar."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.settled()

    def go(self, position: int) -> None:
        """Put the cursor on a row, or on the nearest there is."""
        self._cursor = max(0, min(position, self.total - 1))
        self.bring_into_view()
        self.settled()

    def action_move(self, rows_down: int) -> None:
        """Move the cursor; where it is out of view, it comes to the view."""
        if self.cursor_in_view:
            self.go(self._cursor + rows_down)
        else:
            self.go(self.first if rows_down > 0 else self.first + self.rows_in_view - 1)

    def action_move_page(self, half_pages: int) -> None:
        """Move the cursor by half pages, the view with it."""
        step = half_pages * max(1, self.rows_in_view // 2)
        self.scroll_quietly(self.first + step)
        self.go(self._cursor + step)

    def action_first(self) -> None:
        """Go to the first row."""
        self.scroll_quietly(0)
        self.go(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.scroll_quietly(self.total)
        self.go(self.total - 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row under the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 < offset.y <= self.rows_in_view:
            position = self.first + offset.y - 1
            if position < self.total:
                self.go(position)
