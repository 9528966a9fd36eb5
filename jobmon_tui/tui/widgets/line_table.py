"""A short table of whole lines, with the keys of the dashboard's table."""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.widgets import DataTable


class LineTable(DataTable[Text]):
    """The cursor is a row."""

    BINDING_GROUP_TITLE = "List"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("pagedown,space", "page_down", "Page down", show=False),
        Binding("pageup,b", "page_up", "Page up", show=False),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False),
        Binding("home,g", "scroll_top", "First", show=False),
        Binding("end,G", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__(cursor_type="row", zebra_stripes=False, id=id)

    def action_half_page(self, direction: int) -> None:
        """Move the cursor by half of what is shown."""
        self.move_cursor(row=self.cursor_row + direction * max(1, self.size.height // 2), animate=False)

    def lead_the_cursor(self, row: int) -> None:
        """Put the terminal's own cursor there: screen readers and magnifiers follow it."""
        line = row - round(self.scroll_target_y) + 1
        self.app.cursor_position = self.content_region.offset + Offset(0, line)
