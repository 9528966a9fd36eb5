"""A list of lines with a cursor: the same keys and the same painting for every list but the executions'.

It never holds the records themselves: what stands in a line is asked for when the line is painted, so that a
list of any length costs what its window costs.
"""

from abc import abstractmethod
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from jobmon_tui.tui.widgets import table_look
from jobmon_tui.tui.widgets.cells import Line


class LineList(ScrollView, can_focus=True):
    """One heading line, and rows by position. A subclass says what stands in a line."""

    BINDING_GROUP_TITLE = "List"
    COMPONENT_CLASSES: ClassVar[set[str]] = set(table_look.PARTS)
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

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._cursor = 0
        self._painted: dict[int, Line] = {}

    @property
    @abstractmethod
    def total(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def line(self, y: int) -> Line:
        """Return what stands in a line of the view; line 0 is the heading. Equal means: looks the same."""

    @abstractmethod
    def settled(self) -> None:
        """Hear of any change of what is shown, or where; call `show_changes` at the end."""

    # What stands in the view

    @property
    def cursor(self) -> int:
        """The cursor's position from the top."""
        return self._cursor

    @property
    def first(self) -> int:
        """The position of the topmost visible row."""
        return self.scroll_offset.y

    @property
    def rows_in_view(self) -> int:
        """How many rows the view has lines for."""
        return max(0, self.scrollable_content_region.height - 1)

    @property
    def line_width(self) -> int:
        """The width of a line in cells."""
        return self.scrollable_content_region.width

    @property
    def cursor_in_view(self) -> bool:
        """True while the cursor's row can be seen."""
        return self.first <= self._cursor < self.first + self.rows_in_view

    # Painting

    def show_changes(self) -> None:
        """Repaint the lines that differ from what was painted, and no other."""
        for y in range(self.scrollable_content_region.height):
            if self._painted.get(y) != self.line(y):
                self.refresh(Region(0, y, self.line_width, 1))

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the terminal's own cursor belongs: on the row; out of view, on the heading."""
        x, y, _, _ = self.content_region
        return Offset(x, y + 1 + self._cursor - self.first) if self.cursor_in_view else Offset(x, y)

    def render_line(self, y: int) -> Strip:
        """Paint one line of the view."""
        line = self._painted[y] = self.line(y)
        segments = [Segment(cell.text, self._style(cell.style)) for cell in line]
        return Strip(segments).adjust_cell_length(self.line_width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.rich_style + self.get_component_rich_style(f"table--{name}", partial=True)

    def notify_style_update(self) -> None:
        """Paint everything in its new colours."""
        super().notify_style_update()
        self._painted.clear()

    def resize_list(self) -> None:
        """Tell the scroll bar how long the list is; assigning `virtual_size` would repaint every line."""
        size = Size(self.line_width, self.total + 1)
        if size != self.virtual_size:
            self.set_reactive(ScrollView.virtual_size, size)
            self._scroll_update(size)

    def scroll_quietly(self, first: int) -> None:
        """Scroll without repainting: lines are compared afterwards; those that moved along are the same."""
        first = max(0, min(first, self.total + 1 - self.scrollable_content_region.height))
        self.set_reactive(ScrollView.scroll_y, float(first))
        self.set_reactive(ScrollView.scroll_target_y, float(first))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = first

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the wheel and the scroll bar."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.settled()

    def on_focus(self) -> None:
        """Show the cursor in full."""
        self.show_changes()

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self.show_changes()

    def on_resize(self) -> None:
        """Lay the lines out for the new width, and keep the cursor in view."""
        self.resize_list()
        self.scroll_quietly(self.first)
        self.bring_into_view()
        self._painted.clear()
        self.refresh()
        self.settled()

    # Moving

    def bring_into_view(self) -> None:
        """Scroll by half a page at once where the cursor has left the view: one repaint for many keys."""
        height = self.rows_in_view
        if self.cursor_in_view or not height:
            return
        half = max(1, height // 2)
        first = self.first - half if self._cursor < self.first else self.first + half
        if not first <= self._cursor < first + height:
            first = self._cursor - half
        self.scroll_quietly(first)

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
