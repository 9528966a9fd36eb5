"""A question about a report that two people edit at once."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from jobmon_tui.domain.text import clean
from jobmon_tui.tui.frame import with_key
from jobmon_tui.tui.widgets.form import PushButton

_ANSWERS = (
    ("save", "Save all the same: theirs is replaced", "save_all_the_same"),
    ("reload", "Show theirs: what was typed here is lost", "reload"),
    ("stay", "Go on editing", "stay"),
)


class ChangedScreen(ModalScreen[str]):
    """Gives `save`, `reload` or `stay`. The focus starts on staying: a stray Enter changes nothing."""

    BINDING_GROUP_TITLE = "Changed meanwhile"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('save')", "Save all the same", id="save_all_the_same"),
        Binding("r", "choose('reload')", "Show theirs", id="reload"),
        Binding("escape,n", "choose('stay')", "Go on editing", id="stay"),
        Binding("down,right", "app.focus_next", "Next answer", show=False, id="next_answer"),
        Binding("up,left", "app.focus_previous", "Answer before", show=False, id="answer_before"),
    ]

    def __init__(self, said: str) -> None:
        """`said` may hold text from data."""
        super().__init__()
        self._said = said

    def compose(self) -> ComposeResult:
        """Lay out what has happened over the answers."""
        with Vertical(classes="dialog"):
            yield Static(Content(clean(self._said)), classes="dialog-text")
            for word, label, key in _ANSWERS:
                yield PushButton(Content(with_key(self, label, key)), id=word)

    def on_mount(self) -> None:
        """Start on the answer that changes nothing."""
        self.query_one("#stay").focus()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        self.dismiss(event.button.id or "stay")

    def action_choose(self, answer: str) -> None:
        """Answer with a key."""
        self.dismiss(answer)
