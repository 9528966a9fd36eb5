"""From the first frame to the last: connect, who is there, leave."""

import asyncio
import subprocess
import sys

import pytest
from textual.geometry import Region
from textual.widgets import Input
from textual.worker import WorkerFailed

from jobmon_tui.domain.errors import ErrorCode, JobmonError, storage_unavailable
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.departure import Departure
from jobmon_tui.tui.contracts import Connection, Options
from jobmon_tui.tui.screens.first_run import FirstRunScreen
from jobmon_tui.tui.screens.quit import DrainScreen, QuitScreen
from jobmon_tui.tui.screens.sign_in import SignInScreen
from jobmon_tui.tui.screens.waiting import WaitingScreen
from tests.tui.fake_services import PASSWORD, FakeServices, FakeWorker
from tests.tui.shell_stage import Placeholder, Stage, StagedApp, screen_text, signed_in_stage


async def test_the_first_frame_waits_for_nothing() -> None:
    stage, gate, painted = Stage(), asyncio.Event(), []

    async def connect() -> Connection:
        painted.append(screen_text(app))
        await gate.wait()
        return await stage.connect()

    app = StagedApp(connect, Options(origin="pts/1"))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "jobmon - connecting…" in painted[0]
        assert isinstance(app.screen, WaitingScreen)
        gate.set()
        await pilot.pause()
        assert isinstance(app.screen, SignInScreen)


async def test_a_good_session_leads_straight_in_and_the_connection_is_closed_at_the_end() -> None:
    stage = signed_in_stage(options=Options(origin="pts/9", theme="jobmon-light"))
    app = stage.app()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(app.screen, Placeholder)
        assert (app.actor.name, app.actor.role) == ("ada", Role.ADMINISTRATOR)
        assert (app.caller.token, app.caller.origin) == ("admin-token", "pts/9")
        assert app.theme == "jobmon-light"
        assert stage.closed == 0
        await pilot.press("q")
        await pilot.pause()
    assert stage.closed == 1
    assert app.return_code == 0


async def test_a_failure_to_connect_says_why_and_can_be_tried_again() -> None:
    stage = signed_in_stage(failures=[storage_unavailable("The database is locked.")])
    app = stage.app()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "The database is locked." in screen_text(app)
        assert "r  try again" in screen_text(app)
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(app.screen, Placeholder)


async def test_a_database_that_fails_after_the_connection_is_tried_again_without_a_second_one() -> None:
    stage = signed_in_stage()
    stage.services.database.outage = "The disk is full."
    app = stage.app()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "The disk is full." in screen_text(app)
        stage.services.database.outage = None
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(app.screen, Placeholder)
    assert stage.closed == 1


async def test_an_ended_session_asks_again_and_a_wrong_password_is_said_on_the_screen() -> None:
    stage = Stage(token="stale", keeper_says="There is no keyring here; sign in each time.")
    app = stage.app()
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, SignInScreen)
        assert "Your session has ended" in screen_text(app)
        await pilot.press(*"ada", "enter", *"wrong", "enter")
        await pilot.pause()
        assert "The name or the password is wrong." in screen_text(app)
        assert not app.toasts.history
        await pilot.press(*PASSWORD.replace(" ", "_"), "enter")  # still wrong
        await pilot.pause()
        app.screen.query_one("#password Input", Input).value = PASSWORD
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Placeholder)
        assert stage.kept == [app.caller.token]
        assert "There is no keyring here" in screen_text(app)


async def test_the_first_account_is_made_with_complaints_at_the_fields() -> None:
    stage = Stage(services=FakeServices(accounts=False))
    app = stage.app()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(app.screen, FirstRunScreen)
        await pilot.press("enter", *"short", "enter", *"other", "enter")
        await pilot.pause()
        shown = screen_text(app)
        assert "A name needs between 1 and 64 characters." in shown
        assert "The password needs at least 8 characters." in shown
        assert "This is not the same password." in shown
        for field, text in (("name", "grace"), ("password", "long enough"), ("again", "long enough")):
            app.screen.query_one(f"#{field} Input", Input).value = text
        await pilot.click("#go")
        await pilot.pause()
        assert isinstance(app.screen, Placeholder)
        assert (app.actor.name, app.actor.role) == ("grace", Role.ADMINISTRATOR)
    assert len(stage.services.database.tables.people) == 1


async def test_quitting_while_it_connects_ends_the_connecting() -> None:
    ended = []

    async def connect() -> Connection:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)
        raise AssertionError("nobody waits for it")

    app = StagedApp(connect, Options(origin="pts/1"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
    assert (ended, app.return_code) == ([True], 0)


async def test_a_session_that_ends_while_working_leads_to_the_sign_in() -> None:
    app = signed_in_stage().app()
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        app.refused(JobmonError(ErrorCode.NOT_SIGNED_IN, "You are not signed in."))
        await pilot.pause()
        assert isinstance(app.screen, SignInScreen)
        await pilot.press("escape", "a")
        assert isinstance(app.screen, SignInScreen)  # the audit log is closed to whoever is not signed in


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quitting_while_reports_run_asks_first(key: str) -> None:
    stage = signed_in_stage(worker=FakeWorker([12, 15]))
    app = stage.app()
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, QuitScreen)
        assert "2 reports run inside this dashboard. Quit?" in screen_text(app)
        await pilot.press("enter")  # the focus is on staying
        await pilot.pause()
        assert isinstance(app.screen, Placeholder)
        assert stage.worker is not None
        assert stage.worker.stopped is None
        await pilot.press(key, "s")
        await pilot.pause()
        assert stage.worker.stopped == (0.0, "stopped by the operator")
    assert stage.closed == 1


async def test_ctrl_c_copies_what_is_selected_and_only_then_asks_to_quit() -> None:
    stage = signed_in_stage(worker=FakeWorker([12]))
    app = stage.app()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.screen.query_one("#placeholder").text_select_all()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.clipboard == "the dashboard"
        assert isinstance(app.screen, Placeholder)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert isinstance(app.screen, QuitScreen)


class DrainingWorker(FakeWorker):
    """Runs on until it is let go, or until it is asked without grace."""

    def __init__(self) -> None:
        super().__init__([12, 15])
        self.ended = asyncio.Event()
        self.asked: list[tuple[float, str]] = []

    async def stop(self, grace: float, reason: str) -> None:
        self.asked.append((grace, reason))
        if grace == 0:
            self.ended.set()
        await self.ended.wait()
        self.running = ()


async def test_waiting_shows_what_still_runs_and_can_be_cut_short() -> None:
    worker = DrainingWorker()
    stage = signed_in_stage(worker=worker, options=Options(origin="pts/1", drain_seconds=20))
    app = stage.app()
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("q", "w")
        await pilot.pause()
        assert isinstance(app.screen, DrainScreen)
        assert "Waiting for #12, #15." in screen_text(app)
        assert "What still runs in 20 s is stopped." in screen_text(app)
        worker.running = (15,)
        await pilot.pause(0.7)
        assert "Waiting for #15." in screen_text(app)
        assert stage.closed == 0
        await pilot.press("s")
        await pilot.pause()
    assert worker.asked == [(20, "the dashboard was closed"), (0.0, "stopped by the operator")]
    assert stage.closed == 1


async def test_the_countdown_repaints_one_line_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    departure, now, painted = Departure(), [100.0], []
    stage = signed_in_stage(worker=FakeWorker([12]))
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        departure.opened(await stage.connect())
        screen = DrainScreen(departure, 3.0, clock=lambda: now[0])
        await app.push_screen(screen)
        await pilot.pause()
        assert "What still runs in 3 s is stopped." in screen_text(app)
        line = screen.query_one("#drain-left")
        monkeypatch.setattr(line, "refresh", lambda *regions, **_: painted.append(regions))
        monkeypatch.setattr(screen.query_one(".dialog-text"), "update", painted.append)
        for passed, said in ((0.4, "in 3 s"), (0.4, "in 3 s"), (0.4, "in 2 s"), (2.0, "Stopping what")):
            now[0] += passed
            for _ in range(4):
                screen._look()
            assert said in line.text  # type: ignore[attr-defined]
        assert painted == [(Region(0, 0, line.size.width, 1),)] * 2


async def test_a_defect_stops_what_runs_and_closes_the_connection() -> None:
    stage = signed_in_stage(worker=FakeWorker([12]))
    app = stage.app()
    with pytest.raises(ZeroDivisionError):
        async with app.run_test() as pilot:
            await pilot.pause()
            app.call_later(lambda: 1 // 0)
            await pilot.pause()
    assert stage.worker is not None
    assert stage.worker.stopped == (0.0, "the dashboard ended unexpectedly")
    assert stage.closed == 1
    assert app.return_code == 1
    assert app.crash is not None


class StuckWorker(FakeWorker):
    """Cannot be stopped."""

    async def stop(self, grace: float, reason: str) -> None:
        raise RuntimeError("no")


async def test_a_defect_on_the_way_out_keeps_nothing_from_being_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = signed_in_stage(worker=StuckWorker([12]))
    app = stage.app()
    with pytest.raises(WorkerFailed):
        async with app.run_test() as pilot:
            await pilot.pause()
            await pilot.press("q", "s")
            await pilot.pause()
    assert stage.closed == 1
    assert app.crash is not None
    assert "could not stop the embedded scheduler" in caplog.text


def test_the_path_to_the_first_frame_imports_nothing_heavy() -> None:
    heavy = (
        "sqlalchemy",
        "sqlmodel",
        "keyring",
        "typer",
        "pydantic",
        "asyncpg",
        "aiosqlite",
        "alembic",
        "argon2",
    )
    program = f"""
import sys
import jobmon_tui.tui.entry, jobmon_tui.tui.app
print([name for name in {heavy!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
