"""A dialog in which one thing of a list is chosen: type to narrow, arrows to choose, Enter to take."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from jobmon_tui.tui.frame import key_of

T = TypeVar("T")


class PickingScreen(ModalScreen[T | None], Generic[T]):
    """Has an input `#part` over a list `#choices`. Gives what was chosen, or None."""

    DEFAULT_CSS = "PickingScreen #choices { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back"),
        # With priority: the input has the focus, and its own up and down go from field to field.
        Binding("down", "move('cursor_down')", "Down", show=False, priority=True),
        Binding("up", "move('cursor_up')", "Up", show=False, priority=True),
        Binding("pagedown", "move('page_down')", "Page down", show=False, priority=True),
        Binding("pageup", "move('page_up')", "Page up", show=False, priority=True),
    ]

    @abstractmethod
    def choice(self, at: int) -> T | None:
        """Return what stands in a line of the list, None for a line that only says something."""

    def keys_text(self, enter: str) -> str:
        """Return the line of keys; `enter` says what Enter does."""
        arrows = f"{key_of(self, 'up')}{key_of(self, 'down')}"
        return f"Type to narrow · {arrows} choose · Enter {enter} · {key_of(self, 'back')} back"

    def start(self) -> None:
        """Let what is typed go into the input."""
        self.query_one("#choices").can_focus = False
        self.query_one("#part").focus()

    def put(self, lines: Sequence[Option], nothing: str) -> None:
        """Show these lines, the first one chosen; where there are none, say `nothing`."""
        options = self.query_one("#choices", OptionList)
        options.clear_options()
        if lines:
            options.add_options(lines)
            options.highlighted = 0
        else:
            options.add_option(Option(Content(nothing), disabled=True))

    @on(Input.Submitted, "#part")
    def submitted(self) -> None:
        """Take what is highlighted."""
        self.take()

    def take(self) -> None:
        """Give what is highlighted."""
        at = self.query_one("#choices", OptionList).highlighted
        self._give(at)

    @on(OptionList.OptionSelected, "#choices")
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """Give what is under the mouse."""
        self._give(event.option_index)

    def _give(self, at: int | None) -> None:
        chosen = self.choice(at) if at is not None else None
        if chosen is not None:
            self.dismiss(chosen)

    def action_move(self, how: str) -> None:
        """Move the highlight while the input keeps the focus."""
        options = self.query_one("#choices", OptionList)
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
