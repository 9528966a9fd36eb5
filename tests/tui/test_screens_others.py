"""Audit, help, questions and the report picker."""

from collections.abc import Sequence

import pytest

from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.contracts import Extra, Options
from jobmon_tui.tui.screens.confirm import ConfirmScreen
from jobmon_tui.tui.screens.help import HelpScreen, KeyList, key_groups
from jobmon_tui.tui.screens.pick_report import PickReportScreen
from jobmon_tui.tui.widgets.pager import Pager
from tests.tui.audited import audited
from tests.tui.fake_services import FakeWorker
from tests.tui.shell_stage import screen_text, signed_in_stage


async def test_the_help_lists_every_binding_of_ours_and_scrolls() -> None:
    async def put() -> str:
        return "It is there now."

    extra = Extra("p", "Put file", "Puts the missing file in place.", put)
    stage = signed_in_stage(services=audited(1), options=Options(origin="pts/1", extra=extra))
    app = stage.app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        opener = app.screen
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        said = {line.what for group in key_groups(opener) for line in group.lines}
        for active in (each.binding for each in opener.active_bindings.values()):
            if active.action.split("(")[0] in {
                "quit_asked",
                "toggle_details",
                "messages",
                "audit",
                "next_theme",
                "help",
            }:
                assert (active.tooltip or active.description) in said
        keys = {key for group in key_groups(opener) for line in group.lines for key in line.keys.split()}
        assert {"?", "a", "m", "q", "j", "k", "g", "G", "Ctrl+D", "Ctrl+U", "/", "d", "Esc"} <= keys
        titles = [each._group.title for each in app.screen.query(KeyList)]
        assert len(titles) == len(set(titles)) > 5
        assert "Puts the missing file in place." in screen_text(app)
        pager = app.screen.query_one(Pager)
        assert pager.max_scroll_y > 0
        await pilot.press("G")
        await pilot.pause()
        assert "Messages" in screen_text(app)
        await pilot.press("escape", "escape")
        await pilot.press("p")
        await pilot.pause()
        assert app.toasts.history[0].text == "It is there now."


async def test_the_help_of_the_real_dashboard_has_every_key_that_works_there() -> None:
    app = JobmonApp(signed_in_stage(services=audited(1)).connect, Options(origin="pts/1"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        listed = {
            key for group in key_groups(app.screen) for line in group.lines for key in line.keys.split()
        }
        works = {
            app.get_key_display(active.binding)
            for active in app.screen.active_bindings.values()
            if not active.binding.system
        }
        textuals_own = {"Ctrl+PgUp", "Ctrl+PgDn", "Super+C"}  # sideways, and a second key for copying
        assert works - listed - textuals_own == set()
        assert {"r", "x", "n", "/", "?", "Tab", "Space"} <= listed


@pytest.mark.parametrize(
    ("keys", "answer"),
    [(["y"], True), (["n"], False), (["escape"], False), (["enter"], False), (["left", "space"], True)],
)
async def test_a_question_is_answered_by_keys_and_its_focus_starts_on_no(
    keys: Sequence[str], answer: bool
) -> None:
    app = signed_in_stage().app()
    answers: list[bool | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.push_screen(ConfirmScreen("Cancel “[@click=app.bell]x[/]” #12?", "Cancel #12"), answers.append)
        await pilot.pause()
        assert "Cancel “[@click=app.bell]x[/]” #12?" in screen_text(app)
        assert "Cancel #12 (y)" in screen_text(app)
        await pilot.press(*keys)
        await pilot.pause()
    assert answers == [answer]


NAMES = ["Departures by airport", "Delays by carrier", "Ledger [/close]", "Weather"]


@pytest.mark.parametrize(
    ("keys", "picked"),
    [
        (["enter"], "Departures by airport"),
        (["down", "down", "enter"], "Ledger [/close]"),
        ([*"by CARR", "enter"], "Delays by carrier"),
        ([*"zzz", "enter", "escape"], None),
        (["down", "up", *"w", "enter"], "Weather"),
        (["escape"], None),
    ],
    ids=["first", "arrows", "words", "nothing", "both", "back"],
)
async def test_a_report_is_picked_by_typing_and_arrows(keys: Sequence[str], picked: str | None) -> None:
    app = signed_in_stage().app()
    answers: list[str | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.push_screen(PickReportScreen(NAMES), answers.append)
        await pilot.pause()
        assert "Ledger [/close]" in screen_text(app)
        await pilot.press(*["space" if key == " " else key for key in keys])
        await pilot.pause()
    assert answers == [picked]


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12), (300, 80)])
async def test_no_size_of_the_terminal_is_too_odd(size: tuple[int, int]) -> None:
    app = signed_in_stage(services=audited(3), worker=FakeWorker([1])).app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        for key in ("a", "question_mark", "m", "q"):
            app.warned(f"Then {key}: " + "long " * 30)
            await pilot.press(key)
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.resize_terminal(80, 24)
            await pilot.press("escape")
            await pilot.pause()
        assert "the dashboard" in screen_text(app)
