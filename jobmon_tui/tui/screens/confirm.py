"""A question before something that cannot be undone."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from jobmon_tui.domain.text import clean
from jobmon_tui.tui.frame import with_key
from jobmon_tui.tui.widgets.form import PushButton


class ConfirmScreen(ModalScreen[bool]):
    """Asks yes or no. The focus starts on No, so that a stray Enter does nothing."""

    BINDING_GROUP_TITLE = "Question"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,right", "app.focus_next", "Other answer", show=False, id="next_answer"),
    ]

    def __init__(self, question: str, yes_label: str) -> None:
        """`question` may hold text from data; `yes_label` says what Yes does, such as `Cancel #12`."""
        super().__init__()
        self._question = question
        self._yes_label = yes_label

    def compose(self) -> ComposeResult:
        """Lay out the question over two buttons."""
        with Vertical(classes="dialog"):
            yield Static(Content(clean(self._question)), classes="dialog-text")
            with Horizontal(classes="dialog-buttons"):
                yield PushButton(
                    Content(with_key(self, clean(self._yes_label), "yes")), variant="primary", id="yes"
                )
                yield PushButton(Content(with_key(self, "No", "no")), id="no")

    def on_mount(self) -> None:
        """Start on No."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Answer with a key."""
        self.dismiss(answer)
