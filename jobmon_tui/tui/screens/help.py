"""Every key, read from the bindings themselves."""

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from jobmon_tui.domain.text import clean
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.widgets.pager import Pager

_OURS = "jobmon_tui."
_INDENT, _KEYS = 2, 16


@dataclass(frozen=True, slots=True)
class KeyHelp:
    """A line of the help: the keys of one action, and what it does."""

    keys: str
    what: str


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """The keys of one part of the screen."""

    title: str
    lines: Sequence[KeyHelp]


def _ours(kind: type[object]) -> Sequence[type[object]]:
    return [each for each in kind.__mro__ if each.__module__.startswith(_OURS)]


def _title(kind: type[object]) -> str:
    for each in _ours(kind):
        if title := each.__dict__.get("BINDING_GROUP_TITLE"):
            return str(title)
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).capitalize()


def _group(kind: type[object], name_of: Callable[[Binding], str]) -> KeyGroup:
    """Gather the keys of a class and of those of ours that it inherits from; a key is its first owner's."""
    by_action: dict[str, list[str]] = {}
    what: dict[str, str] = {}
    taken: set[str] = set()
    for each in _ours(kind):
        bindings = list(Binding.make_bindings(each.__dict__.get("BINDINGS", ())))
        for binding in bindings:
            # What the system marks are the same keys again, saying why they cannot work now.
            if not binding.system and binding.key not in taken:
                by_action.setdefault(binding.action, []).append(name_of(binding))
                what.setdefault(binding.action, binding.tooltip or binding.description)
        taken |= {binding.key for binding in bindings}
    lines = [KeyHelp(" ".join(dict.fromkeys(keys)), what[action]) for action, keys in by_action.items()]
    return KeyGroup(_title(kind), lines)


def key_groups(screen: Screen[object], others: Sequence[type[object]] = ()) -> Sequence[KeyGroup]:
    """Return every key of a screen, of the parts on it, of the app, and of `others`."""
    parts = [type(part) for part in screen.walk_children(DOMNode) if not isinstance(part, Input)]
    kinds = dict.fromkeys([type(screen), *parts, type(screen.app), *others])
    groups = (_group(kind, screen.app.get_key_display) for kind in kinds if _ours(kind))
    return [group for group in groups if group.lines]


class HelpScreen(Screen[None]):
    """Lists the keys of the screen that it was called from, and of the screens that lead on from there."""

    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark", "app.pop_screen", "Back")]

    def __init__(self, about: Screen[object]) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        """Lay out the groups one below the other."""
        from jobmon_tui.tui.screens.audit import AuditScreen
        from jobmon_tui.tui.screens.messages import MessagesScreen
        from jobmon_tui.tui.screens.reports import ReportsScreen, ReportsTable
        from jobmon_tui.tui.screens.workers import WorkersScreen

        extra = frame(self).options.extra
        groups = [KeyGroup("This time", [KeyHelp(extra.key, extra.hint)])] if extra is not None else []
        others = (ReportsScreen, ReportsTable, WorkersScreen, AuditScreen, MessagesScreen)
        groups += key_groups(self._about, others)
        yield Static("Keys", markup=False, classes="screen-title")
        with Pager():
            for group in groups:
                yield KeyList(group)
        yield Footer(show_command_palette=False)


class KeyList(Static):
    """One group; what a key does keeps to its own column on every width."""

    DEFAULT_CSS = "KeyList { height: auto; margin-bottom: 1; }"

    def __init__(self, group: KeyGroup) -> None:
        super().__init__(markup=False)
        self._group = group

    def on_resize(self, event: events.Resize) -> None:
        """Break the lines for this width."""
        room = max(20, event.size.width - _INDENT - _KEYS - 1)
        lines = [Content.styled(clean(self._group.title), "bold $text-accent")]
        for line in self._group.lines:
            first, *rest = textwrap.wrap(clean(line.what), room) or [""]
            lines.append(Content.assemble(" " * _INDENT, (f"{line.keys:<{_KEYS}} ", "bold"), first))
            lines += [Content(" " * (_INDENT + _KEYS + 1) + each) for each in rest]
        self.update(Content("\n").join(lines))
