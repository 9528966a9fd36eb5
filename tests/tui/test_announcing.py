"""What the dashboard says aloud where somebody listens: what has the focus, and every message."""

from collections.abc import AsyncIterator

import pytest
from textual.pilot import Pilot

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.outside_pager import page
from jobmon_tui.tui.screens.full_output import FullOutputScreen
from tests.tui.fake_services import FakeServices
from tests.tui.shell_stage import Stage as Shell
from tests.tui.stage import Stage, on_stage


class Listener:
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def __call__(self, kind: str, text: str) -> None:
        self.said.append((kind, text))

    @property
    def focus(self) -> str:
        """What was said last of the focus."""
        return next((text for kind, text in reversed(self.said) if kind == "focus"), "")


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def stage(listener: Listener) -> AsyncIterator[Stage]:
    services = FakeServices(workers=1)
    services.add("Weather", Status.RUNNING)
    services.add("Sales\x1b[2J", Status.FAILED, error="no such table: sales")
    async with on_stage(services, size=(120, 30), announce=listener) as stage:
        yield stage


async def hears(stage: Stage, listener: Listener, text: str) -> None:
    """Wait until the last that was said of the focus has this in it."""
    await stage.until(lambda: text in listener.focus, seconds=20.0)


async def test_the_row_and_the_focused_action_are_said_and_so_is_what_came_of_it(
    stage: Stage, listener: Listener
) -> None:
    await hears(stage, listener, "#2 Sales")
    assert "Failed" in listener.focus and "no such table: sales" in listener.focus
    await stage.pilot.press("right")
    await hears(stage, listener, "Retry job [Sales\N{REPLACEMENT CHARACTER}[2J]")
    await stage.pilot.press("r")
    await stage.until(lambda: any(kind == "done" for kind, _ in listener.said))
    [done] = [text for kind, text in listener.said if kind == "done"]
    assert "was queued again as #3." in done
    await stage.until(lambda: "→ #3" in listener.focus)
    await stage.pilot.press("r")
    await stage.until(lambda: any(kind == "error" for kind, _ in listener.said))
    assert not [text for _, text in listener.said if "\x1b" in text]


async def test_nothing_is_said_twice_and_each_screen_says_what_it_is(
    stage: Stage, listener: Listener
) -> None:
    await hears(stage, listener, "#2 Sales")
    before = len(listener.said)
    await stage.settle()
    assert len(listener.said) == before
    await stage.pilot.press("down")
    await hears(stage, listener, "#1 Weather: Running")
    before = len(listener.said)
    first = stage.line_of(1)
    await stage.until(lambda: stage.line_of(1) != first)  # it runs on, and nobody is told so each second
    await stage.settle()
    assert len(listener.said) == before
    await stage.pilot.press("x")
    await hears(stage, listener, "Question. #1 “Weather” is running. Stop it?. No (n). button")
    await stage.pilot.press("left")
    await hears(stage, listener, "Stop #1")
    await stage.pilot.press("n")
    for key, name in (("s", "Reports"), ("w", "Workers"), ("a", "Audit"), ("m", "Messages")):
        await stage.pilot.press(key)
        await hears(stage, listener, name)
        await stage.pilot.press("escape")
        await hears(stage, listener, "Executions. #1 Weather")


async def test_choices_fields_and_long_texts_are_said(stage: Stage, listener: Listener) -> None:
    await stage.pilot.press("ctrl+p")
    await hears(stage, listener, "Commands. ")
    first = listener.focus
    await stage.pilot.press("down")
    await stage.until(lambda: listener.focus != first)
    await stage.pilot.press("escape", "o")
    await hears(stage, listener, "Columns. Columns of the table. [")
    await stage.pilot.press("escape", "slash")
    await hears(stage, listener, "A part of the report's name")
    await stage.pilot.press("escape", "v")
    await hears(stage, listener, "Output, full screen")
    await stage.until(lambda: listener.focus.endswith("Error"))  # the line at the top
    await stage.pilot.press("escape", "s")
    await hears(stage, listener, "Reports")
    await stage.pilot.press("c")
    await hears(stage, listener, "Report form. Name. field")
    for _ in range(40):  # round the form, and again
        if not any("Runner. sql" in text for _, text in listener.said):
            await stage.press("tab")
    assert any("Runner. sql" in text for _, text in listener.said)


async def test_what_is_wrong_with_a_field_is_said_and_a_password_never(listener: Listener) -> None:
    app = Shell().app(Options(origin="pts/1", announce=listener))

    async def until(pilot: Pilot[int], said: str) -> None:
        for _ in range(1000):
            if said in listener.focus:
                return
            await pilot.pause(0.02)
        raise AssertionError(listener.said)

    async with app.run_test() as pilot:
        await until(pilot, "Sign in. Name. field")
        await pilot.press(*"ada", "enter", *"hunter2secret")
        await until(pilot, "Password. password field")
        await pilot.press("enter")
        await until(pilot, "✗")
        assert "hunter2" not in str(listener.said)


async def test_where_nobody_listens_nothing_is_put_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("jobmon_tui.tui.spoken.focus_words", asked.append)
    services = FakeServices(workers=1)
    services.add("Sales", Status.FAILED)
    async with on_stage(services) as stage:
        await stage.press("right", "r")
    assert asked == []


async def test_who_leaves_meanwhile_leaves(stage: Stage, listener: Listener) -> None:
    await hears(stage, listener, "#2 Sales")
    while stage.app._screen_stack:
        stage.app._screen_stack.pop()
    before = len(listener.said)
    stage.app._announce_focus()
    assert len(listener.said) == before
    stage.app.exit()


async def test_without_a_shell_no_other_program_gets_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr("jobmon_tui.tui.outside_pager._run", lambda *given: started.append(given))
    services = FakeServices(workers=1)
    services.add("Sales", Status.FAILED)
    async with on_stage(services, has_shell=False) as stage:
        await stage.press("v")
        await stage.until(lambda: isinstance(stage.app.screen, FullOutputScreen))
        await stage.settle()
        assert "Pager" not in stage.all_text
        await stage.press("p", "vertical_line")
        await page(stage.app.screen, "text")
        assert stage.toasts == ["! There is no pager here. Search with / instead."]
        await stage.press("ctrl+z")
        assert stage.toasts[-1] == "! There is no shell behind this screen."
    assert started == []
