"""Where the dashboard writes what must not reach the screen: a file that only its owner can read."""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from platformdirs import user_log_path

_LARGEST = 1_000_000
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


def log_path() -> Path:
    """Return the log file: `JOBMON_LOG_FILE`, else `jobmon.log` in the user's log folder."""
    asked = os.environ.get("JOBMON_LOG_FILE")
    return Path(asked) if asked else user_log_path("jobmon-tui", appauthor=False) / "jobmon.log"


class PrivateFileHandler(RotatingFileHandler):
    """Makes folder (0700) and file (0600) at the first line. Where it cannot, it stays silent."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=_LARGEST, backupCount=1, encoding="utf-8", delay=True, errors="replace"
        )
        self.setFormatter(logging.Formatter(_FORMAT))

    def _open(self) -> TextIO:  # type: ignore[override]
        path = Path(self.baseFilename)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        return open(descriptor, "a", encoding="utf-8", errors="replace")  # noqa: PTH123

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the base class's name
        """Do nothing: a full disk must not paint over the dashboard."""


def log_to_file() -> logging.Handler:
    """Send the whole process's warnings and errors to the log file only; return the handler."""
    handler = PrivateFileHandler(log_path())
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    return handler
