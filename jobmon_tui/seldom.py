"""What goes wrong again and again is logged once, then seldom: an outage of a night must not fill the log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

SAY_EVERY: Final = 600.0
"""Seconds before the same line is logged again."""
_MOST: Final = 200
"""Different lines that are remembered."""


@dataclass(slots=True)
class _Said:
    at: float
    held_back: int = 0


class Seldom(logging.Filter):
    """Passes a line, then holds the same one back for `SAY_EVERY` seconds; then it says how often that was.

    An error with a traceback always passes.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, int, str], _Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be logged; one that comes again is told with the number."""
        if record.exc_info:
            return True
        text, now = record.getMessage(), self._clock()
        key = (record.name, record.levelno, text)
        before = self._said.pop(key, None)
        if before is not None and now - before.at < SAY_EVERY:
            before.held_back += 1
            self._said[key] = before
            return False
        self._said[key] = _Said(now)
        while len(self._said) > _MOST:
            del self._said[next(iter(self._said))]
        if before is not None and before.held_back:
            # Python 3.11 logs what it has asked about, and no other record.
            record.msg = f"{text} ({before.held_back:,} times more since it was logged last)"
            record.args = ()
        return True
