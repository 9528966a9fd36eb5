"""Every text on every screen has 4.5:1 against what is behind it, measured on what is painted.

WCAG 2.2, 1.4.3. In true colour, and after the step to the 256 colours that most SSH sessions have.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from textual.pilot import Pilot

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.screens.confirm import ConfirmScreen
from jobmon_tui.tui.screens.pick_report import PickReportScreen
from jobmon_tui.tui.themes import THEMES
from tests.tui.fake_services import FakeServices, FakeWorker
from tests.tui.shell_stage import Stage

MINIMUM = 4.5
SYSTEMS = (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT)
# Lines, blocks and scrollbars are no text; they carry no meaning alone.
DRAWN = frozenset(" ▌▐▔▁▂▃▄▅▆▇█▋▊▉▎▍▏▕▀─│╭╮╰╯━┃┌┐└┘╸╺╹╻")


def luminance(colour: Color) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = colour.get_truecolor(DEFAULT_TERMINAL_THEME)
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: Color, other: Color) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def painted(app: JobmonApp) -> Iterator[Segment]:
    for strip in app.screen._compositor.render_strips():
        yield from strip


def too_faint(app: JobmonApp) -> set[str]:
    found = set()
    for segment in painted(app):
        if not set(segment.text) - DRAWN:
            continue
        assert segment.style is not None, segment
        ink, ground = segment.style.color, segment.style.bgcolor
        assert ink is not None, segment
        assert ground is not None, segment
        for system in SYSTEMS:
            ratio = contrast(ink.downgrade(system), ground.downgrade(system))
            if ratio < MINIMUM:
                found.add(
                    f"{segment.text.strip()!r} {ink.name} on {ground.name}: {ratio:.2f} in {system.name}"
                )
    return found


def test_the_measure_knows_the_known_pairs() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#767676"), Color.parse("#ffffff")) == pytest.approx(4.54, abs=0.01)


def full_services() -> FakeServices:
    services = FakeServices()
    for status in Status:
        services.add(f"Report {status.value}", status, error="boom" if status is Status.FAILED else None)
    failed = services.add("Sales", error="no such table", error_detail="line 1", output="printed\n")
    services.edit("Sales")
    services.add("Sales", Status.QUEUED, retry_of=failed, attempt=2)
    return services


@asynccontextmanager
async def dressed(stage: Stage, theme: str) -> AsyncIterator[Pilot[int]]:
    app = JobmonApp(stage.connect, Options(origin="pts/1", theme=theme))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause()
        yield pilot


class SlowWorker(FakeWorker):
    """Takes as long as it is given."""

    async def stop(self, grace: float, reason: str) -> None:
        await asyncio.sleep(grace)


KeysThen = tuple[list[str], Callable[[JobmonApp], object] | None]
SCREENS: dict[str, KeysThen] = {
    "dashboard": ([], None),
    "dashboard, details": (["down", "enter"], None),
    "details focused": (["down", "enter", "tab"], None),
    "retry focused": (["down", "right"], None),
    "search": (["slash", "S"], None),
    "audit": (["r", "a"], None),
    "help": (["question_mark"], None),
    "messages": (["r", "m"], None),
    "workers": (["w"], None),
    "quit": (["q"], None),
    "drain": (["q", "w"], None),
    "confirm": ([], lambda app: app.push_screen(ConfirmScreen("Cancel #12?", "Cancel it"))),
    "pick": ([], lambda app: app.push_screen(PickReportScreen(["Sales", "Costs"]))),
    "pick, none": ([], lambda app: app.push_screen(PickReportScreen([]))),
}


@pytest.mark.parametrize("theme", list(THEMES))
async def test_every_text_can_be_read(theme: str) -> None:
    faint: dict[str, set[str]] = {}
    for name, (keys, then) in SCREENS.items():
        stage = Stage(full_services(), token="admin-token", worker=SlowWorker([1]))
        async with dressed(stage, theme) as pilot:
            app = pilot.app
            assert isinstance(app, JobmonApp)
            app.told("done")
            app.warned("take care")
            app.refused(invalid_input("no"))
            await pilot.press(*keys)
            if then is not None:
                then(app)
            await pilot.pause(0.2)
            faint[name] = too_faint(app)
    assert {name: found for name, found in faint.items() if found} == {}


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("which", ["sign in", "first run", "no connection"])
async def test_every_text_before_the_dashboard_can_be_read(theme: str, which: str) -> None:
    stage = Stage(FakeServices(accounts=which != "first run"), token="stale")
    if which == "no connection":
        stage.failures.append(invalid_input("The address of the database is malformed."))
    async with dressed(stage, theme) as pilot:
        assert isinstance(pilot.app, JobmonApp)
        await pilot.press("enter", "x", "enter", "enter")
        await pilot.pause(0.1)
        assert too_faint(pilot.app) == set()
        assert any(segment.text.strip() for segment in painted(pilot.app))
