"""What can be done now, by name: the actions of the screen, of the app, and of the focused part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from jobmon_tui.tui.keys.bound import Bound, bound, with_keys
from jobmon_tui.tui.keys.names import shown

if TYPE_CHECKING:
    from textual.screen import Screen

    from jobmon_tui.tui.app import JobmonApp


@dataclass(frozen=True, slots=True)
class Command:
    """One action: what it does, its keys as people read them, and where Textual runs it."""

    what: str
    keys: str
    action: str
    node: DOMNode


def _declared(node: DOMNode, app: "JobmonApp") -> Iterator[tuple[Bound, str]]:
    """Yield what a node of ours offers by key, each action once, with its keys as they are now."""
    keys: dict[tuple[str, str], list[str]] = {}
    for each in with_keys(bound(type(node)), app.keys):
        keys.setdefault((each.name, each.binding.action), []).append(shown(each.binding.key))
    done = set()
    for each in bound(type(node)):
        named = (each.name, each.binding.action)
        if each.is_ours and not each.binding.system and each.binding.description and named not in done:
            done.add(named)
            yield each, " ".join(keys.get(named, ()))


def commands(screen: "Screen[object]", app: "JobmonApp") -> Sequence[Command]:
    """Return what can be done now, the screen's own first, then the app's, then the focused part's."""
    focused = screen.focused
    parts = [each for each in focused.ancestors_with_self if each not in (screen, app)] if focused else []
    found: dict[tuple[str, str], Command] = {}
    extra = app.options.extra
    if extra is not None and app.check_action("extra", ()):
        found["extra", extra.label] = Command(extra.label, extra.key, "extra", app)
    for node in (screen, app, *parts):
        for each, keys in _declared(node, app):
            action, what = each.binding.action, each.binding.tooltip or each.binding.description
            # As Textual itself asks before it shows a key.
            if action != "commands" and app._check_action_state(action, node):  # noqa: SLF001
                before = found.get((action, what))
                every = " ".join(filter(None, (before.keys, keys))) if before else keys
                found[action, what] = Command(what, every, action, before.node if before else node)
    return list(found.values())


def matching(offered: Sequence[Command], text: str) -> Sequence[Command]:
    """Return the commands that have every word of `text`, those that begin with it first."""
    words = text.casefold().split()
    start = text.strip().casefold()
    found = [each for each in offered if all(word in f"{each.what} {each.keys}".casefold() for word in words)]
    return sorted(found, key=lambda each: not each.what.casefold().startswith(start))
