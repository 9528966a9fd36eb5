"""The keys as the configuration file changes them, and the list of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobmon_tui.config_file import read_config, written_keys
from jobmon_tui.domain.errors import JobmonError

Keys = Mapping[str, tuple[str, ...]]


def configured_keys() -> Keys:
    """Return the keys that the file changes. Raises `invalid_input`, in one line with its place."""
    lines = written_keys(read_config())
    if not lines:
        return {}
    from jobmon_tui.tui.app import JobmonApp
    from jobmon_tui.tui.keys.keymap import read_keys

    return read_keys(lines, JobmonApp)


def keys_or_complaint() -> tuple[Keys, Sequence[str]]:
    """Return the keys, or no changes at all and the line that says what is wrong with them."""
    try:
        return configured_keys(), ()
    except JobmonError as error:
        return {}, (f"The keys stay as they come. {error.message}",)


def wrong_keys() -> Sequence[str]:
    """Return what is wrong with the keys in the file, as the dashboard says it."""
    return keys_or_complaint()[1]


def origins() -> Mapping[str, str]:
    """Return where the keys of each changed action stand, as `file:line`."""
    return {action: where for action, _value, where in written_keys(read_config())}


@dataclass(frozen=True, slots=True)
class Line:
    """One action in one part of the dashboard. `origin` is `file:line` or `default`."""

    part: str
    action: str
    keys: Sequence[str]
    shown: str
    does: str
    origin: str


def all_keys() -> Sequence[Line]:
    """Return every action with its keys, read from the bindings. Raises `invalid_input`."""
    from jobmon_tui.tui.app import JobmonApp
    from jobmon_tui.tui.keys.catalog import everything

    keys, places = configured_keys(), origins()
    return [
        Line(part, each.name, each.keys, each.shown, each.what, places.get(each.name, "default"))
        for part, group in everything(JobmonApp, keys)
        for each in group
    ]
