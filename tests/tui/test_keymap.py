"""The keys: every one can be changed, all of them survive a bad line, and no two get in each other's way."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.dom import DOMNode

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.keys.bound import bound, own, with_keys
from jobmon_tui.tui.keys.catalog import everything, parts, screens
from jobmon_tui.tui.keys.keymap import read_keys
from jobmon_tui.tui.keys.names import named_keys, parse_key, shown
from jobmon_tui.tui.screens.help import HelpScreen
from jobmon_tui.tui.screens.pick_report import PickReportScreen
from tests.tui.fake_services import FakeServices
from tests.tui.shell_stage import screen_text, signed_in_stage
from tests.tui.stage import on_stage

KINDS: Sequence[type[DOMNode]] = list(
    dict.fromkeys([JobmonApp, *screens(), *(part for screen in screens() for part in parts(screen))])
)
OURS = sorted({each.name for kind in KINDS for each in bound(kind) if each.is_ours})
# What each terminal sends in the same way, however many tmux and jump hosts lie between.
SURVIVES = {
    *("escape", "enter", "tab", "shift+tab", "space", "backspace"),
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown"),
    *(f"ctrl+{letter}" for letter in "abcdefgklnopqrtuvwxyz"),
}


def refusal(*lines: tuple[str, object, str]) -> str:
    with pytest.raises(JobmonError) as refused:
        read_keys(lines, JobmonApp)
    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert "\n" not in refused.value.message
    return refused.value.message


def test_no_key_of_ours_needs_more_than_a_letter_a_digit_or_a_plain_control() -> None:
    for kind in KINDS:
        for each in bound(kind):
            if each.is_ours:
                key = each.binding.key
                assert key in SURVIVES or len(shown(key)) == 1, f"{kind.__name__}: {key}"


@pytest.mark.parametrize("name", OURS)
def test_every_action_has_a_name_and_can_have_another_key(name: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert read_keys([(name, ["F9", "ctrl+]"], "config.toml:2")], JobmonApp) == {
        name: ("f9", "ctrl+right_square_bracket")
    }
    for kind in KINDS:
        moved = with_keys(bound(kind), {name: ("f9",)})
        assert {each.name for each in moved} == {each.name for each in bound(kind)}
        assert {each.binding.key for each in moved if each.name == name} <= {"f9"}


def test_every_key_does_something_that_the_help_can_name() -> None:
    for kind in KINDS:
        for each in own(kind):
            assert each.binding.system or each.binding.description, f"{kind.__name__}: {each.binding.key}"


async def test_the_parts_that_are_known_of_a_screen_are_those_that_stand_on_it() -> None:
    async with on_stage(FakeServices()) as stage:
        for key in ("", "s", "w", "a", "m", "question_mark", "n"):
            if key:
                await stage.press(key)
            screen = stage.app.screen
            there = {type(part) for part in screen.walk_children(DOMNode)} & {*KINDS}
            assert there <= {*parts(type(screen))}, type(screen).__name__
            if key:
                await stage.press("escape")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("R", "R"),
        ("?", "question_mark"),
        ("question_mark", "question_mark"),
        ("Esc", "escape"),
        (" ", "space"),
        ("+", "plus"),
        ("PgDn", "pagedown"),
        ("Ctrl+R", "ctrl+r"),
        ("ctrl+space", "ctrl+@"),
        ("F5", "f5"),
        ("ö", "ö"),
        ("↑", "up"),
    ],
)
def test_a_key_is_read_as_people_write_it(written: str, key: str) -> None:
    assert parse_key(written) == key


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "no terminal sends such a key"),
        ("rr", "no terminal sends such a key"),
        ("ctrl+shift+r", "no terminal sends such a key"),
        ("ctrl+", "no terminal sends such a key"),
        ("\x1b", "it is no key that can be typed"),
        ("alt+r", "keys with Alt do not come through"),
        ("±", "this sign cannot be a key"),
        ("ctrl+i", "terminals cannot tell it from tab"),
        ("ctrl+h", "terminals cannot tell it from backspace"),
    ],
)
def test_what_no_terminal_sends_is_refused(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_key(written)


def test_what_is_shown_of_a_key_can_be_written() -> None:
    for key in {*named_keys(), *(parse_key(chr(code)) for code in range(32, 127))}:
        assert parse_key(shown(key)) == parse_key(key) == key


@given(st.one_of(st.text(max_size=20), st.characters()))
def test_any_text_is_a_key_or_is_refused(text: str) -> None:
    try:
        key = parse_key(text)
    except ValueError:
        return
    assert parse_key(key) == key


@pytest.mark.parametrize(
    ("action", "value", "said"),
    [
        ("retri", "R", "keys: there is no action “retri”; did you mean “retry”?"),
        ("\x1b[31m", "R", "keys: there is no action “�[31m”. All of them: jobmon config keys"),
        ("retry", 3, 'keys.retry: write a key, such as "r" or "ctrl+r", or a list of keys.'),
        ("retry", [["R"]], 'keys.retry: write a key, such as "r" or "ctrl+r", or a list of keys.'),
        ("retry", "hyper+r", "keys.retry: “hyper+r”: no terminal sends such a key."),
        ("quit_anywhere", "Q", "keys.quit_anywhere: “Q” is a character, but this works while text is typed"),
        ("retry", "x", "keys.retry: x is the key of “cancel” (Cancel the"),
        ("retry", ["R", "j"], "keys.retry: j is the key of “down” (Down) too, on the screen “Executions”."),
        ("retry", "Ctrl+C", "keys.retry: Ctrl+C is the key of “copy_or_quit” ("),
        ("yes", "esc", "keys.yes: Esc is the key of “no” (No) too, on the screen “Question”."),
        ("help", "home", "keys.help: Home is the key of “first” ("),
    ],
)
def test_a_wrong_line_is_refused_by_line_and_key(action: str, value: object, said: str) -> None:
    assert refusal((action, value, "config.toml:7")).startswith(f"config.toml:7: {said}")


def test_two_lines_that_clash_are_both_named() -> None:
    said = refusal(("retry", "R", "config.toml:2"), ("cancel", "R", "config.toml:3"))
    assert re.match(r"config\.toml:[23]: keys\.(retry|cancel): R is the key of “(retry|cancel)” ", said)
    assert all(name in said for name in ("retry", "cancel", "config.toml:2", "config.toml:3"))


def test_keys_can_change_places_and_be_none() -> None:
    lines = [
        ("audit", "s", "c:2"),
        ("reports", "a", "c:3"),
        ("messages", [], "c:4"),
        ("retry", ["r", "R"], "c:5"),
    ]
    assert read_keys(lines, JobmonApp) == {
        "audit": ("s",),
        "reports": ("a",),
        "messages": (),
        "retry": ("r", "R"),
    }
    assert read_keys([], JobmonApp) == {}


def test_the_list_of_all_keys_has_each_action_once_in_each_part() -> None:
    groups = everything(JobmonApp, {"retry": ("R",), "help": ()})
    assert groups[0][0] == "Everywhere"
    for _part, lines in groups:
        assert len({line.name for line in lines}) == len(lines)
    by_name = {line.name: line for _part, lines in groups for line in lines}
    assert by_name["retry"].keys == ("R",)
    assert {*OURS} == {*by_name}
    assert next(line for line in groups[0][1] if line.name == "help").keys == ()
    assert next(line for line in groups[0][1] if line.name == "reports").shown == "s"


def test_where_text_is_typed_no_character_becomes_a_key() -> None:
    down = [
        each.binding.key
        for each in with_keys(bound(PickReportScreen), {"down": ("u",)})
        if each.name == "down"
    ]
    assert down == ["down"]
    both = with_keys(bound(PickReportScreen), {"down": ("u", "ctrl+n")})
    assert [each.binding.key for each in both if each.name == "down"] == ["ctrl+n"]
    assert read_keys([("down", ["u", "ctrl+n"], "c:2")], JobmonApp) == {"down": ("u", "ctrl+n")}


async def test_other_keys_work_are_shown_and_explain_themselves() -> None:
    services = FakeServices()
    failed = services.add("Ledger", Status.FAILED, error="no such table")
    services.add("Sales", Status.SUCCEEDED)
    keys = read_keys(
        [
            ("retry", ["R", "ctrl+r"], "c:2"),
            ("toggle_details", "i", "c:3"),
            ("only_failed", "f", "c:4"),
            ("show_all", "A", "c:5"),
            ("help", "h", "c:6"),
            ("focus_row", "left", "c:7"),
            ("heading_before", "left", "c:8"),
        ],
        JobmonApp,
    )
    async with on_stage(services, keys=keys) as stage:
        bar = stage.all_text.splitlines()[-1]
        assert " x Cancel" not in bar and " h Help" in bar
        assert "f ✗ Failed" in stage.all_text
        await stage.press("R")  # the Succeeded one: the key says why not
        assert "is Succeeded" in stage.toasts[-1]
        await stage.press("j", "r")
        assert not services.children(failed)
        assert stage.all_text.splitlines()[-1].startswith(" R Retry")
        await stage.press("R")
        await stage.until(lambda: services.children(failed))
        await stage.press("f")
        assert "Only Failed · A: all" in stage.all_text
        await stage.press("i")
        assert stage.screen.query_one("#main").has_class("-open")
        await stage.press("h")
        assert isinstance(stage.app.screen, HelpScreen)
        help_text = stage.all_text
        assert "R Ctrl+R" in help_text
        await stage.press("h")
        assert not isinstance(stage.app.screen, HelpScreen)


async def test_wrong_keys_leave_all_as_they_come_and_the_dashboard_says_so() -> None:
    said = "The keys stay as they come. config.toml:2: keys.retry: x is the key of “cancel” too."
    stage = signed_in_stage(options=Options(origin="pts/1", complaints=(said,)))
    app = stage.app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await pilot.pause()
        assert [each.text for each in app.toasts.history] == [said]
        assert "The keys stay as they come." in screen_text(app)
