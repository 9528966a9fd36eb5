"""A scroll that takes the keys of a pager."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll


class Pager(VerticalScroll, can_focus=True):
    """Scrolls by arrows, j and k, Space, Ctrl+D and Ctrl+U, g and G."""

    BINDING_GROUP_TITLE = "Scrolling"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("pagedown,space", "page_down", "Page down", show=False),
        Binding("pageup,b", "page_up", "Page up", show=False),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False),
        Binding("home,g", "scroll_home", "Top", show=False),
        Binding("end,G", "scroll_end", "End", show=False),
    ]

    def action_half_page(self, direction: int) -> None:
        """Scroll by half of what is shown."""
        self.scroll_relative(y=direction * max(1, self.size.height // 2), animate=False)
