"""Whether the dashboard is wanted as lines: asked before its first paint, so nothing heavy is imported."""

import os
import sys
from pathlib import Path

from jobmon_tui.domain.errors import JobmonError

_DUMB = frozenset({"", "dumb", "unknown"})
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


def are_wanted() -> bool:
    """Tell whether lines are wanted though nobody said so on the command line: by setting, or by `TERM`."""
    said = os.environ.get("JOBMON_LINEAR", "").strip().casefold()
    if said:
        return said in _TRUE
    return os.environ.get("TERM", "") in _DUMB or _stands_in_file()


def _stands_in_file() -> bool:
    """Tell whether the configuration file says `linear = true`; what is wrong with it is said later on.

    The dashboard's first paint waits for this: the file is read by the book only where it has the word in it.
    """
    try:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        named = os.environ.get("JOBMON_CONFIG") or folder / "jobmon-tui" / "config.toml"
        if sys.platform == "linux" and b"linear" not in Path(named).expanduser().read_bytes():
            return False
        from jobmon_tui.config_file import read_config

        found = read_config()
    except (OSError, RuntimeError, JobmonError):
        return False
    return found is not None and found.values.get("linear") is True
