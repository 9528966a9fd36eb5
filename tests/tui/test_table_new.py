"""New rows above the view: the cursor's row stays where it is read, and the line says how many there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.widgets.line_diff import changed_lines
from tests.tui.stage import Stage, on_stage
from tests.tui.test_table_live import painted, some


def line_of_cursor(stage: Stage) -> int:
    return next(y for y, line in enumerate(stage.lines) if line.startswith("›"))


async def flood(stage: Stage, count: int, status: Status = Status.SUCCEEDED) -> None:
    total = stage.table.total
    for _ in range(count):
        stage.services.add("Weather", status)
    await stage.until(lambda: stage.table.total == total + count)
    await stage.settle()


async def test_a_cursor_that_was_moved_stays_in_view_under_a_flood_and_a_key_leads_back() -> None:
    services = some(100)
    async with on_stage(services) as stage:
        await stage.press("j", "j")
        held = stage.table.current
        await flood(stage, 4)
        assert stage.table.first == 0 and line_of_cursor(stage) == 7, "the newest end, while it has room"
        assert "new:" not in stage.all_text
        await flood(stage, 40)
        assert stage.table.current == held and line_of_cursor(stage) == stage.table.rows_in_view
        # 46 rows stand above it, of which 18 are in view.
        await stage.until(lambda: "28 new: g" in stage.all_text.splitlines()[-2])
        with painted(stage.table) as lines:
            await flood(stage, 3)
        assert lines == [], "from now on its line is its own"
        await stage.until(lambda: "31 new: g" in stage.all_text)
        await stage.press("g")
        assert stage.table.first == 0 and stage.table.cursor == 0
        await stage.until(lambda: "new:" not in stage.all_text)
        await flood(stage, 40)
        assert stage.table.first == 0 and "new:" not in stage.all_text, "at the newest end it follows"


async def test_a_flood_in_a_filter_keeps_the_row_in_view_too() -> None:
    async with on_stage(some(100)) as stage:
        await stage.press("3")
        await stage.until(lambda: stage.screen._wanted == stage.table.wanted)
        await stage.press("j")
        held = stage.table.current
        await flood(stage, 60)
        assert stage.table.current == held and stage.table.cursor_in_view
        await stage.until(lambda: "43 new: g" in stage.all_text)
        services = stage.services
        services.add("Other", Status.FAILED)  # not of this list
        await stage.settle()
        assert "43 new: g" in stage.all_text


async def test_deep_in_the_list_new_rows_are_counted_and_the_top_counts_them_as_seen() -> None:
    async with on_stage(some(600), size=(120, 40)) as stage:
        await stage.press(*["pagedown"] * 4)
        with painted(stage.table) as lines:
            await flood(stage, 12)
            await stage.until(lambda: "12 new: g" in stage.all_text)
        assert lines == []
        await stage.press(*["pageup"] * 6)
        assert stage.table.first == 0
        await stage.until(lambda: "new:" not in stage.all_text)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_opening_the_details_holds_the_row(size: tuple[int, int]) -> None:
    async with on_stage(some(100), size=size) as stage:
        await stage.press("enter", "escape")
        held = stage.table.current
        await flood(stage, 80)
        assert stage.table.current == held and stage.table.cursor_in_view


LINES = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["Queued", "Running", "Failed"])), max_size=8)


@given(st.lists(LINES, min_size=1, max_size=6))
def test_painting_what_differs_gives_the_same_screen_and_paints_no_other_line(
    views: list[list[object]],
) -> None:
    painted_lines: dict[int, object] = {}
    screen: dict[int, object] = {}
    for view in views:
        for y in changed_lines(painted_lines, view):
            assert screen.get(y) != view[y]
            painted_lines[y] = screen[y] = view[y]
        assert [screen[y] for y in range(len(view))] == view
        assert list(changed_lines(painted_lines, view)) == []


def test_a_line_that_was_never_painted_is_painted_though_it_says_nothing() -> None:
    assert list(changed_lines({}, [None, ()])) == [0, 1]
    assert list(changed_lines({0: None}, [None])) == []
