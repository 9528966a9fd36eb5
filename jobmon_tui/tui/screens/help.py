"""Every key, read from the bindings themselves."""

import textwrap
from collections.abc import Sequence
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
from jobmon_tui.tui.keys.bound import Keys
from jobmon_tui.tui.keys.catalog import actions, classes_of_ours, title
from jobmon_tui.tui.widgets.pager import Pager
from jobmon_tui.tui.widgets.record_list import RecordList

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


def _group(kind: type[DOMNode], keys: Keys) -> KeyGroup:
    """Gather the keys of a class, all that do the same on one line."""
    by_action: dict[str, list[str]] = {}
    what: dict[str, str] = {}
    for each in actions(kind, keys):
        by_action.setdefault(each.action, []).append(each.shown)
        what.setdefault(each.action, each.what)
    lines = [KeyHelp(" ".join(filter(None, by_action[action])) or "-", what[action]) for action in by_action]
    return KeyGroup(title(kind), lines)


def key_groups(screen: Screen[object], others: Sequence[type[DOMNode]] = ()) -> Sequence[KeyGroup]:
    """Return every key of a screen, of the parts on it, of the app, and of `others`."""
    parts = [type(part) for part in screen.walk_children(DOMNode) if not isinstance(part, Input)]
    kinds = dict.fromkeys([type(screen), *parts, type(screen.app), *others])
    by_title: dict[str, list[KeyHelp]] = {}
    for kind in kinds:
        if classes_of_ours(kind):
            group = _group(kind, frame(screen).keys)
            # A screen and what fills it may be one thing to whoever reads this.
            by_title.setdefault(group.title, []).extend(group.lines)
    return [KeyGroup(name, lines) for name, lines in by_title.items() if lines]


class HelpScreen(Screen[None]):
    """Lists the keys of the screen that it was called from, and of the screens that lead on from there."""

    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("question_mark", "app.pop_screen", "Back", show=False, id="help"),
    ]

    def __init__(self, about: Screen[object]) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        """Lay out the groups one below the other."""
        from jobmon_tui.tui.screens.audit import AuditScreen
        from jobmon_tui.tui.screens.columns import ColumnsScreen
        from jobmon_tui.tui.screens.full_output import FullOutputScreen
        from jobmon_tui.tui.screens.messages import MessagesScreen
        from jobmon_tui.tui.screens.reports import ReportsScreen
        from jobmon_tui.tui.screens.workers import WorkersScreen
        from jobmon_tui.tui.widgets.text_view import TextView

        extra = frame(self).options.extra
        groups = [KeyGroup("This time", [KeyHelp(extra.key, extra.hint)])] if extra is not None else []
        others = (
            ColumnsScreen,
            FullOutputScreen,
            TextView,
            RecordList,
            ReportsScreen,
            WorkersScreen,
            AuditScreen,
            MessagesScreen,
        )
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
