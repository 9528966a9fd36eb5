"""The search at the bottom of a list: parts of words, in any order."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from jobmon_tui.domain.text import clean
from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.widgets.form import StillInput


def parts_of(text: str) -> Sequence[str]:
    """Return what is looked for: every part, without regard to case."""
    return clean(text).casefold().split()


def has_parts(parts: Sequence[str], text: str) -> bool:
    """Tell whether `text` holds every part."""
    folded = text.casefold()
    return all(part in folded for part in parts)


class PartSearch(StillInput):
    """Searches while it is typed. Enter keeps what was found, Esc shows all."""

    DEFAULT_CSS = """
    PartSearch, PartSearch:focus {
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

    def __init__(self, by: str) -> None:
        """`by` says what is looked at, such as `name`."""
        super().__init__(id="search")
        self._by = by

    def on_mount(self) -> None:
        """Say what is looked at, and what the keys do."""
        keys = f"{key_of(self, 'keep')} keeps it, {key_of(self, 'back')} shows all"
        self.placeholder = f"Search by {self._by} · {keys}"

    def action_keep(self) -> None:
        """Go back to the list with what was found."""
        self.post_message(self.Closed())

    def action_give_up(self) -> None:
        """Clear the search and go back."""
        self.value = ""
        self.post_message(self.Closed())
