"""The window on a long list shows the right rows, wherever it stands and whatever happens to the list."""

import random
from collections.abc import Sequence

import pytest

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.look import Glance, Overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.widgets.window import PAGE, Place, Window, opened
from tests.tui.fake_services import FakeServices
from tests.tui.memory_tables import START

ALL = ExecutionFilter()
FAILED = ExecutionFilter(frozenset({Status.FAILED}))
HEIGHT = 20
MOST_SKIPPED = 200


class Source:
    """The services' rows, and how far each read had to skip."""

    def __init__(self, services: FakeServices) -> None:
        self.services = services
        self.offsets: list[int] = []
        self.asked: list[str] = []

    async def overview(self, wanted: ExecutionFilter) -> Overview:
        self.asked.append("overview")
        return await self.services.overview(self.services.admin, wanted)

    async def executions(
        self,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        self.asked.append("executions")
        self.offsets.append(offset)
        return await self.services.executions(
            self.services.admin, wanted, limit, before=before, after=after, offset=offset
        )

    async def glance(self, wanted: ExecutionFilter, limit: int, *, before: int | None = None) -> Glance:
        self.asked.append("glance")
        return await self.services.glance(self.services.admin, wanted, limit, before=before)

    async def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        self.asked.append("newer")
        return await self.services.newer(self.services.admin, wanted, execution_id)

    async def truth(self, wanted: ExecutionFilter, first: int) -> list[int]:
        rows = await self.services.executions(self.services.admin, wanted, HEIGHT, offset=first)
        return [row.id for row in rows]


def shown(window: Window, first: int) -> list[int | None]:
    last = min(window.total, first + HEIGHT)
    return [row.id if (row := window.row(at)) else None for at in range(first, last)]


@pytest.mark.parametrize("wanted", [ALL, FAILED])
@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 1_234])
async def test_every_place_shows_what_a_plain_read_shows(wanted: ExecutionFilter, count: int) -> None:
    source = Source(FakeServices(history=count))
    window, _, _ = await opened(source, wanted, HEIGHT)
    places = [0, 7, count // 3, count // 2, window.total - HEIGHT, window.total - 1]
    for first in (place for place in places if 0 <= place < window.total):
        await window.fill_visible(first, HEIGHT)
        assert shown(window, first) == await source.truth(wanted, first)


@pytest.mark.parametrize("most", [HEIGHT // 2, PAGE, 234])
async def test_a_list_that_is_known_in_part_ends_where_its_extent_does(most: int) -> None:
    source = Source(FakeServices(history=5_000))
    source.services.database.tables.most = most
    wanted = ExecutionFilter(since=START)
    window, first, cursor = await opened(source, wanted, HEIGHT)
    assert (window.total, window.overview.total_is_least, first, cursor) == (most, True, 0, 0)
    for first in (max(0, most - HEIGHT), most // 2, 0):
        await window.fill_visible(first, HEIGHT)
        assert shown(window, first) == (await source.truth(wanted, first))[: most - first]
    end = max(0, most - HEIGHT)
    await window.fill_visible(end, HEIGHT)
    last = window.row(most - 1)
    assert last is not None
    source.services.add("Airports")
    place = Place(end, HEIGHT, most - 1, last.id, end, None)
    window, first, cursor = await window.renewed(place)
    assert (window.total, cursor) == (most, most - 1)
    assert shown(window, first) == (await source.truth(wanted, first))[: most - first]
    # What lies below the list's end is not in it.
    window, first, cursor = await opened(source, wanted, HEIGHT, wish=3)
    assert (first, cursor) == (0, 0)


async def test_scrolling_through_a_million_never_skips_far() -> None:
    source = Source(FakeServices(history=1_000_000))
    window, _, _ = await opened(source, ALL, HEIGHT)
    for first in (
        *range(0, 5_000, 50),
        1_000_000 - HEIGHT,
        *range(1_000_000 - 5_000, 1_000_000 - 6_000, -50),
    ):
        await window.fill_visible(first, HEIGHT)
        assert shown(window, first)[0] == 1_000_000 - first
    assert max(source.offsets[:50]) == 0, "the next page is read by the key of this one"
    assert max(source.offsets) <= MOST_SKIPPED


async def test_random_changes_keep_the_rows_right_and_the_cursor_on_its_row() -> None:
    services = FakeServices(history=700)
    source = Source(services)
    dice = random.Random(7)
    for wanted in (ALL, FAILED):
        window, first, cursor = await opened(source, wanted, HEIGHT)
        for _ in range(150):
            if dice.random() < 0.3:
                first = dice.randrange(max(1, window.total - HEIGHT))
                cursor = first + dice.randrange(HEIGHT)
                await window.fill_visible(first, HEIGHT)
            for _ in range(dice.randrange(4)):
                services.add("Sales", dice.choice(list(Status)))
            for running in [row for row in services.database.tables.rows.values() if dice.random() < 0.2]:
                if running.execution.status is Status.RUNNING:
                    services.move(running.execution.id, Status.FAILED, error="boom")
            held = window.row(cursor)
            assert held is not None
            before = (first, cursor - first)
            window, first, cursor = await window.renewed(
                Place(first, HEIGHT, cursor, held.id, cursor, held.id)
            )
            assert shown(window, first) == await source.truth(wanted, first)
            now = window.row(cursor)
            assert now is None or now.id == held.id
            if before[0] > 0:
                assert cursor - first == before[1], "the row stays on its line"
            else:
                assert first == 0, "the newest end stays in view"
            if now is None:
                first, cursor = 0, 0
                await window.fill_visible(first, HEIGHT)


async def test_rows_that_retention_removed_are_noticed() -> None:
    services = FakeServices()
    for _ in range(350):
        services.add("Sales", Status.SUCCEEDED)
    source = Source(services)
    window, _, _ = await opened(source, ALL, HEIGHT)
    await window.fill_visible(200, HEIGHT)
    held = window.row(205)
    assert held is not None
    for old in range(1, 51):
        services.database.tables.forget(old)
    window, first, cursor = await window.renewed(Place(200, HEIGHT, 205, held.id, 205, held.id))
    assert (window.total, first, cursor) == (300, 200, 205)
    assert shown(window, first) == await source.truth(ALL, first)


async def test_opening_at_a_row_shows_it_or_the_newest_where_it_is_hidden() -> None:
    source = Source(FakeServices(history=5_000))
    window, first, cursor = await opened(source, ALL, HEIGHT, wish=2_500)
    assert cursor == 2_500 and first <= cursor < first + HEIGHT
    assert shown(window, first) == await source.truth(ALL, first)
    assert max(source.offsets) == 0, "read around the row itself, not by counting from an end"
    window, first, cursor = await opened(source, FAILED, HEIGHT, wish=2_500)  # Succeeded
    assert (first, cursor) == (0, 0)
    assert shown(window, 0) == await source.truth(FAILED, 0)


@pytest.mark.parametrize("wanted", [ALL, FAILED])
@pytest.mark.parametrize("count", [0, 5, 99, 100, 110, 1_000, 1_234])
async def test_a_refresh_of_the_newest_end_asks_once(wanted: ExecutionFilter, count: int) -> None:
    source = Source(FakeServices(history=count))
    window, first, cursor = await opened(source, wanted, HEIGHT)
    assert source.asked == ["glance"]
    for came in (0, 1, 3, 20):
        for _ in range(came):
            source.services.add("Sales", Status.FAILED)
        source.asked.clear()
        held = window.row(cursor)
        place = Place(first, HEIGHT, cursor, held.id if held else None, first, held.id if held else None)
        window, first, cursor = await window.renewed(place)
        assert shown(window, first) == await source.truth(wanted, first)
        assert window.total == 0 or window.missing(first, HEIGHT) == []
        assert source.asked == ["glance"]
        cursor = 0


@pytest.mark.parametrize(("wanted", "more"), [(ALL, []), (FAILED, ["newer"])])
async def test_a_refresh_far_from_the_newest_end_asks_for_rows_that_it_has(
    wanted: ExecutionFilter, more: list[str]
) -> None:
    source = Source(FakeServices(history=5_000))
    window, _, _ = await opened(source, wanted, HEIGHT)
    last = window.total - HEIGHT
    for first in (last // 2 + 7, last // 2 // PAGE * PAGE - 10, last):
        await window.fill_visible(first, HEIGHT)
        held = window.row(first + 3)
        assert held is not None
        for came in (1, 0):
            if came:
                source.services.add("Sales", Status.FAILED)
            source.asked.clear()
            at = first if came else first + 1
            place = Place(at, HEIGHT, at + 3, held.id, at + 3, held.id)
            window, now, cursor = await window.renewed(place)
            assert (now, cursor) == (first + 1, first + 4)
            assert shown(window, now) == await source.truth(wanted, now)
            # How many came is asked where they are not among the rows.
            assert source.asked == ["glance", *(more or ["newer"] * came)]
