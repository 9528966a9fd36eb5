"""What tests of the full screen see and do."""

from collections.abc import Iterator
from contextlib import contextmanager

from textual.strip import Strip
from textual.widget import Widget

from jobmon_tui.tui.screens.full_output import FullOutputScreen
from jobmon_tui.tui.widgets.find_input import FindInput
from jobmon_tui.tui.widgets.text_view import TextView
from jobmon_tui.tui.widgets.view_lines import WhereLine
from tests.tui.stage import Stage


def lines(count: int) -> str:
    return "".join(f"line {at}\n" for at in range(1, count + 1))


def view(stage: Stage) -> TextView:
    screen = stage.app.screen
    assert isinstance(screen, FullOutputScreen)
    return screen.view


def where(stage: Stage) -> str:
    return stage.app.screen.query_one(WhereLine).text


def shown(stage: Stage) -> list[str]:
    text = view(stage)
    return [text.render_line(y).text.rstrip() for y in range(text.size.height)]


async def press(stage: Stage, *keys: str) -> None:
    """Press, and wait for what follows from that alone: nothing here is read from the database."""
    await stage.pilot.press(*keys)
    await stage.pilot.pause()


async def opened(stage: Stage) -> None:
    await press(stage, "v")
    await stage.until(lambda: view(stage).text != "")
    await stage.pilot.pause()


async def look_for(stage: Stage, wanted: str) -> None:
    await press(stage, "slash")
    stage.app.screen.query_one(FindInput).value = wanted
    await press(stage, "enter")


@contextmanager
def painted(text: Widget) -> Iterator[list[int]]:
    """Record the lines that a widget paints."""
    rows: list[int] = []
    paint = text.render_line

    def recording(y: int) -> Strip:
        rows.append(y)
        return paint(y)

    text.render_line = recording  # type: ignore[method-assign]
    try:
        yield rows
    finally:
        del text.render_line
