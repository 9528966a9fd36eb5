"""Where what is to be found in a text is typed."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.widgets.form import StillInput


class FindInput(StillInput):
    """What is to be looked for. Enter looks, Esc goes back."""

    DEFAULT_CSS = "FindInput, FindInput:focus { border: none; height: 1; padding: 0 1; display: none; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back", key_display="Esc"),
        Binding("enter", "find", "Find", key_display="Enter", id="find_typed"),
    ]

    class Entered(Message):
        """Look for `wanted`; None: for nothing else than before."""

        def __init__(self, wanted: str | None) -> None:
            super().__init__()
            self.wanted = wanted

    def on_mount(self) -> None:
        """Say what the keys do."""
        keys = f"{key_of(self, 'find_typed')} finds, {key_of(self, 'back')} goes back"
        self.placeholder = f"Find in this text · {keys}"

    def action_find(self) -> None:
        """Look for what was typed."""
        self.post_message(self.Entered(self.value))

    def action_give_up(self) -> None:
        """Go back."""
        self.post_message(self.Entered(None))
