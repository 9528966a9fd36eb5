"""Whose passwords are looked at: each costs a tenth of a second, and anybody may ask for that."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from jobmon_tui.domain.errors import Throttled

MOST_OF_ONE: Final = 16
"""Passwords of one peer that are looked at, or wait for it, at once."""
MOST: Final = 64
_AGAIN: Final = 2.0
"""Seconds after which it may be tried again: about what `MOST_OF_ONE` take."""


class Turns:
    """Refuses whoever asks for too much at once, so that others' sign-ins need not wait behind it."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, peer: str) -> Iterator[None]:
        """Have a turn until the block ends. Raises `throttled`."""
        if self._taken[peer] >= MOST_OF_ONE or self._taken.total() >= MOST:
            raise Throttled("Too many passwords are being looked at. Try again in 2 s.", _AGAIN)
        self._taken[peer] += 1
        try:
            yield
        finally:
            self._taken[peer] -= 1
            if not self._taken[peer]:
                del self._taken[peer]
