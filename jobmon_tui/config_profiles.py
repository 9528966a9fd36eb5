"""Profiles of the configuration file: tables of settings under a name, of which one is chosen."""

import os
from collections.abc import Mapping
from typing import Any, Final

from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.domain.text import one_line
from jobmon_tui.toml_lines import TomlFile

CHOICE: Final = "profile"
TABLES: Final = "profiles"
VARIABLE: Final = "JOBMON_PROFILE"
_by_flag: list[str] = []


def choose_profile(name: str | None) -> None:
    """Use this profile from now on, as `--profile` says; None leaves it to the environment and the file."""
    _by_flag[:] = [] if name is None else [name]


class Profiled(TomlFile):
    """A configuration file as it is with the settings of one profile in place of its own."""

    def __init__(self, found: TomlFile, name: str, table: Mapping[str, Any]) -> None:
        plain = {key: value for key, value in found.values.items() if key not in table}
        super().__init__(found.path, {**plain, **table}, {})
        self._found = found
        self._name = name
        self._own = frozenset(table)

    def line(self, *path: str | int) -> int:
        """Return the line of a key: in the profile where that sets it."""
        own = path and path[0] in self._own
        return self._found.line(TABLES, self._name, *path) if own else self._found.line(*path)


def chosen(found: TomlFile | None, environment: Mapping[str, str] = os.environ) -> tuple[str | None, str]:
    """Return the profile's name, None without one, and where it is chosen: flag, variable, `file:line`."""
    if _by_flag:
        return _by_flag[0], "--profile"
    if environment.get(VARIABLE):
        return environment[VARIABLE], VARIABLE
    if found is not None and CHOICE in found.values:
        name = found.values[CHOICE]
        if not isinstance(name, str):
            raise invalid_input(f'{found.at(CHOICE)}: profile: write a name, such as profile = "night".')
        return name, found.at(CHOICE)
    return None, "default"


def tables_of(found: TomlFile | None) -> Mapping[str, Mapping[str, Any]]:
    """Return every profile's settings by name. Raises `invalid_input` where these are no tables."""
    tables = found.values.get(TABLES, {}) if found is not None else {}
    if found is None or not tables:
        return {}
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise invalid_input(
            f"{found.at(TABLES)}: profiles: write tables: [profiles.night], then its settings."
        )
    return tables


def no_profile(name: str, where: str, tables: Mapping[str, object]) -> JobmonError:
    """Return what to say where no profile has this name."""
    known = ", ".join(f"“{one_line(each, 60)}”" for each in sorted(tables))
    there = f"There are: {known}." if known else "The configuration file has none."
    return invalid_input(f"{where}: there is no profile “{one_line(name, 60)}”. {there}")


def with_profile(found: TomlFile | None, environment: Mapping[str, str] = os.environ) -> TomlFile | None:
    """Return the file with the chosen profile's settings in place of its own.

    Raises `invalid_input` for a profile that is not there, with those that are.
    """
    name, where = chosen(found, environment)
    if name is None:
        return found
    tables = tables_of(found)
    if found is None or name not in tables:
        raise no_profile(name, where, tables)
    return Profiled(found, name, tables[name])
