"""Every screen by keyboard: Tab goes round in reading order and changes nothing else, Esc leads back.

WCAG 2.1: 1.4.13, 2.1.1, 2.1.2, 2.4.2, 2.4.3, 2.5.2, 3.2.1.
"""

from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets._tooltip import Tooltip

from jobmon_tui.tui.screens.confirm import ConfirmScreen
from jobmon_tui.tui.screens.dashboard import DashboardScreen
from jobmon_tui.tui.screens.lock import LockScreen
from jobmon_tui.tui.widgets.execution_table import ExecutionTable
from jobmon_tui.tui.widgets.header_bar import HeaderBar
from tests.tui.every_screen import KEYS, SlowWorker, dressed, full_services, open_by, opened
from tests.tui.fake_services import FakeServices
from tests.tui.painted import segments
from tests.tui.shell_stage import Stage
from tests.tui.stage import on_stage

BY_ITSELF = "drain"
"""Ends when the last report does; Esc must not undo that."""
FINDING = frozenset({"slash"})
"""In a search, Tab completes the word."""
TITLES = {
    "audit": "Audit",
    "help": "Keys",
    "messages": "Messages",
    "workers": "Workers",
    "reports, search": "Reports",
    "quit": "Quit?",
    "confirm": "Cancel #12?",
    "pick": "Queue which report now?",
    "drain": "Waiting for",
}


def staged() -> Stage:
    return Stage(full_services(), token="admin-token", worker=SlowWorker([1]))


async def tab_round(pilot: Pilot[int], name: str) -> None:
    screen = pilot.app.screen
    parts: list[Widget] = list(screen.focus_chain)
    places = [(part.region.y, part.region.x) for part in parts]
    assert places == sorted(places), f"{name}: in the order in which it is read"
    screen.set_focus(parts[0])
    for part in parts:
        assert screen.focused is part, f"{name}: Tab reaches each part"
        await pilot.press("tab")
    assert screen.focused is parts[0], f"{name}: and goes on with the first"
    assert pilot.app.screen is screen, f"{name}: the focus alone opens nothing"
    await pilot.press("shift+tab")
    assert screen.focused is parts[-1], name


async def test_tab_goes_round_in_reading_order_and_escape_leads_back() -> None:
    async with dressed(staged()) as pilot:
        dashboard = pilot.app.screen
        assert isinstance(dashboard, DashboardScreen)
        for name in (*(each for each in KEYS if each != BY_ITSELF), BY_ITSELF):
            await opened(pilot, name)
            if pilot.app.screen.focus_chain and not FINDING & set(KEYS[name][1]):
                await tab_round(pilot, name)
            if name == BY_ITSELF:
                return
            for _ in range(4):
                if pilot.app.screen is dashboard and dashboard.focused is dashboard.table:
                    break
                await pilot.press("escape")
                if isinstance(pilot.app.screen, LockScreen):
                    pilot.app.unlocked()  # only the password leads out of it
                    await pilot.pause()
                if isinstance(pilot.app.screen, ConfirmScreen):
                    await pilot.press("y")  # what was typed is lost: it asks
            assert pilot.app.screen is dashboard, name
            assert dashboard.focused is dashboard.table, name
            await pilot.press("escape", "escape")  # what is open there, and the filter


async def test_every_screen_says_on_top_what_it_is() -> None:
    async with dressed(staged()) as pilot:
        dashboard = pilot.app.screen
        for name, title in TITLES.items():
            await open_by(pilot, dashboard, ())
            await opened(pilot, name)
            lines = ("".join(text for text, _ in line).strip(" │╭╮─╰╯") for line in segments(pilot.app))
            assert title in next(line for line in lines if line)


async def test_a_press_that_is_let_go_elsewhere_does_nothing() -> None:
    """2.5.2: the mouse acts where it is let go, so that a press can be taken back."""
    services = FakeServices()
    failed = services.add("Sales", error="boom")
    async with on_stage(services, size=(100, 24)) as stage:
        column = stage.line_of(failed).index("Retry")
        row = next(at for at, line in enumerate(stage.lines) if "Sales" in line)
        await stage.pilot.mouse_down(ExecutionTable, offset=(column, row))
        await stage.pilot.mouse_up(HeaderBar, offset=(column, 0))
        await stage.settle()
        assert services.children(failed) == []
        await stage.pilot.click(ExecutionTable, offset=(column, row))
        await stage.settle()
        assert len(services.children(failed)) == 1


async def test_what_the_mouse_calls_up_goes_by_a_key() -> None:
    """1.4.13: the action's name under the mouse; the same stands in the status line for the keyboard."""
    services = FakeServices()
    failed = services.add("Sales", error="boom")
    async with on_stage(services, size=(100, 24), tooltips=True) as stage:
        column = stage.line_of(failed).index("Retry")
        row = next(at for at, line in enumerate(stage.lines) if "Sales" in line)
        await stage.pilot.hover(ExecutionTable, offset=(column, row))
        tooltip = stage.screen.query_one(Tooltip)
        await stage.until(lambda: tooltip.display)
        assert "Retry job [Sales]" in stage.all_text
        await stage.press("right")
        assert not tooltip.display
        assert "Retry job [Sales] · Enter or Space" in stage.all_text
