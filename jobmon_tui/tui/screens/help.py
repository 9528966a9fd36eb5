"""Every key, read from the bindings themselves."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Footer, Static

from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.widgets.pager import Pager

_OURS = "jobmon_tui."


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


def _bindings(kind: type[object]) -> Sequence[Binding]:
    own = kind.__dict__.get("BINDINGS", ())
    return list(Binding.make_bindings(own))


def _group(kind: type[object], display: "KeyNames") -> KeyGroup | None:
    by_action: dict[str, list[Binding]] = {}
    for binding in _bindings(kind):
        by_action.setdefault(binding.action, []).append(binding)
    lines = []
    for bindings in by_action.values():
        keys = list(dict.fromkeys(display.of(binding) for binding in bindings))
        lines.append(KeyHelp(" ".join(keys), bindings[0].tooltip or bindings[0].description))
    title = str(kind.__dict__.get("BINDING_GROUP_TITLE") or kind.__name__)
    return KeyGroup(title, lines) if lines else None


class KeyNames:
    """What a key is called, by the app's own naming, which the footer uses too."""

    def __init__(self, screen: Screen[object]) -> None:
        self._app = screen.app

    def of(self, binding: Binding) -> str:
        """Return the name of a binding's key."""
        return self._app.get_key_display(binding)


def _kinds(nodes: Iterable[DOMNode]) -> Iterator[type[object]]:
    """Give our own classes behind these nodes, each once."""
    seen: set[type[object]] = set()
    for node in nodes:
        for kind in type(node).__mro__:
            if kind.__module__.startswith(_OURS) and kind not in seen:
                seen.add(kind)
                yield kind


def key_groups(screen: Screen[object], others: Sequence[type[object]] = ()) -> Sequence[KeyGroup]:
    """Return every key of a screen, of the parts on it, of the app, and of `others`."""
    nodes = [screen, *screen.walk_children(DOMNode), screen.app]
    kinds = dict.fromkeys([*_kinds(nodes), *others])
    names = KeyNames(screen)
    groups = (_group(kind, names) for kind in kinds)
    return [group for group in groups if group is not None]


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

        yield Static("Keys", markup=False, classes="screen-title")
        with Pager():
            extra = frame(self).options.extra
            if extra is not None:
                yield _block(KeyGroup("This time", [KeyHelp(extra.key, extra.hint)]))
            for group in key_groups(self._about, (AuditScreen, MessagesScreen)):
                yield _block(group)
        yield Footer(show_command_palette=False)


def _block(group: KeyGroup) -> Static:
    lines = [Content.styled(group.title, "bold $text-accent")]
    lines += [Content.assemble((f"  {line.keys:<22} ", "bold"), line.what) for line in group.lines]
    return Static(Content("\n").join(lines), classes="help-group")
