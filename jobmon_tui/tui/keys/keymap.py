"""The keys that the settings change: checked as a whole, so that either all of them hold or none."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from textual.dom import DOMNode

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui.keys.bound import Bound, Keys, bound, with_keys
from jobmon_tui.tui.keys.catalog import bindings_of, is_modal, parts, screens, title
from jobmon_tui.tui.keys.names import is_typed, parse_key, shown


class Written(NamedTuple):
    """A line of the settings: an action's name, what was written for it, and `file:line`."""

    action: str
    value: object
    where: str


Chain = tuple[str, Sequence[Bound]]
"""A screen's title, and all that a key can mean there with the focus on one of its parts."""


def read_keys(lines: Iterable[tuple[str, object, str]], app: type[DOMNode]) -> Mapping[str, tuple[str, ...]]:
    """Return the keys of each action that is named, as Textual names keys.

    Raises `invalid_input` in one line that says where: an unknown action or key, and a key
    that two actions of one screen would have, both named.
    """
    written = [Written(*line) for line in lines]
    if not written:
        return {}
    known: dict[str, list[Bound]] = {}
    for each in _all_bound(app):
        known.setdefault(each.name, []).append(each)
    keys = {line.action: _keys(line, known) for line in written}
    _refuse_clashes(keys, {line.action: line.where for line in written}, app)
    return keys


def _all_bound(app: type[DOMNode]) -> Iterator[Bound]:
    for kind in (app, *screens(), *(part for screen in screens() for part in parts(screen))):
        yield from (each for each in bound(kind) if each.is_ours and not each.binding.system)


def _keys(line: Written, known: Mapping[str, Sequence[Bound]]) -> tuple[str, ...]:
    action, value, where = line
    said = f"{where}: keys.{one_line(action, 60)}"
    if action not in known:
        near = difflib.get_close_matches(action, list(known), n=1)
        hint = f"; did you mean “{near[0]}”?" if near else ". All of them: jobmon config keys"
        raise invalid_input(f"{where}: keys: there is no action “{one_line(action, 60)}”{hint}")
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise invalid_input(f'{said}: write a key, such as "r" or "ctrl+r", or a list of keys.')
    found = []
    for name in names:
        try:
            key = parse_key(name)
        except ValueError as error:
            raise invalid_input(f"{said}: “{one_line(name, 40)}”: {error}.") from None
        if is_typed(key) and all(each.binding.priority for each in known[action]):
            raise invalid_input(
                f"{said}: “{one_line(name, 40)}” is a character, but this works while text is typed: "
                "take one such as ctrl+r."
            )
        found.append(key)
    return tuple(dict.fromkeys(found))


def chains(app: type[DOMNode]) -> Iterator[Chain]:
    """Yield what can be reached together: a part, its screen, the app (below a dialog only with priority)."""
    for screen in screens():
        everywhere = [each for each in bound(app) if each.binding.priority or not is_modal(screen)]
        for part in (None, *parts(screen)):
            yield title(screen), [*(bindings_of(part) if part else ()), *bindings_of(screen), *everywhere]


def _by_key(bindings: Sequence[Bound]) -> Mapping[str, Sequence[Bound]]:
    found: dict[str, dict[str, Bound]] = {}
    for each in bindings:
        if not each.binding.system:
            found.setdefault(each.binding.key, {}).setdefault(each.name, each)
    return {key: list(names.values()) for key, names in found.items()}


def _refuse_clashes(keys: Keys, where: Mapping[str, str], app: type[DOMNode]) -> None:
    for screen, bindings in chains(app):
        meant = {
            frozenset((one.name, other.name))
            for several in _by_key(bindings).values()
            for one, other in combinations(several, 2)
        }
        for key, several in _by_key(with_keys(bindings, keys)).items():
            for one, other in combinations(several, 2):
                if frozenset((one.name, other.name)) not in meant:
                    moved, stays = (one, other) if one.name in keys else (other, one)
                    own = f" ({where[stays.name]})" if stays.name in keys else ""
                    what = (
                        f" ({does})" if (does := stays.binding.tooltip or stays.binding.description) else ""
                    )
                    raise invalid_input(
                        f"{where[moved.name]}: keys.{moved.name}: {shown(key)} is the key of "
                        f"“{stays.name}”{what}{own} too, on the screen “{screen}”."
                    )
