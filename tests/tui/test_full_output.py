"""An execution's output full screen: read as in a pager, and searched."""

import pytest
from rich.cells import cell_len
from textual import events
from textual.geometry import Offset
from textual.selection import Selection

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.screens.dashboard import DashboardScreen
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage
from tests.tui.viewing import lines, look_for, opened, press, shown, view, where


async def test_v_opens_it_from_the_table_and_from_the_details_and_q_leads_back() -> None:
    services = FakeServices()
    services.add("Sales", error="boom", error_detail="at line 7", output="a\nb\n")
    async with on_stage(services, size=(120, 40)) as stage:
        await opened(stage)
        assert shown(stage)[:7] == ["Error", "boom", "at line 7", "", "Output", "a", "b"]
        assert "✗ Failed" in stage.all_text.splitlines()[0]
        await press(stage, "q")
        assert isinstance(stage.app.screen, DashboardScreen)
        await press(stage, "d", "tab")
        await opened(stage)
        await press(stage, "v")
        await press(stage, "v", "escape")
        assert isinstance(stage.app.screen, DashboardScreen)


async def test_keys_move_as_in_a_pager() -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, output=lines(500))
    async with on_stage(services) as stage:
        await opened(stage)
        height = view(stage).size.height
        assert height == 21
        for keys, first in (
            (["j", "j", "k"], 2),
            (["space"], 2 + height // 2 * 2),
            (["b"], 2),
            (["ctrl+d"], 2 + height // 2),
            (["ctrl+u", "ctrl+u"], 1),
            (["G"], 501 - height),
            (["down"], 501 - height),
            (["g"], 1),
        ):
            await press(stage, *keys)
            assert shown(stage)[0] == f"line {first}", keys
        assert where(stage).endswith("top ")
        await press(stage, "space")
        assert where(stage).rstrip().endswith("%")
        await press(stage, "end")
        assert where(stage).endswith("end ")
        x, y = stage.app.cursor_position
        assert (x, y) == (0, 1), "the terminal's own cursor is on the first row"


async def test_it_finds_both_ways_and_round_and_says_where_it_is() -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, output=lines(300).replace("line 250", "TimeOut after 250"))
    async with on_stage(services) as stage:
        await opened(stage)
        await press(stage, "slash", *"timeout", "enter")
        assert any("TimeOut after 250" in line for line in shown(stage))
        assert "“timeout”: match 1 of 1" in where(stage)
        x, y = stage.app.cursor_position
        assert stage.all_text.splitlines()[y][x:].startswith("TimeOut")
        await press(stage, "n")
        assert "from the top again" in where(stage)
        await press(stage, "g")
        await look_for(stage, "line 29")
        assert "match 1 of 11" in where(stage)
        await press(stage, "N")
        assert "match 11 of 11 · from the end again" in where(stage)
        await press(stage, "N")
        assert "match 10 of 11" in where(stage) and "again" not in where(stage)
        await press(stage, "n", "n")
        assert "match 1 of 11 · from the top again" in where(stage)
        await look_for(stage, "nowhere")
        assert "“nowhere” is not here" in where(stage)
        await press(stage, "slash", "x", "escape")
        assert "“nowhere” is not here" in where(stage)
        await look_for(stage, "")
        assert "“" not in where(stage)


async def test_matches_are_seen_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, output="one two one\n")
    async with on_stage(services) as stage:
        await opened(stage)
        await look_for(stage, "one")
        segments = [each for each in view(stage).render_line(0) if each.text == "one"]
        looks = [(bool(each.style.reverse), bool(each.style.underline)) for each in segments if each.style]
        assert looks == [(True, False), (False, True)], "the current one reversed, the other underlined"


async def test_a_match_across_the_edge_of_a_row_is_marked_on_both() -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, output="." * 78 + "timeout" + "\n")
    async with on_stage(services) as stage:
        await opened(stage)
        await look_for(stage, "timeout")
        marked = [
            segment.text
            for y in (0, 1)
            for segment in view(stage).render_line(y)
            if segment.style and segment.style.reverse
        ]
        assert marked == ["ti", "meout"]


async def test_lines_are_wrapped_or_moved_sideways() -> None:
    services = FakeServices()
    long = "".join(f"{at:<10}" for at in range(30))
    services.add("Sales", Status.SUCCEEDED, output=f"{long}\nshort\n")
    async with on_stage(services) as stage:
        await opened(stage)
        assert shown(stage)[:5] == [long[:80].rstrip(), long[80:160].rstrip(), *shown(stage)[2:4], "short"]
        await press(stage, "w")
        assert shown(stage)[1] == "short"
        assert shown(stage)[0] == long[:79] + "›"
        await press(stage, "right")
        assert shown(stage)[0] == long[40:119] + "›"
        assert "column 41" in where(stage)
        await press(stage, *["right"] * 20)
        assert shown(stage)[0].endswith("29"), "no further than its end"
        await press(stage, *["left"] * 11)
        assert shown(stage)[0] == long[:79] + "›"
        await look_for(stage, "28")
        assert "28 " in shown(stage)[0]
        await press(stage, "w")
        assert shown(stage)[0] == long[:80].rstrip()


async def test_tab_goes_from_the_error_to_the_output_and_back() -> None:
    services = FakeServices()
    services.add("Sales", error="boom", error_detail=lines(100), output=lines(100))
    async with on_stage(services) as stage:
        await opened(stage)
        await press(stage, "tab")
        assert shown(stage)[0] == "Output"
        await press(stage, "tab")
        assert shown(stage)[0] == "Error"


@pytest.mark.parametrize("line", ["x", "日本語a"], ids=["narrow", "wide"])
async def test_five_megabytes_on_one_line_do_not_hold_up_the_keys(line: str) -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, output=line * (5_000_000 // len(line)))
    async with on_stage(services) as stage:
        await opened(stage)
        for keys in (["G", "b", "k"], ["g", "w", "right", "right"], ["w", "space"]):
            await press(stage, *keys)
            assert all(cell_len(row) <= 80 for row in shown(stage))


async def test_the_wheel_scrolls() -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, output=lines(100))
    async with on_stage(services) as stage:
        await opened(stage)
        view(stage).post_message(wheel(events.MouseScrollDown))
        await stage.until(lambda: shown(stage)[0] == "line 4")
        assert view(stage).current_line == "line 4"
        view(stage).post_message(wheel(events.MouseScrollUp))
        await stage.until(lambda: shown(stage)[0] == "line 1")
        await look_for(stage, "ne 50")
        assert view(stage).current_line == "line 50", "the line to copy is the one that was gone to"
        await stage.press("y")
        assert stage.app.clipboard == "line 50" and "Copied the line" in stage.toasts[-1]
        await stage.press("Y")
        assert stage.app.clipboard == lines(100).rstrip() and "Copied all of #1" in stage.toasts[-1]


async def test_what_the_mouse_selects_is_copied_with_wrapped_lines_whole() -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, output="." * 78 + "timeout\nshort\n" + lines(100))
    async with on_stage(services) as stage:
        await opened(stage)
        text, screen = view(stage), stage.app.screen
        screen.selections = {text: Selection(Offset(78, 0), Offset(3, 2))}
        await stage.pilot.pause()
        assert screen.get_selected_text() == "timeout\nsho"
        plain, marked = (
            {segment.style.bgcolor for segment in text.render_line(y) if segment.style} for y in (3, 1)
        )
        assert plain != marked
        await press(stage, "j")
        assert not screen.get_selected_text(), "other rows stand there now"


def wheel(kind: type[events.MouseEvent]) -> events.MouseEvent:
    return kind(None, 1, 1, 0, 0, 0, False, False, False)
