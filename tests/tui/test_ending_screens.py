"""A screen that is left takes its workers along; what was asked for is done and said all the same."""

import asyncio

import pytest
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.ending_screens import EndingScreens
from jobmon_tui.tui.screens.pick_report import PickReportScreen
from jobmon_tui.tui.screens.reports import ReportsScreen
from jobmon_tui.tui.working import start
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage


class Slow(Static):
    """Takes as long to go as it is given."""

    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__()
        self._gate = gate

    async def on_unmount(self) -> None:
        await self._gate.wait()


class Answered(Screen[None]):
    """Shows an answer in a part of it."""

    def __init__(self) -> None:
        super().__init__()
        self.answer, self.gone = asyncio.Event(), asyncio.Event()
        self.steps: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static(id="part")
        yield Slow(self.gone)

    def on_mount(self) -> None:
        start(self, self._show, group="show")

    async def _show(self) -> None:
        await self.answer.wait()
        self.query_one("#part", Static).update("here")
        self.steps.append("shown")

    async def leave(self) -> None:
        self.app.pop_screen()
        await asyncio.sleep(0)
        self.steps.append("left")


async def test_an_answer_does_not_come_to_a_screen_that_is_half_gone() -> None:
    app = EndingScreens()
    async with app.run_test() as pilot:
        shown, left = Answered(), Answered()
        await app.push_screen(shown)
        await app.push_screen(left)
        app.pop_screen()
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not left.query("#part"), "its parts go one by one"
        left.answer.set()
        shown.answer.set()
        await asyncio.sleep(0.05)
        left.gone.set()
        await pilot.pause()
        assert app.is_running
        assert (left.steps, shown.steps) == ([], ["shown"]), "those of the screen below go on"
        shown.gone.set()


async def test_a_worker_may_take_its_own_screen_away() -> None:
    app = EndingScreens()
    async with app.run_test() as pilot:
        screen = Answered()
        await app.push_screen(screen)
        start(screen, screen.leave, group="leave")
        await asyncio.sleep(0.05)
        screen.gone.set()
        await pilot.pause()
        assert screen.steps == ["left"]
        assert app.screen is not screen


@pytest.mark.parametrize(("key", "said"), [("n", "was queued as"), ("p", "is paused")])
async def test_what_was_asked_for_is_said_though_the_screen_was_left(key: str, said: str) -> None:
    services = FakeServices()
    services.add("Sales", Status.FAILED)
    async with on_stage(services) as stage:
        await stage.press("s")
        assert isinstance(stage.app.screen, ReportsScreen)
        services.database.delay = 0.3
        await stage.pilot.press(key, "escape")
        assert not isinstance(stage.app.screen, ReportsScreen)
        await stage.until(lambda: any(said in toast for toast in stage.toasts))
        assert stage.app.is_running


async def test_names_that_come_late_find_nobody() -> None:
    services = FakeServices()
    services.add("Sales", Status.FAILED)
    async with on_stage(services) as stage:
        services.database.delay = 0.2
        await stage.pilot.press("n")
        picking = stage.app.screen
        assert isinstance(picking, PickReportScreen)
        await stage.pilot.press("escape")
        await asyncio.sleep(0.5)
        assert picking not in stage.app.screen_stack
        assert stage.app.is_running
