"""Every screen with the parts that can stand on it and what its keys do, read from the classes alone."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from jobmon_tui.tui.keys.bound import OURS, Bound, Keys, bound, own, with_keys
from jobmon_tui.tui.keys.names import shown

_SCREENS = "jobmon_tui.tui.screens"


@dataclass(frozen=True, slots=True)
class ActionKeys:
    """One action of one part: its name in the settings, its keys as Textual names them, and what it does."""

    name: str
    keys: Sequence[str]
    what: str
    action: str
    """The action itself, as Textual runs it: two names may do the same."""

    @property
    def shown(self) -> str:
        """The keys as a text for people writes them."""
        return " ".join(map(shown, self.keys))


def classes_of_ours(kind: type[object]) -> Sequence[type[object]]:
    """Return the class and those it inherits from that this program declares, the nearest first."""
    return [each for each in kind.__mro__ if each.__module__.startswith(OURS)]


def title(kind: type[object]) -> str:
    """Return what a screen or part is called in the help."""
    for each in classes_of_ours(kind):
        if said := each.__dict__.get("BINDING_GROUP_TITLE"):
            return str(said)
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).capitalize()


def actions(kind: type[DOMNode], keys: Keys) -> Sequence[ActionKeys]:
    """Return what a class and those of ours that it inherits from do by key; a key is its first owner's."""
    found: dict[tuple[str, str], tuple[list[str], Bound]] = {}
    taken: set[str] = set()
    for each in classes_of_ours(kind):
        if not issubclass(each, DOMNode):
            continue
        declared = own(each)
        # What the system marks are the same keys again, saying why they cannot work now.
        for one in declared:
            if not one.binding.system and one.binding.key not in taken:
                found.setdefault((one.name, one.binding.action), ([], one))
        for one in with_keys(declared, keys):
            entry = found.get((one.name, one.binding.action))
            if entry is not None and one.binding.key not in taken:
                entry[0].append(one.binding.key)
        taken |= {one.binding.key for one in declared}
    return [
        ActionKeys(
            one.name,
            tuple(dict.fromkeys(used)),
            one.binding.tooltip or one.binding.description,
            one.binding.action,
        )
        for used, one in found.values()
        if one.binding.description
    ]


def _all_below(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all_below(each)


@lru_cache(maxsize=1)
def screens() -> Sequence[type[Screen[object]]]:
    """Return every screen that can be shown, by title."""
    package = importlib.import_module(_SCREENS)
    for module in pkgutil.iter_modules(package.__path__, f"{_SCREENS}."):
        importlib.import_module(module.name)
    found: list[type[Screen[object]]] = [
        kind
        for kind in _all_below(Screen)
        if issubclass(kind, Screen)
        and kind.__module__.startswith(_SCREENS)
        and "BINDING_GROUP_TITLE" in kind.__dict__
    ]
    return sorted(dict.fromkeys(found), key=title)


@lru_cache(maxsize=256)
def parts(kind: type[DOMNode]) -> Sequence[type[DOMNode]]:
    """Return the widgets with keys that can stand on a screen: those that its module knows, and theirs.

    Rather one too many than one too few.
    """
    found: dict[type[DOMNode], None] = {}
    open_ends: list[type[object]] = [kind]
    seen: set[str] = set()
    while open_ends:
        for base in classes_of_ours(open_ends.pop()):
            if base.__module__ in seen:
                continue
            seen.add(base.__module__)
            for value in vars(sys.modules[base.__module__]).values():
                if (
                    isinstance(value, type)
                    and issubclass(value, Widget)
                    and value.__module__.startswith(OURS)
                ):
                    if issubclass(value, Screen):
                        continue
                    open_ends.append(value)
                    if any(own(each) for each in value.__mro__ if issubclass(each, DOMNode)):
                        found[value] = None
    return tuple(found)


def is_modal(kind: type[DOMNode]) -> bool:
    """Tell whether a screen keeps the keys below it away, those with priority excepted."""
    return issubclass(kind, ModalScreen)


def everything(app: type[DOMNode], keys: Keys) -> Sequence[tuple[str, Sequence[ActionKeys]]]:
    """Return each title with what its keys do, the app's first; each part once."""
    kinds = dict.fromkeys([app, *screens(), *(part for screen in screens() for part in parts(screen))])
    groups: dict[str, dict[str, ActionKeys]] = {}
    for kind in kinds:
        for each in actions(kind, keys):
            groups.setdefault(title(kind), {}).setdefault(each.name, each)
    return [(said, list(lines.values())) for said, lines in groups.items()]


def bindings_of(kind: type[DOMNode]) -> Sequence[Bound]:
    """Return the bindings of a class that can clash; what edits text does so only while one types."""
    from textual.widgets import Input, TextArea

    return [each for each in bound(kind) if each.owner not in {Input, TextArea}]
