"""Where everything writes what must not reach the screen: one file, for its owner alone, without secrets."""

import contextlib
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final, TextIO

from platformdirs import user_log_path

from jobmon_tui.private_files import open_to_append
from jobmon_tui.seldom import Seldom

_LARGEST = 1_000_000
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
_SECRET_VARIABLES: Final = ("JOBMON_TOKEN", "PGPASSWORD")
_IN_A_URL: Final = re.compile(r"(?<=://)([^/?#@:\s]{0,200}):[^/?#\s]*@")
_NAMED: Final = re.compile(
    r"(?i)\b(password|passwd|pwd|sslpassword)(=|[\"']?: ?)('[^']*'|\"[^\"]*\"|[^\s&,)}]+)"
)
_hidden: Counter[str] = Counter()


def log_path() -> Path:
    """Return the log file: `JOBMON_LOG_FILE`, else `jobmon.log` in the user's log folder."""
    asked = os.environ.get("JOBMON_LOG_FILE")
    return Path(asked) if asked else user_log_path("jobmon-tui", appauthor=False) / "jobmon.log"


def hide(secret: str) -> None:
    """From now on mask this secret in what this process logs."""
    _hidden[secret] += 1


@contextlib.contextmanager
def hiding(secrets: Iterable[str]) -> Iterator[None]:
    """Mask these secrets in what this process logs until the block ends."""
    kept = Counter(secrets)
    _hidden.update(kept)
    try:
        yield
    finally:
        _hidden.subtract(kept)
        for secret in kept:
            if _hidden[secret] <= 0:
                del _hidden[secret]


def scrubbed(text: str) -> str:
    """Return text without the secrets that this process knows, and what is written where passwords stand."""
    # Imported here: most runs log nothing, and it lies on the way to the first paint.
    from jobmon_tui.domain.masking import mask_text  # noqa: PLC0415

    known = [*_hidden, *(os.environ.get(name, "") for name in _SECRET_VARIABLES)]
    masked = mask_text(text, [each for each in known if each])
    return _NAMED.sub(r"\1\2***", _IN_A_URL.sub(r"\1:***@", masked))


class _Scrubbing(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return a record's line, its traceback too, without secrets."""
        return scrubbed(super().format(record))


class PrivateFileHandler(RotatingFileHandler):
    """Makes folder (0700) and file (0600) at the first line. Where it cannot, it stays silent."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=_LARGEST, backupCount=1, encoding="utf-8", delay=True, errors="replace"
        )
        self.setFormatter(_Scrubbing(_FORMAT))
        self.addFilter(Seldom())

    def _open(self) -> TextIO:  # type: ignore[override]
        opened = open_to_append(Path(self.baseFilename))
        return open(opened, "a", encoding="utf-8", errors="replace")  # noqa: PTH123

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the base class's name
        """Do nothing: a full disk must not paint over the dashboard."""


def log_to_file() -> logging.Handler:
    """Send the whole process's warnings and errors to the log file only; return the handler."""
    handler = PrivateFileHandler(log_path())
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    return handler


def write_log(text: str) -> Path | None:
    """Append text to the log file; return its path, None where it cannot be written."""
    path = log_path()
    try:
        with open(open_to_append(path), "a", encoding="utf-8", errors="replace") as log:  # noqa: PTH123
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            log.write(f"{at} {scrubbed(text.rstrip())}\n")
    except OSError:
        return None
    return path
