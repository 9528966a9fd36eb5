"""The command palette: what can be done now, no more and no less, found by typing, with its keys."""

from textual.widgets import OptionList

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.commands import commands
from jobmon_tui.tui.contracts import Extra
from jobmon_tui.tui.keys.keymap import read_keys
from jobmon_tui.tui.screens.audit import AuditScreen
from jobmon_tui.tui.screens.palette import PaletteScreen
from tests.tui.fake_services import FakeServices, FakeWorker
from tests.tui.stage import Stage, on_stage


def offered(stage: Stage) -> dict[str, str]:
    return {each.what: each.keys for each in commands(stage.app.screen, stage.app)}


def listed(stage: Stage) -> list[str]:
    options = stage.app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(at).prompt) for at in range(options.option_count)]


async def test_it_offers_what_the_keys_do_now_and_follows_the_cursor() -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED)
    services.add("Ledger", Status.FAILED, error="boom")
    retry = "Retry the Failed execution under the cursor"
    async with on_stage(services) as stage:
        now = offered(stage)
        assert now[retry] == "r"
        assert now["Audit"] == "a"
        assert now["Down"] == "↓ j"
        assert "Cancel the Queued or Running execution under the cursor" not in now
        assert not any("opy what the mouse" in what and keys != "Ctrl+C" for what, keys in now.items())
        # Every key that works and does not only explain itself is behind one of the commands.
        keys = {key for each in now.values() for key in each.split()}
        for active in stage.app.screen.active_bindings.values():
            if not active.binding.system and active.node is not stage.table:
                shown = stage.app.get_key_display(active.binding)
                assert shown in keys | {"Ctrl+P", ":", "Super+C"}, active
        await stage.press("j")
        assert retry not in offered(stage)
        await stage.press("a")
        assert retry not in offered(stage)


async def test_a_command_is_found_by_typing_and_done_on_the_screen_below() -> None:
    services = FakeServices()
    failed = services.add("Ledger", Status.FAILED, error="boom")
    async with on_stage(services) as stage:
        await stage.press("colon")
        assert isinstance(stage.app.screen, PaletteScreen)
        await stage.press(*"failed retry")
        assert [line.split("  ")[0] for line in listed(stage)] == [
            "Retry the Failed execution under the cursor"
        ]
        assert listed(stage)[0].rstrip().endswith(" r")
        await stage.press("enter")
        await stage.until(lambda: services.children(failed))
        assert stage.app.screen is stage.screen
        await stage.press("ctrl+p", *"audi", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, AuditScreen))
        await stage.press("ctrl+p", *"no such thing")
        assert listed(stage) == ["Nothing that can be done now is called so."]
        await stage.press("enter")
        assert isinstance(stage.app.screen, PaletteScreen)
        await stage.press("escape")
        assert isinstance(stage.app.screen, AuditScreen)


async def test_it_has_the_starters_key_and_actions_without_one_and_shows_changed_keys() -> None:
    async def put() -> str:
        return "It is there now."

    keys = read_keys([("audit", [], "c:2"), ("reports", "S", "c:3")], JobmonApp)
    extra = Extra("p", "Put file", "Puts it there.", put)
    async with on_stage(FakeServices(), extra=extra, keys=keys) as stage:
        now = offered(stage)
        assert (now["Put file"], now["Audit"]) == ("p", "")
        assert now["Reports: when each fires next, pause, queue"] == "S"
        await stage.press("ctrl+p", *"put", "enter")
        await stage.until(lambda: stage.toasts == ["✓ It is there now."])
        await stage.press("ctrl+p", *"audit", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, AuditScreen))


async def test_it_stays_away_from_questions() -> None:
    async with on_stage(FakeServices(), worker=FakeWorker([1])) as stage:
        await stage.press("q", "ctrl+p")
        assert not isinstance(stage.app.screen, PaletteScreen)
