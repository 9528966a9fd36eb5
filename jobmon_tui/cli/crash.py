"""What happens when something unforeseen does: one line for people, the details in a log file."""

import contextlib
import logging
import os
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType

from platformdirs import user_state_path

from jobmon_tui.domain.text import one_line


def log_path() -> Path:
    """Return where the details go: `JOBMON_LOG_FILE`, else `jobmon.log` in the user's state folder."""
    asked = os.environ.get("JOBMON_LOG_FILE")
    return Path(asked) if asked else user_state_path("jobmon-tui", appauthor=False) / "jobmon.log"


def write_log(text: str) -> Path | None:
    """Append to the log file, 0600; return its path, None where it cannot be written."""
    path = log_path()
    with contextlib.suppress(OSError):
        for folder in reversed(path.parents):
            # Each by itself: `parents=True` would make those in between as the umask has them.
            folder.mkdir(exist_ok=True, mode=0o700)
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(opened, "a", encoding="utf-8", errors="replace") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text.rstrip()}\n")
        return path
    return None


class _ToFile(logging.Handler):
    # Libraries' warnings, and asyncio's about tasks: none of them may reach the terminal.
    def emit(self, record: logging.LogRecord) -> None:
        """Append a record."""
        write_log(self.format(record))


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    path = write_log("".join(traceback.format_exception(kind, error, trace)))
    where = f"The details are in {path}." if path else f"The log file {log_path()} cannot be written."
    sys.stderr.write(f"jobmon met something unforeseen ({one_line(kind.__name__, 60)}). {where}\n")


def install() -> None:
    """From now on no traceback reaches the terminal; Python's exit code for it is 1, as it should be."""
    sys.excepthook = _hook
    logging.getLogger().addHandler(_ToFile(logging.WARNING))
