"""Stopping as a terminal's own Ctrl+Z stops: the whole job, until a shell brings it to the front again."""

import os
import signal
import sys
import time

_TRIES, _PAUSE = 100, 0.05
"""How often, and seconds between: in a job that no shell cares for the system ignores the wish to stop."""


def _in_front(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return True  # there is no terminal any more: nothing to wait for


def stop_until_in_front() -> None:
    """Stop this job, and return once it has the terminal again; at once where no shell could continue it.

    The job and not this process alone: `make`, say, would wait for it, and the shell for `make`. To be
    called in the main thread: that one the system stops before `os.kill` returns.
    """
    terminal = sys.__stdin__.fileno() if sys.__stdin__ is not None else 0
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        for _ in range(_TRIES):
            os.kill(0, signal.SIGTSTP)
            if _in_front(terminal):
                return
            time.sleep(_PAUSE)  # continued in the background: it may not paint, and stops again
    finally:
        signal.signal(signal.SIGTSTP, before)
