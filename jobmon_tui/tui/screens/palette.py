"""What can be done now, to be found by typing."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from jobmon_tui.tui import rows
from jobmon_tui.tui.commands import Command, matching
from jobmon_tui.tui.screens.picking import PickingScreen
from jobmon_tui.tui.widgets.form import StillInput

_WHAT, _KEYS = 48, 14
"""Cells of what a command does, and of its keys behind it."""


class PaletteScreen(PickingScreen[Command]):
    """Every command with its keys. Gives the one that is chosen, or None."""

    BINDING_GROUP_TITLE = "Commands"

    def __init__(self, offered: Sequence[Command]) -> None:
        super().__init__()
        self._offered = offered
        self._shown: Sequence[Command] = offered

    def compose(self) -> ComposeResult:
        """Lay out the input over the list."""
        with Vertical(classes="dialog -tall"):
            yield StillInput(placeholder="what to do", id="part")
            yield OptionList(id="choices", compact=True)
            yield Static(self.keys_text("does it"), markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Start with all of them."""
        self.start()
        self._show("")

    @on(Input.Changed, "#part")
    def typed(self, event: Input.Changed) -> None:
        """Show only what matches."""
        self._show(event.value)

    def _show(self, text: str) -> None:
        self._shown = matching(self._offered, text)
        lines = [
            Option(Content(f"{rows.fit(each.what, _WHAT)} {rows.cut(each.keys, _KEYS)}"))
            for each in self._shown
        ]
        self.put(lines, "Nothing that can be done now is called so.")

    def choice(self, at: int) -> Command | None:
        """Return the command in a line."""
        return self._shown[at] if at < len(self._shown) else None
