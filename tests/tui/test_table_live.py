"""The table on the screen: live, calm, and painting no more than what changed."""

import time

import pytest
from rich.cells import cell_len

from jobmon_tui.domain.execution import Status
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage
from tests.tui.viewing import painted


def some(count: int = 60, status: Status = Status.SUCCEEDED) -> FakeServices:
    services = FakeServices()
    for _ in range(count):
        services.add("Sales", status)
    return services


async def test_nothing_is_painted_while_nothing_changes() -> None:
    async with on_stage(some()) as stage:
        reads = stage.services.database.reads
        with painted(stage.table) as lines:
            stage.services.database.feed.changed()  # somebody committed something that is not in view
            await stage.pilot.pause(1.3)  # and at least one tick
        assert stage.services.database.reads > reads
        assert lines == []


async def test_only_the_changed_row_is_painted() -> None:
    services = some()
    running = services.add("Ledger", Status.RUNNING)
    services.add("Sales", Status.SUCCEEDED)
    async with on_stage(services) as stage:
        assert "Running" in stage.line_of(running)
        with painted(stage.table) as lines:
            services.move(running, Status.FAILED, error="boom", duration_ms=400)
            await stage.until(lambda: 2 in lines)
            await stage.settle()
        assert set(lines) == {2}
        assert "✗ Failed" in stage.line_of(running) and "boom" in stage.line_of(running)


async def test_a_running_row_ticks_now_and_then_and_alone() -> None:
    services = some()
    services.add("Ledger", Status.RUNNING)
    async with on_stage(services) as stage:
        with painted(stage.table) as lines:
            await stage.until(lambda: lines)
            await stage.until(lambda: len(lines) >= 2)
        assert set(lines) == {1}


async def test_rows_out_of_view_do_not_tick() -> None:
    services = FakeServices()
    services.add("Ledger", Status.RUNNING)
    for _ in range(60):
        services.add("Sales", Status.SUCCEEDED)
    async with on_stage(services) as stage:
        with painted(stage.table) as lines:
            await stage.pilot.pause(2.2)
        assert lines == []


@pytest.mark.story("AC-001")
async def test_a_new_row_comes_in_above_and_the_cursor_stays_on_its_row() -> None:
    services = some(5)
    async with on_stage(services) as stage:
        assert stage.table.current is not None and stage.table.current.id == 5
        new = services.add("Ledger", Status.QUEUED)
        await stage.until(lambda: stage.rows[0].startswith(f" #{new} "))
        assert stage.table.current.id == 5
        assert stage.rows[1].startswith("›#5 ")


async def test_deep_in_the_list_new_rows_move_nothing_and_paint_nothing() -> None:
    services = some(600)
    async with on_stage(services) as stage:
        await stage.press(*["pagedown"] * 12)
        before, cursor = stage.lines, stage.table.current
        with painted(stage.table) as lines:
            for _ in range(3):
                services.add("Ledger", Status.QUEUED)
                await stage.settle()
            await stage.until(lambda: stage.table.total == 603)
        assert lines == []
        assert stage.lines == before
        assert stage.table.current == cursor


async def test_in_a_filter_the_cursor_keeps_its_row_though_others_leave() -> None:
    services = FakeServices()
    running = [services.add(f"Report {at}", Status.RUNNING) for at in range(30)]
    async with on_stage(services) as stage:
        await stage.press("2", "down", "down", "down", "down")
        held = stage.table.current
        assert held is not None and held.id == running[-5]
        services.move(running[-2], Status.SUCCEEDED)
        services.move(running[3], Status.SUCCEEDED)
        await stage.until(lambda: stage.table.total == 28)
        assert stage.table.current is not None and stage.table.current.id == held.id
        assert all(f"#{gone} " not in line for line in stage.lines for gone in (running[-2], running[3]))


async def test_the_cursor_may_leave_the_view_but_is_not_acted_on_unseen() -> None:
    services = some(3)
    failed = services.add("Ledger", Status.FAILED, error="boom")
    async with on_stage(services) as stage:
        for _ in range(40):
            services.add("Sales", Status.SUCCEEDED)
        await stage.until(lambda: stage.table.total == 44)
        await stage.until(lambda: f"#{failed}, out of view" in stage.all_text)
        await stage.press("r")
        assert services.children(failed) == []
        assert stage.table.cursor_in_view and "out of view" in stage.toasts[-1]
        await stage.press("r")
        await stage.until(lambda: len(services.children(failed)) == 1)


async def test_leaving_the_view_scrolls_by_half_a_page() -> None:
    async with on_stage(some(100)) as stage:
        height = stage.table.rows_in_view
        await stage.press(*["down"] * (height - 1))
        assert stage.table.first == 0
        await stage.press("down")
        assert stage.table.first == height // 2
        with painted(stage.table) as lines:
            await stage.press("down")
        assert len(set(lines)) == 2, "a move within the view paints two lines"


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["j", "j", "k"], 1),
        (["G"], 99),
        (["end", "g"], 0),
        (["ctrl+d"], 9),
        (["pagedown"], 18),
        (["pagedown", "pageup"], 0),
        (["G", "ctrl+u"], 90),
    ],
)
async def test_keys_move_the_cursor(keys: list[str], cursor: int) -> None:
    async with on_stage(some(100)) as stage:
        assert stage.table.rows_in_view == 19
        await stage.press(*keys)
        assert stage.table.cursor == cursor
        assert stage.table.cursor_in_view
        x, y = stage.app.cursor_position  # the terminal's own cursor
        await stage.until(lambda: stage.all_text.splitlines()[y][x] == "›")


async def test_a_million_rows_open_at_once_and_both_ends_are_one_key_away() -> None:
    services = FakeServices(history=1_000_000)
    started = time.perf_counter()
    async with on_stage(services) as stage:
        assert time.perf_counter() - started < 5
        assert stage.rows[0].startswith("›#1000000 ")
        await stage.press("G")
        await stage.until(lambda: stage.rows[-1].startswith("›#1 "))
        assert len(stage.rows) == 19
        await stage.press("g")
        await stage.until(lambda: stage.rows[0].startswith("›#1000000 "))


async def test_a_row_that_is_still_being_read_is_drawn_as_such() -> None:
    services = FakeServices(history=10_000)
    async with on_stage(services) as stage:
        services.database.delay = 0.5
        await stage.pilot.press("G")
        await stage.pilot.pause()
        assert stage.rows[-1].startswith("›…")
        await stage.press("r")
        assert stage.toasts == [], "there is nothing to act on yet"
        await stage.until(lambda: stage.rows[-1].startswith("›#1 "))


HOSTILE = [
    "[/x]",
    "[@click=app.quit]press me[/]",
    "[bold",
    "日本語の長いレポート名前がここにある",
    "evil\x1b]0;pwned\x07\x1b]52;c;cm0gLXJm\x07",
    "\u202egnp.exe\u2066",
    "tab\tand\nnewline\r\n",
    "n" * 10_000,
    "👩‍👩‍👧‍👦 family",
    "\x00\x9b31m",
]


@pytest.mark.parametrize("size", [(80, 24), (46, 24), (160, 24)])
async def test_no_name_breaks_a_line_or_steers_the_terminal(size: tuple[int, int]) -> None:
    services = FakeServices()
    ids = [services.add(name, error=name, output=name) for name in HOSTILE]
    async with on_stage(services, size=size) as stage:
        for line in stage.lines:
            assert cell_len(line) == stage.table.line_width
        assert len(stage.rows) == len(ids)
        await stage.press("right", "enter", "left", "enter", "down", "down", "down")
        everything = stage.all_text
        assert len(everything.splitlines()) == 24
        assert not any(character in everything for character in "\x1b\x07\x9b\u202e\u2066\x00\t")
        for line in [line for line in stage.rows if "Failed" in line]:
            under_way = services.children(int(line[2:].split()[0]))
            assert ("Retry" in line) == (not under_way)


async def test_an_empty_list_says_what_to_do_next() -> None:
    async with on_stage(FakeServices()) as stage:
        await stage.until(lambda: "No reports have run yet. Press n to queue one." in stage.all_text)
        await stage.press("4")
        await stage.until(lambda: "Nothing matches. Esc shows all." in stage.all_text)
        await stage.press("escape")
        await stage.until(lambda: "No reports have run yet" in stage.all_text)


async def test_a_resize_keeps_the_cursor_in_view() -> None:
    async with on_stage(some(100), size=(120, 40)) as stage:
        await stage.press(*["down"] * 30)
        await stage.pilot.resize_terminal(80, 24)
        await stage.settle()
        assert stage.table.cursor == 30 and stage.table.cursor_in_view
        assert all(cell_len(line) == stage.table.line_width for line in stage.lines)


async def test_without_colour_the_cursor_row_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with on_stage(some(3)) as stage:
        assert stage.app.no_color
        cursor, other = stage.table.render_line(1), stage.table.render_line(2)
        assert all(segment.style and segment.style.reverse for segment in cursor if segment.text)
        assert not any(segment.style and segment.style.reverse for segment in other)
