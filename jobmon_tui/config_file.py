"""The configuration file: where it is, and what it says."""

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from platformdirs import user_config_path

from jobmon_tui.config_profiles import CHOICE, TABLES, tables_of, with_profile
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line
from jobmon_tui.toml_lines import TomlFile

KEYS: Final = (
    "database_url",
    "server",
    "server_ca",
    "output_dir",
    "concurrency",
    "queues",
    "scheduler",
    "drain_seconds",
    "output_kib",
    "theme",
    "linear",
    "glyphs",
    "mouse",
    "bell",
    "slow",
    "toast_seconds",
    "error_toast_seconds",
    "read_only",
    "lock_minutes",
    "session_idle_minutes",
    "audit_anchor_file",
    "audit_anchor_syslog",
    "audit_anchor_minutes",
)
"""What the file may set, in the order that `config show` prints."""

KEY_TABLE: Final = "keys"
"""The table of keys by action. It is checked where keys are used: no other command may fail."""


def did_you_mean(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """Return `; did you mean "x"?` where a known word is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def expanded(path: Path, where: str) -> Path:
    """Return the path with a leading `~` resolved. Raises `invalid_input`, naming `where` it is written."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise invalid_input(
            f"{where}: {one_line(path.parts[0], 60)} is the home folder of nobody here."
        ) from None


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the configuration file is, or would be: `JOBMON_CONFIG`, else the user's folder."""
    named = environment.get("JOBMON_CONFIG", "")
    if named:
        return expanded(Path(named), "JOBMON_CONFIG")
    return user_config_path("jobmon-tui", appauthor=False) / "config.toml"


def read_config(environment: Mapping[str, str] = os.environ) -> TomlFile | None:
    """Return the file with the chosen profile, None where there is none.

    Raises `invalid_input`, naming file, line and key. A file that `JOBMON_CONFIG` names has to be there.
    """
    path = config_path(environment)
    if not environment.get("JOBMON_CONFIG") and not path.exists():
        return with_profile(None, environment)
    found = TomlFile.read(path)
    for key in found.values:
        _require_known(found, key, (*KEYS, KEY_TABLE, CHOICE, TABLES))
    for name, table in tables_of(found).items():
        for key in table:
            _require_known(found, key, KEYS, TABLES, name)
    return with_profile(found, environment)


def _require_known(found: TomlFile, key: str, known: tuple[str, ...], *table: str) -> None:
    where = found.at(*table, key)
    if key == "token":
        raise invalid_input(
            f"{where}: token: a session does not belong in a file. Use jobmon login, or JOBMON_TOKEN."
        )
    if key not in known:
        raise invalid_input(f'{where}: unknown key "{one_line(key, 60)}"{did_you_mean(key, known)}')


def written_keys(found: TomlFile | None) -> Sequence[tuple[str, object, str]]:
    """Return the lines of the table of keys as they stand: action, value, `file:line`.

    Raises `invalid_input` where `keys` is no table.
    """
    table = found.values.get(KEY_TABLE, {}) if found is not None else {}
    if found is None or not table:
        return ()
    if not isinstance(table, dict):
        raise invalid_input(
            f'{found.at(KEY_TABLE)}: keys: write a table: [keys], then a line such as retry = "R" for each.'
        )
    return [(action, value, found.at(KEY_TABLE, action)) for action, value in table.items()]
