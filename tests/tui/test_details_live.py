"""The details of a Running execution follow what it prints."""

import asyncio
from collections.abc import Callable

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.records import StoredOutput
from jobmon_tui.tui.screens.details_reader import EVERY, SETTLE, DetailsReader
from jobmon_tui.tui.widgets.details import DetailsPanel
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage


def printed(services: FakeServices, execution_id: int, lines: int) -> None:
    text = "".join(f"line {at}\n" for at in range(1, lines + 1))
    services.database.tables.outputs[execution_id] = StoredOutput(head=text, total=len(text))
    services.database.feed.changed()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_its_output_is_followed_live_and_ends_with_it(size: tuple[int, int]) -> None:
    services = FakeServices()
    running = services.add("Sales", Status.RUNNING, output="")
    async with on_stage(services, size=size) as stage:
        await stage.press("d", "tab")
        assert stage.screen.focused is stage.screen.query_one(DetailsPanel)
        panel = stage.screen.query_one(DetailsPanel)
        await stage.until(lambda: panel.story is not None)
        await stage.press("right", "right")
        assert "It has printed nothing so far." in stage.all_text
        for lines in (3, 5, 90):
            printed(services, running, lines)
            await stage.until(lambda lines=lines: f"line {lines}" in stage.all_text, seconds=3)
        assert panel.scroll_offset.y > 0
        # Whoever went up to read stays there.
        await stage.press("g")
        printed(services, running, 120)
        await stage.until(lambda: "line 120" in panel._bodies["output"].content.plain, seconds=3)  # type: ignore[union-attr]
        assert panel.scroll_offset.y == 0
        printed(services, running, 121)
        services.move(running, Status.SUCCEEDED)
        await stage.until(lambda: "✓ Succeeded" in panel._heading.content.plain, seconds=3)  # type: ignore[union-attr]
        assert "line 121" in panel._bodies["output"].content.plain  # type: ignore[union-attr]


async def test_a_flood_of_changes_is_read_once_a_second_and_the_same_is_not_painted_again() -> None:
    services = FakeServices()
    running = services.add("Sales", Status.RUNNING, output="line 1\n")
    asked: list[int] = []
    async with on_stage(services) as stage:
        await stage.press("d")
        await stage.until(lambda: stage.screen.query_one(DetailsPanel).story is not None)
        real = services.show

        async def show(*arguments: object) -> object:
            asked.append(running)
            return await real(*arguments)  # type: ignore[arg-type]

        services.show = show  # type: ignore[assignment, method-assign]
        panel = stage.screen.query_one(DetailsPanel)
        painted: list[object] = []
        for part in (panel._heading, *panel._bodies.values(), *panel._titles.values()):
            part.update = painted.append  # type: ignore[assignment, method-assign]
        for _ in range(25):
            services.database.feed.changed()
            await stage.pilot.pause(0.1)
        assert 1 <= len(asked) <= 4
        assert painted == []


class Reads:
    """Answers readings one by one, when told to."""

    def __init__(self) -> None:
        self.begun: list[int | None] = []
        self.shown: list[int | None] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, execution_id: int | None) -> Callable[[], None]:
        self.begun.append(execution_id)
        await self.gate.wait()
        return lambda: self.shown.append(execution_id)


async def test_a_held_key_reads_only_where_the_cursor_comes_to_rest() -> None:
    reads = Reads()
    reader = DetailsReader(reads.read)
    running = asyncio.create_task(reader.run())
    reader.follow(1)
    await asyncio.sleep(0.01)
    for each in range(2, 12):
        reader.follow(each)
        await asyncio.sleep(SETTLE / 6)
    await asyncio.sleep(2 * SETTLE)
    assert reads.shown == [1, 11]
    assert reads.begun == [1, 11]
    running.cancel()


async def test_a_reading_that_was_overtaken_or_closed_is_not_shown() -> None:
    reads = Reads()
    reader = DetailsReader(reads.read)
    running = asyncio.create_task(reader.run())
    reads.gate.clear()
    reader.follow(1)
    await asyncio.sleep(0.01)
    reader.follow(2)
    reads.gate.set()
    await asyncio.sleep(2 * SETTLE)
    assert (reads.begun, reads.shown) == ([1, 2], [2])
    reads.gate.clear()
    reader.follow(3)
    await asyncio.sleep(2 * SETTLE)
    reader.close()
    reader.changed()
    reads.gate.set()
    await asyncio.sleep(2 * SETTLE)
    assert (reads.begun, reads.shown) == ([1, 2, 3], [2])
    running.cancel()


async def test_a_slow_database_is_asked_by_one_reading_at_a_time() -> None:
    reads = Reads()
    reader = DetailsReader(reads.read)
    running = asyncio.create_task(reader.run())
    reads.gate.clear()
    reader.follow(1)
    for _ in range(20):
        reader.changed()
        await asyncio.sleep(0.002)
    assert reads.begun == [1]
    reads.gate.set()
    await asyncio.sleep(EVERY / 2)
    assert reads.begun == [1]
    await asyncio.sleep(EVERY)
    assert reads.begun == [1, 1]
    running.cancel()


async def test_beneath_another_screen_nothing_is_read_or_painted_and_then_it_catches_up() -> None:
    services = FakeServices()
    running = services.add("Sales", Status.RUNNING, output="line 1\n")
    async with on_stage(services) as stage:
        await stage.press("m")
        await stage.pilot.pause(0.3)
        reads, before = services.database.reads, stage.screen.table.overview
        services.move(running, Status.SUCCEEDED)
        await stage.pilot.pause(1.5)
        assert services.database.reads - reads <= 1
        assert stage.screen.table.overview is before
        await stage.press("escape")
        await stage.until(lambda: "✓ Succeeded" in stage.line_of(running), seconds=2)
