"""The search at the bottom of the dashboard."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from jobmon_tui.tui.widgets.form import StillInput


class SearchInput(StillInput):
    """Search by report name while it is typed. Enter keeps what was found, Esc shows all."""

    DEFAULT_CSS = """
    SearchInput, SearchInput:focus {
        border: none;
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $text;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Show all", key_display="Esc"),
        Binding("enter,down", "keep", "Keep", key_display="Enter"),
    ]

    class Closed(Message):
        """The search is done with."""

    def __init__(self) -> None:
        super().__init__(placeholder="Search by report name · Enter keeps it, Esc shows all", id="search")

    def action_keep(self) -> None:
        """Go back to the table with what was found."""
        self.post_message(self.Closed())

    def action_give_up(self) -> None:
        """Clear the search and go back."""
        self.value = ""
        self.post_message(self.Closed())
