"""How far a long command is, for those who read it line by line."""

import sys
import time
from typing import Final

from jobmon_tui.cli.output import complain

_TELL_EVERY: Final = 2.0


class LineProgress:
    """Says on standard error how far it is, from time to time."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = time.monotonic() + _TELL_EVERY

    def tell(self, done: int, total: int) -> None:
        """Say it where the last time is long enough ago."""
        if time.monotonic() >= self._next and total:
            self._next = time.monotonic() + _TELL_EVERY
            complain(f"{self._what}: {done:,} of {total:,} ({100 * done // total} %)")
            sys.stderr.flush()
