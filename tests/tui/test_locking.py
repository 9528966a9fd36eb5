"""The lock, the end of a session, and looking only, on the screen."""

from typing import Any

import pytest
from textual.widgets import Input

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.roles import Verb
from jobmon_tui.services.audited import Caller
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.screens.dashboard import DashboardScreen
from jobmon_tui.tui.screens.help import HelpScreen
from jobmon_tui.tui.screens.lock import LockScreen
from jobmon_tui.tui.screens.reports import ReportsScreen
from jobmon_tui.tui.screens.sign_in import SignInScreen
from tests.tui.fake_services import ADMIN, PASSWORD, VIEWER, FakeServices
from tests.tui.stage import Stage, on_stage


async def _type(stage: Stage, text: str) -> None:
    stage.app.screen.query_one("#password Input", Input).value = text
    await stage.press("enter")


async def test_the_lock_covers_everything_and_only_the_password_opens_it() -> None:
    services = FakeServices()
    services.add("Secret sales", Status.FAILED, error="boom")
    async with on_stage(services) as stage:
        assert "Secret sales" in stage.all_text
        await stage.press("d", "L")
        assert isinstance(stage.app.screen, LockScreen)
        assert "Secret sales" not in stage.all_text
        before = list(stage.app.screen_stack)
        # Nothing under it can be reached, nor can one leave: the shell would start it anew.
        for key in ("ctrl+q", "ctrl+c", "ctrl+p", "ctrl+t", "escape", "ctrl+z", "f1"):
            await stage.press(key)
        await stage.press("tab", "tab", *"q?:asmwyYLr", "shift+tab", "shift+tab")
        assert stage.app.screen_stack == before
        assert stage.app.is_running
        stage.app.told("Secret sales was queued.")
        await stage.settle()
        assert "Secret sales" not in stage.all_text
        await _type(stage, "a guess")
        assert "The password is wrong." in stage.all_text
        await _type(stage, PASSWORD)
        assert isinstance(stage.app.screen, DashboardScreen)
        assert "Secret sales" in stage.all_text
        assert [e.entry.outcome for e in services.database.tables.log if e.entry.action == "Unlock"] == [
            "refused",
            "allowed",
        ]


async def test_what_comes_after_the_lock_comes_under_it() -> None:
    async with on_stage(FakeServices()) as stage:
        await stage.press("L")
        stage.app.push_screen(HelpScreen(stage.screen))
        await stage.settle()
        assert isinstance(stage.app.screen, LockScreen)
        await _type(stage, PASSWORD)
        assert isinstance(stage.app.screen, HelpScreen)
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, DashboardScreen))
        assert not [each for each in stage.app.screen_stack if isinstance(each, LockScreen)]


async def test_an_unattended_dashboard_locks_itself_and_a_key_puts_it_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr("jobmon_tui.tui.locking_app.monotonic", lambda: now[0])
    async with on_stage(FakeServices()) as stage:
        stage.app._look_for_absence()
        assert not stage.app.is_locked
        stage.app.options = Options(origin="pts/1", lock_minutes=15.0)
        stage.app.watch_for_absence()
        now[0] += 14 * 60
        await stage.press("down")
        now[0] += 14 * 60
        stage.app._look_for_absence()
        assert not stage.app.is_locked
        now[0] += 60
        stage.app._look_for_absence()
        await stage.settle()
        assert isinstance(stage.app.screen, LockScreen)


async def test_signing_out_is_the_other_way_out_of_the_lock() -> None:
    services = FakeServices()
    async with on_stage(services) as stage:
        await stage.press("L", "ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, SignInScreen))
        assert "You have signed out." in stage.all_text
        assert {each.account for each in services.database.tables.sessions.values()} == {"vic"}
        await stage.press("ctrl+q")
        await stage.until(lambda: not stage.app.is_running)


@pytest.mark.parametrize("keys", [(), ("s",), ("question_mark",), ("L",)])
async def test_who_is_disabled_is_told_so_within_a_second_on_any_screen(keys: tuple[str, ...]) -> None:
    services = FakeServices()
    async with on_stage(services, caller=VIEWER) as stage:
        await stage.press(*keys)
        await services.change_account(ADMIN, "vic", disabled=True)
        services.database.feed.changed()
        await stage.until(lambda: isinstance(stage.app.screen, SignInScreen), 2.0)
        await stage.settle()
        assert "the account was disabled" in " ".join(stage.all_text.split())
        assert not stage.app.is_locked


async def test_the_lock_of_the_palette_and_no_lock_before_the_sign_in() -> None:
    services = FakeServices()
    async with on_stage(services) as stage:
        await stage.press("ctrl+p", *"lock: cover", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, LockScreen))
        stage.app.ask_to_sign_in()
        await stage.settle()
        stage.app.action_lock()
        await stage.settle()
        assert isinstance(stage.app.screen, SignInScreen)


@pytest.mark.parametrize(("caller", "read_only"), [(ADMIN, False), (VIEWER, False), (ADMIN, True)])
async def test_the_screen_offers_what_the_table_allows_and_refuses_the_rest(
    caller: Caller, read_only: bool
) -> None:
    services = FakeServices(read_only=read_only)
    services.add("Sales", Status.QUEUED)
    failed = services.add("Sales", Status.FAILED)
    async with on_stage(services, caller=caller) as stage:
        actor: Any = stage.app.actor
        assert ("read only" in stage.all_text.splitlines()[0]) is read_only
        for verb, action, key, row in (
            (Verb.RETRY, "retry", "r", 0),
            (Verb.CANCEL, "cancel", "x", 1),
            (Verb.RUN, "queue_report", "n", 0),
        ):
            await stage.press("home", *["down"] * row)
            offered = bool(stage.screen.check_action(action, ()))
            assert offered is actor.may(verb), verb
            if not offered:
                await stage.press(key)
                wanted = "read-only" if read_only else "needs the role Administrator"
                assert wanted in stage.toasts[-1]
        await stage.press("s")
        await stage.until(lambda: isinstance(stage.app.screen, ReportsScreen))
        await stage.settle()
        for action in ("create", "edit", "remove", "pause", "queue"):
            if action in {"create", "edit"}:
                assert bool(stage.app.screen.check_action(action, ())) is actor.may(Verb.EDIT_REPORTS)
        assert services.get(failed).retried_by is None
