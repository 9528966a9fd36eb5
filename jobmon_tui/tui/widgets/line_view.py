"""A scrolled view made of lines, of which only those that differ from what was painted are painted again.

What stands in a line is asked for when it is painted: a list of any length costs what its window costs.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset, Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from jobmon_tui.tui.widgets import table_look
from jobmon_tui.tui.widgets.cells import Line
from jobmon_tui.tui.widgets.line_diff import changed_lines


class LineView(ScrollView):
    """One heading line, and rows by position with a cursor on one of them. A subclass says what they are."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(table_look.PARTS)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._cursor = 0
        self._painted: dict[int, Line] = {}
        self._styles: Mapping[str, Style] | None = None
        self._look: Mapping[str, Style] = {}

    @property
    @abstractmethod
    def total(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def line(self, y: int) -> Line:
        """Return what stands in a line of the view; line 0 is the heading. Equal means: looks the same."""

    @abstractmethod
    def settled(self) -> None:
        """Hear of any change of what is shown, or where; it calls `repaint`."""

    # What stands in the view

    @property
    def cursor(self) -> int:
        """The cursor's position, counted from the top row."""
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

    def repaint(self) -> None:
        """Repaint the lines that differ from what was painted, and no other; all where a colour does."""
        # Asked for here: each change of the focus says that colours may have changed.
        look = self._worn()
        if look != self._look:
            self._look = look
            self._painted.clear()
        lines = [self.line(y) for y in range(self.scrollable_content_region.height)]
        for y in changed_lines(self._painted, lines):
            self.refresh(Region(0, y, self.line_width, 1))

    def repaint_all(self) -> None:
        """Forget what was painted: colours or columns are others now."""
        self._painted.clear()
        self.refresh()

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the terminal's own cursor belongs: on the row; out of view, on the heading."""
        x, y, _, _ = self.content_region
        return Offset(x, y + 1 + self._cursor - self.first) if self.cursor_in_view else Offset(x, y)

    def render_line(self, y: int) -> Strip:
        """Paint one line of the view."""
        line = self._painted[y] = self.line(y)
        styles = self._worn()
        segments = [Segment(cell.text, styles[cell.style]) for cell in line]
        return Strip(segments).adjust_cell_length(self.line_width, styles["row"])

    def notify_style_update(self) -> None:
        """Hear from Textual that colours may be others now."""
        super().notify_style_update()
        self._styles = None

    def _worn(self) -> Mapping[str, Style]:
        """Return the style of each kind of cell; kept, as all of them cost more than painting a line does."""
        if self._styles is None:
            base = self.rich_style
            self._styles = {
                part.removeprefix("table--"): base + self.get_component_rich_style(part, partial=True)
                for part in table_look.PARTS
            }
        return self._styles

    def on_focus(self, event: events.Focus) -> None:
        """Show the cursor in full; Textual itself would paint every line anew."""
        self._turn_focus(event, events.DescendantFocus(self), has_focus=True)

    def on_blur(self, event: events.Blur) -> None:
        """Show that keys go elsewhere."""
        self._turn_focus(event, events.DescendantBlur(self), has_focus=False)

    def _turn_focus(self, event: events.Event, told: events.Event, *, has_focus: bool) -> None:
        event.prevent_default()
        self.has_focus = has_focus
        self.repaint()
        self.screen.post_message(told)

    def resize_list(self) -> None:
        """Tell the scroll bar how long the list is; assigning `virtual_size` would repaint every line."""
        size = Size(self.line_width, self.total + 1)
        if size != self.virtual_size:
            self.set_reactive(ScrollView.virtual_size, size)
            self._scroll_update(size)

    def scroll_quietly(self, first: int) -> None:
        """Scroll without repainting: lines are compared afterwards; those that moved along are the same."""
        first = max(0, min(first, self.max_scroll_y))
        self.set_reactive(ScrollView.scroll_y, float(first))
        self.set_reactive(ScrollView.scroll_target_y, float(first))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = first

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

    def show_cursor(self) -> bool:
        """Bring the cursor's row into view; False where it was out of it: what is unseen is not acted on."""
        seen = self.cursor_in_view
        if not seen:
            self.bring_into_view()
            self.settled()
        return seen

    def on_resize(self) -> None:
        """Lay the lines out for the new width, and keep the cursor in view."""
        self.resize_list()
        self.scroll_quietly(self.first)
        self.bring_into_view()
        self.repaint_all()
        self.settled()
