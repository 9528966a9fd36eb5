"""What a user has chosen in the dashboard, kept on this machine in a small file that only they can read."""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_state_path

from jobmon_tui.private_files import make_folder

_LARGEST = 65_536
"""Bytes; a larger file is not ours."""


def kept_path() -> Path:
    """Return the file: `dashboard.json` in the user's state folder."""
    return user_state_path("jobmon-tui", appauthor=False) / "dashboard.json"


class Kept:
    """The choices by name. Without a path nothing is read and nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> Mapping[str, object]:
        """Return what was kept; nothing where that cannot be read or is no such file."""
        if self._path is None:
            return {}
        try:
            with self._path.open("rb") as file:
                found = json.loads(file.read(_LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def keep(self, **choices: object) -> None:
        """Keep these beside the others: the file is whole at any moment, mode 0600. Raises `OSError`."""
        if self._path is None:
            return
        text = json.dumps({**self.read(), **choices}, indent=1, ensure_ascii=False) + "\n"
        make_folder(self._path.parent)
        descriptor, beside = tempfile.mkstemp(dir=self._path.parent, prefix=".dashboard-")  # is made 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(beside).replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(beside).unlink()
            raise
