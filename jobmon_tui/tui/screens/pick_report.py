"""Which report to queue now."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from jobmon_tui.domain.text import one_line
from jobmon_tui.tui import rows
from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.widgets.form import StillInput

_WIDTH = 60
"""Cells of a name: one line for each, however long it is."""


class PickReportScreen(ModalScreen[str | None]):
    """Type to narrow, arrows to choose, Enter to take. Gives the report's name, or None."""

    BINDING_GROUP_TITLE = "Pick a report"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back"),
        # With priority: the input has the focus, and its own up and down go from field to field.
        Binding("down", "move('cursor_down')", "Down", show=False, priority=True),
        Binding("up", "move('cursor_up')", "Up", show=False, priority=True),
        Binding("pagedown", "move('page_down')", "Page down", show=False, priority=True),
        Binding("pageup", "move('page_up')", "Page up", show=False, priority=True),
    ]

    def __init__(self, names: Sequence[str] | None = None) -> None:
        """Without names it waits for `know`: what is typed meanwhile is not lost."""
        super().__init__()
        self._names = names
        self._shown: Sequence[str] = ()
        self._is_taken = False

    def know(self, names: Sequence[str]) -> None:
        """Show these names, as far as what was typed so far leaves them."""
        self._names = names
        if self.is_mounted:
            self._narrow(self.query_one("#part", StillInput).value)
            if self._is_taken:
                self.take()

    def compose(self) -> ComposeResult:
        """Lay out the input over the list."""
        with Vertical(classes="dialog -tall"):
            yield Static("Queue which report now?", markup=False, classes="dialog-text")
            yield StillInput(placeholder="part of its name", id="part")
            yield OptionList(id="names", compact=True)
            keys = f"Type to narrow · {key_of(self, 'up')}{key_of(self, 'down')} choose · Enter queue"
            yield Static(f"{keys} · {key_of(self, 'back')} back", markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Start with all of them."""
        self._narrow("")
        self.query_one("#names").can_focus = False
        self.query_one("#part").focus()

    @on(Input.Changed, "#part")
    def typed(self, event: Input.Changed) -> None:
        """Show only what matches."""
        self._narrow(event.value)

    def _narrow(self, part: str) -> None:
        wanted = part.casefold().split()
        names = self._names or ()
        self._shown = [name for name in names if all(word in name.casefold() for word in wanted)]
        options = self.query_one("#names", OptionList)
        options.clear_options()
        if self._shown:
            options.add_options([Option(Content(rows.cut(one_line(name), _WIDTH))) for name in self._shown])
            options.highlighted = 0
        else:
            nothing = "No report's name holds that." if names else "There are no reports yet."
            nothing = "Reading …" if self._names is None else nothing
            options.add_option(Option(Content(nothing), disabled=True))

    @on(Input.Submitted, "#part")
    def take(self) -> None:
        """Give the highlighted name."""
        self._is_taken = self._names is None
        at = self.query_one("#names", OptionList).highlighted
        if at is not None and at < len(self._shown):
            self.dismiss(self._shown[at])

    @on(OptionList.OptionSelected, "#names")
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """Give the name under the mouse."""
        if event.option_index < len(self._shown):
            self.dismiss(self._shown[event.option_index])

    def action_move(self, how: str) -> None:
        """Move the highlight while the input keeps the focus."""
        options = self.query_one("#names", OptionList)
        moves: dict[str, Callable[[], None]] = {
            "cursor_down": options.action_cursor_down,
            "cursor_up": options.action_cursor_up,
            "page_down": options.action_page_down,
            "page_up": options.action_page_up,
        }
        moves[how]()

    def action_give_up(self) -> None:
        """Give None."""
        self.dismiss(None)
