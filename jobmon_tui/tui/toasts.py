"""Short messages that come and go, and the list of those that went."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING, Literal

from jobmon_tui.domain.text import clean
from jobmon_tui.tui.contracts import Announce

if TYPE_CHECKING:
    from textual.app import App

_KEPT = 500
_AT_ONCE = 3
"""More would hide the table at 80x24."""
_LONGEST = 600
"""Characters shown in a toast; the history has them all."""


class Kind(StrEnum):
    """What a message says."""

    DONE = "done"
    WARNING = "warning"
    ERROR = "error"

    @property
    def glyph(self) -> str:
        """One cell that says it without colour."""
        return {"done": "✓", "warning": "!", "error": "✗"}[self.value]

    @property
    def colour(self) -> str:
        """The theme's word for its colour: `$text-` and this."""
        return "success" if self is Kind.DONE else self.value

    @property
    def severity(self) -> Literal["information", "warning", "error"]:
        """Textual's word for it."""
        return "information" if self is Kind.DONE else "warning" if self is Kind.WARNING else "error"


def marked_wrong(complaint: str) -> str:
    """Return a complaint, cleaned, with the sign that says what it is without colour."""
    return f"{Kind.ERROR.glyph} {clean(complaint)}"


@dataclass(frozen=True, slots=True)
class Told:
    """A message that was shown, at a local time."""

    at: datetime
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class _Live:
    kind: Kind
    text: str
    until: float


class Toasts:
    """Shows messages without waiting for anybody, and remembers them."""

    def __init__(self, app: "App[int]", announce: Announce = lambda _kind, _text: None) -> None:
        self._app = app
        self._announce = announce
        self._history: deque[Told] = deque(maxlen=_KEPT)
        self._live: list[_Live] = []
        self._renewing = False

    @property
    def history(self) -> Sequence[Told]:
        """What was shown, newest first."""
        return tuple(reversed(self._history))

    def show(self, kind: Kind, message: str, seconds: float) -> None:
        """Show a message for `seconds`. The same one again renews it; the oldest of too many gives way."""
        text = clean(message).strip()
        self._announce(kind.value, text)
        self._history.append(Told(datetime.now().astimezone(), kind, text))
        now = monotonic()
        live = [each for each in self._live if each.until > now]
        kept = [each for each in live if (each.kind, each.text) != (kind, text)][1 - _AT_ONCE :]
        self._live = [*kept, _Live(kind, text, now + seconds)]
        if self._renewing:
            return
        if kept == live:
            self._notify(self._live[-1], seconds)
            return
        # Behind what was said but is not shown yet: Textual clears at once, and shows later.
        self._renewing = self._app.call_later(self._renew)

    def _renew(self) -> None:
        """Show what is live now, in place of all that stands there."""
        self._renewing = False
        self._app.clear_notifications()
        now = monotonic()
        for each in self._live:
            if each.until > now:
                self._notify(each, each.until - now)

    def _notify(self, live: _Live, seconds: float) -> None:
        text = live.text if len(live.text) <= _LONGEST else live.text[: _LONGEST - 1] + "…"
        self._app.notify(
            f"{live.kind.glyph} {text}", severity=live.kind.severity, timeout=seconds, markup=False
        )
