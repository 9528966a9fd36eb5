"""The file that the dashboard paints on, which never fails and tells how fast it takes what is written."""

import os
import select
import time
from io import TextIOWrapper
from typing import TextIO

from jobmon_tui.domain.plain_forms import PLAIN, TABLE, as_ascii
from jobmon_tui.tui.pacing import Pace
from jobmon_tui.tui.terminal import Forms, forms_for

_CHUNK = 1024
"""Characters written at once: how long each waits says how fast the line drains."""


def size_of(text: str) -> int:
    """Return how many bytes a text is."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


class LastingFile:
    """A file whose writes never raise: else the writer thread dies, and its full queue stops the app."""

    def __init__(self, file: TextIO, pace: Pace) -> None:
        self._file = file
        self._pace = pace
        self.forms = forms_for(os.environ, os.environ.get("JOBMON_GLYPHS", "auto"))
        # Standard error would write what its encoding lacks as `\u2713`, six cells in place of one.
        if isinstance(file, TextIOWrapper):
            file.reconfigure(errors=PLAIN)

    def write(self, text: str) -> int:
        """Write, or drop what cannot be written; what the terminal lacks is written by its ASCII form."""
        for at in range(0, len(text), _CHUNK):
            chunk = text[at : at + _CHUNK]
            # Only the kernel knows whether one waits for room: a thread may be late for many a reason.
            full, began = not self._has_room(), time.monotonic()
            self._put(chunk)
            self.flush()
            self._pace.took(size_of(chunk), time.monotonic() - began if full else 0.0)
        return len(text)

    def _put(self, text: str) -> None:
        if self.forms is not Forms.ALL and not text.isascii():
            text = as_ascii(text) if self.forms is Forms.ASCII else text.translate(TABLE)
        try:
            self._file.write(text)
        except UnicodeEncodeError:
            self._put(as_ascii(text))
        except (OSError, ValueError):
            return

    def _has_room(self) -> bool:
        poll = select.poll()
        try:
            poll.register(self.fileno(), select.POLLOUT)
        except (OSError, ValueError):
            return True
        return bool(poll.poll(0))

    def flush(self) -> None:
        """Flush, if there is still somebody to flush to."""
        try:
            self._file.flush()
        except (OSError, ValueError):
            return

    def fileno(self) -> int:
        """Return the number of the file below."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Tell what the file below is."""
        return self._file.isatty()
