"""Takes the terminal's answers out of what is typed, also where a slow line brings them in pieces."""

import re
from collections.abc import Callable
from time import monotonic

_ANSWER = re.compile(r"\x1b\[[0-9]{1,5};[0-9]{1,5}R")
_BEGUN = re.compile(r"\x1b\[(?:[0-9]{1,5}(?:;[0-9]{0,5})?)?\Z")
_REST = re.compile(r"\[[0-9]{1,5};[0-9]{1,5}R")
LONGEST_GAP = 5.0
"""Seconds that the rest of an answer may take. Keys that begin so, such as Page Up, come in one piece."""


class Answers:
    """Keeps cursor reports from the parser of keys, which would give up on a torn one and type its digits."""

    def __init__(self, escape_delay: float, clock: Callable[[], float] = monotonic) -> None:
        """`escape_delay` is how many seconds the parser waits after a lone ESC before it is a key."""
        self._escape_delay = escape_delay
        self._clock = clock
        self._held = ""
        self._held_at = 0.0
        self._lone_escape_at: float | None = None

    def take(self, text: str, expected: bool) -> tuple[str, int]:
        """Return what is for the parser, and how many answers were in it. None is looked for unasked."""
        text, self._held = self._held + text, ""
        lone, self._lone_escape_at = self._lone_escape_at, None
        if not expected:
            return text, 0
        now = self._clock()
        count = 0
        late = _REST.match(text) if lone is not None and now - lone >= self._escape_delay else None
        if late is not None:
            # Its ESC has become a key already; its digits must not.
            text, count = text[late.end() :], 1
        text, found = _ANSWER.subn("", text)
        begun = _BEGUN.search(text)
        if begun is not None:
            text, self._held, self._held_at = text[: begun.start()], begun.group(), now
        elif text.endswith("\x1b"):
            self._lone_escape_at = now
        return text, count + found

    def late(self) -> str:
        """Return what was held back for too long to be the beginning of an answer."""
        if self._held and self._clock() - self._held_at >= LONGEST_GAP:
            held, self._held = self._held, ""
            return held
        return ""
