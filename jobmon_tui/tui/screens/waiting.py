"""The first frame, and what stands there when the connection fails."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.text import clean
from jobmon_tui.tui.frame import frame, key_of
from jobmon_tui.tui.toasts import marked_wrong


class WaitingScreen(Screen[None]):
    """Says `connecting…`, or why there is no connection."""

    BINDING_GROUP_TITLE = "No connection"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "again", "Try again")]
    CONNECTING = "jobmon - connecting…"

    def __init__(self) -> None:
        super().__init__()
        self._error: JobmonError | None = None
        self._lines = [
            Static(self.CONNECTING, id="waiting-line", markup=False),
            Static("", id="waiting-reason", markup=False),
            Static("", id="waiting-keys", markup=False),
        ]

    def compose(self) -> ComposeResult:
        """Lay out one line."""
        with Vertical(id="waiting"):
            yield from self._lines

    def failed(self, error: JobmonError) -> None:
        """Say why there is no connection, and what can be done."""
        self._error = error
        keys = f"{key_of(self, 'again')}  try again     {key_of(self, 'quit')}  quit"
        self._show("jobmon - no connection", marked_wrong(error.message), keys)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another try only after a failure."""
        return self._error is not None if action == "again" else super().check_action(action, parameters)

    def action_again(self) -> None:
        """Connect again."""
        self._error = None
        self._show(self.CONNECTING, "", "")
        frame(self).connect()

    def _show(self, *said: str) -> None:
        for line, text in zip(self._lines, said, strict=True):
            line.update(Content(clean(text)))
        self.refresh_bindings()
