"""Leaving while reports run inside the dashboard."""

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from jobmon_tui.services import departure as leaving
from jobmon_tui.tui import rows
from jobmon_tui.tui.frame import frame, key_of, with_key
from jobmon_tui.tui.widgets.form import PushButton
from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said

if TYPE_CHECKING:
    from jobmon_tui.services.departure import Departure

_LOOK = 0.25
"""Seconds between two looks; only what differs is painted, the countdown once a second."""
_NAMED = 8


class QuitScreen(ModalScreen[str | None]):
    """Asks what becomes of the running reports: `wait`, `stop`, or None to stay."""

    BINDING_GROUP_TITLE = "Quit"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "choose('wait')", "Wait for them, then quit"),
        Binding("s", "choose('stop')", "Stop them now and quit"),
        Binding("escape,n", "choose('')", "Stay"),
        Binding("down,right", "app.focus_next", "Next answer", show=False, id="next_answer"),
        Binding("up,left", "app.focus_previous", "Previous answer", show=False, id="answer_before"),
    ]

    def __init__(self, running: int) -> None:
        super().__init__()
        self._count = running

    def compose(self) -> ComposeResult:
        """Lay out the question over its three answers."""
        one = self._count == 1
        what = "1 report runs" if one else f"{self._count} reports run"
        it = "it" if one else "them"
        with Vertical(classes="dialog"):
            yield Static(f"{what} inside this dashboard. Quit?", markup=False, classes="dialog-text")
            yield PushButton(with_key(self, f"Wait for {it}, then quit", "wait"), id="wait")
            yield PushButton(with_key(self, f"Stop {it} now: recorded as Failed", "stop"), id="stop")
            yield PushButton(with_key(self, "Stay", "stay"), variant="primary", id="stay")

    def on_mount(self) -> None:
        """Start on staying."""
        self.query_one("#stay").focus()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        self.action_choose("" if event.button.id == "stay" else event.button.id or "")

    def action_choose(self, choice: str) -> None:
        """Answer with a key."""
        self.dismiss(choice or None)


class Line(PlainLines):
    """One line of text; saying the same again paints nothing."""

    DEFAULT_CSS = "Line { height: 1; width: 40; max-width: 100%; background: $surface; color: $text; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._text = ""

    def put(self, text: str) -> None:
        """Say this; the text is clean."""
        self._text = text
        self.say()

    def compose_lines(self, width: int) -> Said:
        """Return the line."""
        return ((Piece(rows.cut(self._text, width)),),)


class DrainScreen(ModalScreen[None]):
    """Shows what still runs while the dashboard waits for it, and how long it will wait yet."""

    BINDING_GROUP_TITLE = "Quitting"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "stop", "Stop them now")]

    def __init__(
        self, departure: "Departure", grace: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`grace` is in seconds, from now on."""
        super().__init__()
        self._departure = departure
        self._clock = clock
        self._until = clock() + grace
        self._said = ""
        self._still = Static("", markup=False, classes="dialog-text")
        self._left = Line(id="drain-left")

    def compose(self) -> ComposeResult:
        """Lay out what runs over the countdown and the one key."""
        with Vertical(classes="dialog"):
            yield self._still
            yield self._left
            yield Static(f"{key_of(self, 'stop')}  stop them now", markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Look from time to time."""
        self._look()
        self.set_interval(_LOOK, self._look)

    def _look(self) -> None:
        running = self._departure.running
        named = ", ".join(f"#{each}" for each in running[:_NAMED])
        more = f" and {len(running) - _NAMED} more" if len(running) > _NAMED else ""
        said = f"Waiting for {named}{more}." if running else "Nothing runs any more."
        if said != self._said:
            self._said = said
            self._still.update(Content(said))
        left = math.ceil(max(0.0, self._until - self._clock()))
        self._left.put(f"What still runs in {left} s is stopped." if left else "Stopping what still runs …")

    def action_stop(self) -> None:
        """Wait no longer."""
        frame(self).leave(0.0, leaving.STOPPED)
