"""Which report to queue now."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from jobmon_tui.domain.text import one_line
from jobmon_tui.tui import rows
from jobmon_tui.tui.screens.picking import PickingScreen
from jobmon_tui.tui.widgets.form import StillInput
from jobmon_tui.tui.working import is_there

_WIDTH = 60
"""Cells of a name: one line for each, however long it is."""


class PickReportScreen(PickingScreen[str]):
    """Every report. Gives the name of the one that is chosen, or None."""

    BINDING_GROUP_TITLE = "Pick a report"

    def __init__(self, names: Sequence[str] | None = None) -> None:
        """Without names it waits for `know`: what is typed meanwhile is not lost."""
        super().__init__()
        self._names = names
        self._shown: Sequence[str] = ()
        self._is_taken = False

    def know(self, names: Sequence[str]) -> None:
        """Show these names, as far as what was typed so far leaves them."""
        self._names = names
        if self.is_mounted and is_there(self):
            self._narrow(self.query_one("#part", StillInput).value)
            if self._is_taken:
                self.take()

    def compose(self) -> ComposeResult:
        """Lay out the input over the list."""
        with Vertical(classes="dialog -tall"):
            yield Static("Queue which report now?", markup=False, classes="dialog-text")
            yield StillInput(placeholder="part of its name", id="part")
            yield OptionList(id="choices", compact=True)
            yield Static(self.keys_text("queue"), markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Start with all of them."""
        self._narrow("")
        self.start()

    @on(Input.Changed, "#part")
    def typed(self, event: Input.Changed) -> None:
        """Show only what matches."""
        self._narrow(event.value)

    def _narrow(self, part: str) -> None:
        wanted = part.casefold().split()
        names = self._names or ()
        self._shown = [name for name in names if all(word in name.casefold() for word in wanted)]
        lines = [Option(Content(rows.cut(one_line(name), _WIDTH))) for name in self._shown]
        nothing = "No report's name holds that." if names else "There are no reports yet."
        self.put(lines, "Reading …" if self._names is None else nothing)

    def take(self) -> None:
        """Give the highlighted name, or the first one once the names are known."""
        self._is_taken = self._names is None
        super().take()

    def choice(self, at: int) -> str | None:
        """Return the name in a line."""
        return self._shown[at] if at < len(self._shown) else None
