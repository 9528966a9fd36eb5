"""The help says what the keys do: none is left out, and none is there that does nothing."""

from collections.abc import Iterator, Sequence

from textual.actions import parse
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input, TextArea

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.keys.catalog import classes_of_ours, title
from jobmon_tui.tui.keys.names import shown
from jobmon_tui.tui.screens.help import HelpScreen, KeyList
from jobmon_tui.tui.widgets.form import PushButton
from tests.tui.fake_services import FakeServices
from tests.tui.stage import Stage, on_stage

OPENERS: dict[str, Sequence[str]] = {
    "dashboard": (),
    "details": ("enter", "enter"),
    "output": ("v",),
    "reports": ("s",),
    "reports, details": ("s", "enter", "enter"),
    "report form": ("s", "c"),
    "workers": ("w",),
    "audit": ("a",),
    "messages": ("m",),
}


def nodes(screen: Screen[object]) -> Iterator[DOMNode]:
    """The screen, its parts and the app; in what is typed into, letters are letters."""
    yield screen
    for part in screen.walk_children(DOMNode):
        if not isinstance(part, Input | TextArea):
            yield part
    yield screen.app


def declared(node: DOMNode) -> Iterator[Binding]:
    """What our classes write in their BINDINGS, as it stands there."""
    taken: set[str] = set()
    for kind in classes_of_ours(type(node)):
        bindings = list(Binding.make_bindings(kind.__dict__.get("BINDINGS", ())))
        yield from (each for each in bindings if not each.system and each.key not in taken)
        taken |= {each.key for each in bindings}


async def help_of(stage: Stage, keys: Sequence[str]) -> tuple[Screen[object], dict[str, dict[str, str]]]:
    """Open a screen and its help; return the screen, and by part what the help says of each key."""
    for key in keys:
        await stage.press(key)
    opener = stage.app.screen
    if buttons := opener.query(PushButton):
        opener.set_focus(buttons.last())
    await stage.press("question_mark")
    assert isinstance(stage.app.screen, HelpScreen)
    said: dict[str, dict[str, str]] = {}
    for part in stage.app.screen.query(KeyList):
        group = said.setdefault(part._group.title, {})
        for line in part._group.lines:
            group.update(dict.fromkeys(line.keys.split(), line.what))
    return opener, said


def services() -> FakeServices:
    made = FakeServices()
    made.add("Sales", Status.FAILED, error="no such table", output="printed\n")
    return made


async def test_each_key_of_a_screen_stands_in_its_help_and_each_in_the_help_works() -> None:
    async with on_stage(services()) as stage:
        for name, keys in OPENERS.items():
            opener, said = await help_of(stage, keys)
            assert check(opener, said, stage) > 15, name
            while stage.app.screen is not stage.screen:
                await stage.app.pop_screen()
            stage.screen.query_one("#main").remove_class("-open")
            stage.screen.set_focus(stage.table)


def check(opener: Screen[object], said: dict[str, dict[str, str]], stage: Stage) -> int:
    """Compare a screen's help with what is bound there; return how many keys were looked at."""
    checked = 0
    for node in nodes(opener):
        group = said.get(title(type(node)), {})
        for binding in declared(node):
            key = shown(binding.key)
            assert key in group, f"{title(type(node))}: the help leaves out {key}"
            assert group[key], f"{key} is there without a word"
            checked += 1
        there = {shown(key): bindings for key, bindings in node._bindings.key_to_bindings.items()}
        # What several parts share a title with: each of them must know the key, or another part must.
        for key in group:
            for binding in there.get(key, ()):
                owner, action, _ = parse(binding.action)
                target = {"app": stage.app, "screen": opener}.get(owner, node)
                assert hasattr(target, f"action_{action}"), f"{key} asks for {binding.action}: nobody's"
    bound = {
        (title(type(node)), shown(key)) for node in nodes(opener) for key in node._bindings.key_to_bindings
    }
    own = {title(type(node)) for node in nodes(opener) if any(declared(node))}
    lies = [(part, key) for part in own for key in said[part] if (part, key) not in bound]
    assert lies == []
    return checked


async def test_the_help_follows_other_keys() -> None:
    async with on_stage(services(), keys={"delete": ("X",), "search": ("f",)}) as stage:
        _, said = await help_of(stage, ("s",))
        assert "D" not in said["Reports"]
        assert said["Reports"]["X"] == "Delete this report, after a question"
        assert "/" not in said["Reports"]
