"""The parts of a form: fields that say what is wrong with them, and buttons that Space presses too."""

from itertools import pairwise
from typing import ClassVar

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Input, Static

from jobmon_tui.tui.toasts import marked_wrong


class PushButton(Button):
    """A button for Enter, Space and the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", "Press", show=False)]


class StillInput(Input):
    """An input whose cursor does not blink: blinking costs 2 kB a second on the line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next field", show=False, id="field_below"),
        Binding("up", "app.focus_previous", "Previous field", show=False, id="field_above"),
    ]

    def on_mount(self) -> None:
        """Hold the cursor still."""
        self.cursor_blink = False


class Field(Vertical):
    """A label, an input, and a line for what is wrong with it."""

    def __init__(self, label: str, *, secret: bool = False, hint: str = "", id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._label = label
        self._input = StillInput(password=secret, select_on_focus=False)
        self._note = Static(hint, markup=False, classes="field-note")
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Lay out label, input and note."""
        yield Static(self._label, markup=False, classes="field-label")
        yield self._input
        yield self._note

    @property
    def value(self) -> str:
        """What was typed."""
        return self._input.value

    @value.setter
    def value(self, text: str) -> None:
        self._input.value = text

    @property
    def has_cursor(self) -> bool:
        """Tell whether what is typed now goes here."""
        return self.screen.focused is self._input  # `has_focus` comes later, by a message

    def complain(self, complaint: str | None) -> None:
        """Say what is wrong and take the focus; None: nothing is wrong."""
        self._note.update(Content(marked_wrong(complaint) if complaint is not None else self._hint))
        self._note.set_class(complaint is not None, "-wrong")
        if complaint is not None:
            self.enter()

    def enter(self) -> None:
        """Take the focus, at once: `focus()` would let keys that are already on their way go elsewhere."""
        self.screen.set_focus(self._input)


class FormScreen(Screen[None]):
    """A screen with fields. Enter and Tab act before the next key is looked at.

    Who types name and password ahead over a slow line would else have the password shown in the name's field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "next_field", "Next", priority=True),
        Binding("tab", "app.focus_next", "Next field", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False, priority=True),
    ]

    def action_next_field(self) -> None:
        """Go to the next field; on the last one, and elsewhere, Enter is left to what has the focus."""
        fields = list(self.query(Field))
        for field, following in pairwise(fields):
            if field.has_cursor:
                following.enter()
                return
        raise SkipAction
