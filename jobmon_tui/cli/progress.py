"""How far a long command is: a bar on a terminal, lines for those who read it later."""

import shutil
import sys
import time
from typing import Final

from jobmon_tui.cli.output import complain

_TELL_EVERY: Final = 2.0
_DRAW_EVERY: Final = 0.1
_FIRST_DRAWN: Final = 0.5
"""Seconds: what is done sooner needs no bar."""
_BAR: Final = 30


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


class BarProgress(LineProgress):
    """Draws a bar where standard error is a terminal, and says it in lines where it is not."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self._on_terminal = sys.stderr.isatty()
        self._draw_at = time.monotonic() + _FIRST_DRAWN
        self._drawn = False

    def tell(self, done: int, total: int) -> None:
        """Draw or say it where the last time is long enough ago."""
        if not self._on_terminal:
            super().tell(done, total)
        elif time.monotonic() >= self._draw_at and total:
            self._draw_at = time.monotonic() + _DRAW_EVERY
            self._drawn = True
            share = min(1.0, done / total)
            full = int(share * _BAR)
            line = f"{self._what} [{'#' * full}{'.' * (_BAR - full)}] {share:4.0%} of {total:,}"
            sys.stderr.write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K")
            sys.stderr.flush()

    def end(self) -> None:
        """Take the bar away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
