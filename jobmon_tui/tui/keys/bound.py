"""The bindings of a class with the name of each action, and the same with other keys.

Textual's own `App.set_keymap` (8.2) would need an id written on every binding, drops whatever shares a key
with what is moved, such as the explanation of a key that cannot work now, and puts the moved ones last in the
footer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.keys.names import is_typed, shown

OURS = "jobmon_tui."
Keys = Mapping[str, Sequence[str]]
"""The keys of actions that have others than their own, by the action's name."""

# One name for what is the same to whoever presses it, whichever list or text it moves in.
_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("move(-1)", "move('cursor_up')", "cursor_up", "scroll_up"), "up"),
    **dict.fromkeys(("move(1)", "move('cursor_down')", "cursor_down", "scroll_down"), "down"),
    **dict.fromkeys(("move_page(-2)", "move('page_up')"), "page_up"),
    **dict.fromkeys(("move_page(2)", "move('page_down')"), "page_down"),
    **dict.fromkeys(("move_page(-1)", "half_page(-1)"), "half_page_up"),
    **dict.fromkeys(("move_page(1)", "half_page(1)"), "half_page_down"),
    **dict.fromkeys(("newest", "scroll_top", "scroll_home"), "first"),
    **dict.fromkeys(("oldest", "scroll_bottom", "scroll_end"), "last"),
    **dict.fromkeys(("activate", "select_cursor"), "open"),
    **{f"toggle_status('{status.name}')": f"only_{status.name.lower()}" for status in Status},
    **dict.fromkeys(("app.pop_screen", "give_up"), "back"),
    "queue": "queue_report",
    "screen.copy_text": "copy_or_quit",
    "quit_asked": "quit",
    "section(1)": "next_heading",
    "section(-1)": "heading_before",
    "answer(True)": "yes",
    "answer(False)": "no",
    "choose('wait')": "wait",
    "choose('stop')": "stop",
    "choose('')": "stay",
}


class Bound(NamedTuple):
    """A binding under one key, with its action's name as `id`, and the class that declares it."""

    binding: Binding
    owner: type[DOMNode]

    @property
    def name(self) -> str:
        """The action's name in the settings."""
        return str(self.binding.id)

    @property
    def is_ours(self) -> bool:
        """True for what this program declares, False for Textual's own."""
        return self.owner.__module__.startswith(OURS)


def action_name(binding: Binding) -> str:
    """Return what an action is called in the settings: its binding's id, else made from the action itself."""
    if binding.id:
        return binding.id
    named = _NAMES.get(binding.action)
    bare = binding.action.removeprefix("app.").removeprefix("screen.")
    return named or re.sub(r"\W+", "_", bare).strip("_").lower()


def own(kind: type[DOMNode]) -> Sequence[Bound]:
    """Return what a class itself declares, in its order, a key each."""
    found: dict[str, str] = {}
    bindings = list(Binding.make_bindings(kind.__dict__.get("BINDINGS", ())))
    for binding in bindings:
        if not binding.system:
            found.setdefault(binding.key, action_name(binding))
    # What the system marks says why the action on the same key cannot work now: it goes where that goes.
    return [
        Bound(
            replace(
                binding,
                id=found.get(binding.key, action_name(binding)) if binding.system else action_name(binding),
            ),
            kind,
        )
        for binding in bindings
    ]


@lru_cache(maxsize=512)
def bound(kind: type[DOMNode]) -> Sequence[Bound]:
    """Return all bindings of a class, inherited ones too: a key belongs to the class nearest to it."""
    by_key: dict[str, list[Bound]] = {}
    for base in reversed(kind.__mro__):
        if not issubclass(base, DOMNode):
            continue
        if not base._inherit_bindings:  # noqa: SLF001  # as Textual merges them
            by_key.clear()
        here: dict[str, list[Bound]] = {}
        for each in own(base):
            here.setdefault(each.binding.key, []).append(each)
        by_key.update(here)
    return tuple(each for bindings in by_key.values() for each in bindings)


def with_keys(bindings: Sequence[Bound], keys: Keys) -> Sequence[Bound]:
    """Return the bindings with the keys of `keys`, each action in its old place.

    Where text is typed (priority) characters are left out; an action left with none keeps its own.
    """
    if not keys:
        return bindings
    done: set[tuple[str, str]] = set()
    moved: list[Bound] = []
    for each in bindings:
        wanted = keys.get(each.name)
        if wanted is not None and each.binding.priority:
            wanted = [key for key in wanted if not is_typed(key)] or None
        if wanted is None:
            moved.append(each)
        elif (each.name, each.binding.action) not in done:
            done.add((each.name, each.binding.action))
            moved += [Bound(each.binding.with_key(key), each.owner) for key in wanted]
    return moved


def bindings_map(kind: type[DOMNode], keys: Keys) -> BindingsMap:
    """Return a class's bindings as Textual wants them, with the keys of `keys`."""
    by_key: dict[str, list[Binding]] = {}
    for each in with_keys(bound(kind), keys):
        by_key.setdefault(each.binding.key, []).append(each.binding)
    return BindingsMap.from_keys(by_key)


def _first_of(kind: type[DOMNode], name: str, keys: Keys) -> str | None:
    found = [one for one in with_keys(bound(kind), keys) if one.name == name and not one.binding.system]
    if not found:
        return None
    # In the order of the class that declares it: in that of an inherited place Home would come before g.
    declared = [one.binding.key for one in own(found[0].owner)]
    place = {key: at for at, key in reversed([*enumerate(declared)])}
    return shown(min(found, key=lambda one: place.get(one.binding.key, len(place))).binding.key)


@lru_cache(maxsize=1024)
def _first_as_it_comes(kind: type[DOMNode], name: str) -> str | None:
    return _first_of(kind, name, {})


def first_key(node: DOMNode, name: str, keys: Keys) -> str:
    """Return an action's first key as text, sought on the node, then around it; empty where it has none."""
    for each in node.ancestors_with_self:
        kind = type(each)
        found = _first_of(kind, name, keys) if keys else _first_as_it_comes(kind, name)
        if found is not None:
            return found
    return ""
