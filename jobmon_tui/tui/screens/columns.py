"""Which columns the table has."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.widgets.columns import CHOOSABLE, DEFAULT, Column, Layout

_NAMES = {
    Column.QUEUED: "when it was queued",
    Column.STARTED: "when it started",
    Column.ENDED: "when it ended",
    Column.DURATION: "how long it took, or has run",
    Column.ATTEMPT: "which attempt it is, or whose retry",
    Column.BY: "who asked for it",
    Column.TRIGGER: "by hand, by schedule or as a retry",
    Column.WORKER: "who ran it",
    Column.VERSION: "the configuration's version",
    Column.ERROR: "its retry, and what went wrong",
}


class ColumnsScreen(ModalScreen[frozenset[Column]]):
    """A list to tick. Gives the chosen columns; id, report, status and the action are always there."""

    BINDING_GROUP_TITLE = "Columns"
    DEFAULT_CSS = """
    ColumnsScreen #columns, ColumnsScreen #columns:focus {
        width: 66; max-width: 100%; margin-bottom: 1; border: none; padding: 0;
        background: $surface; background-tint: transparent;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority: in the list Enter, too, would tick.
        Binding("enter,escape,o", "done", "Done", priority=True),
        Binding("space", "tick", "Show or hide", tooltip="Show or hide the column"),
        Binding("0", "as_at_first", "As at first", tooltip="The columns as they were at first"),
        Binding("j", "move('cursor_down')", "Down", show=False),
        Binding("k", "move('cursor_up')", "Up", show=False),
    ]

    def __init__(self, chosen: frozenset[Column], fitting: Callable[[frozenset[Column]], Layout]) -> None:
        """`fitting` tells which of the chosen ones fit the table's width now."""
        super().__init__()
        self._chosen = chosen
        self._fitting = fitting

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog"):
            yield Static("Columns of the table", markup=False, classes="dialog-text")
            yield OptionList(*(Option(self._prompt(each)) for each in CHOOSABLE), id="columns", compact=True)
            tick, done, first = (key_of(self, name) for name in ("tick", "done", "as_at_first"))
            keys = f"{tick} show or hide · {first} as at first · {done} done"
            yield Static(keys, markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Start at the top."""
        self._list.highlighted = 0
        self._list.focus()

    @property
    def _list(self) -> OptionList:
        return self.query_one("#columns", OptionList)

    def _prompt(self, column: Column) -> Content:
        is_chosen = column in self._chosen
        room = "" if not is_chosen or self._fitting(self._chosen).has(column) else " (no room now)"
        return Content(f"[{'x' if is_chosen else ' '}] {column.value:<8} {_NAMES[column]}{room}")

    def _say(self) -> None:
        for at, column in enumerate(CHOOSABLE):
            self._list.replace_option_prompt_at_index(at, self._prompt(column))

    def action_tick(self) -> None:
        """Show the highlighted column, or no longer."""
        at = self._list.highlighted
        if at is not None:
            self._chosen ^= {CHOOSABLE[at]}
            self._say()

    @on(OptionList.OptionSelected, "#columns")
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """Show the column under the mouse, or no longer."""
        self._chosen ^= {CHOOSABLE[event.option_index]}
        self._say()

    def action_as_at_first(self) -> None:
        """Choose the columns that there are at first."""
        self._chosen = DEFAULT
        self._say()

    def action_move(self, how: str) -> None:
        """Move the highlight."""
        if how == "cursor_down":
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_done(self) -> None:
        """Give what is chosen."""
        self.dismiss(self._chosen)
