"""A million rows: whatever is pressed, only what is in view is read, by key, and no read skips far."""

import asyncio
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence

import pytest
from textual.app import App, ComposeResult
from textual.events import Key

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.look import Glance, Overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.themes import DEFAULT_THEME, THEMES
from jobmon_tui.tui.widgets.execution_table import ExecutionTable
from jobmon_tui.tui.widgets.window import KEPT, PAGE, Window
from tests.tui.memory_tables import made_up

MILLION = 1_000_000
FAILED = ExecutionFilter(frozenset({Status.FAILED}))
SEARCH = ExecutionFilter(search="air")
MOST_SKIPPED = 200


class Recorder:
    """Rows with ids of each filter's own; remembers what was asked, and may be slow."""

    def __init__(self, delay: float = 0.0) -> None:
        self.ids: dict[ExecutionFilter, Sequence[int]] = {
            ExecutionFilter(): range(1, MILLION + 1),
            FAILED: range(2, 5 * MILLION, 5),
            # Few at first, then a great many at once, then none for long, then few again.
            SEARCH: [
                *range(1, 10**6, 10),
                *range(10**6, 10**6 + 850_000),
                *range(10**9, 10**9 + 10**8, 2_000),
            ],
        }
        self.delay = delay
        self.skipped: list[int] = []
        self.read: list[int] = []
        self.glanced: list[int] = []
        self.counted = 0

    async def overview(self, wanted: ExecutionFilter) -> Overview:
        await asyncio.sleep(self.delay)
        ids = self.ids[wanted]
        return Overview(dict.fromkeys(Status, 0), len(ids), ids[-1], [])

    async def executions(
        self,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        await asyncio.sleep(self.delay)
        self.skipped.append(offset)
        self.read.append(limit)
        ids = self.ids[wanted]
        if after is not None:
            start = bisect_right(ids, after) + offset
            picked = ids[start : start + limit]
        else:
            end = (len(ids) if before is None else bisect_right(ids, before - 1)) - offset
            picked = ids[max(0, end - limit) : max(0, end)]
        return [made_up(each).execution for each in reversed(picked)]

    async def glance(self, wanted: ExecutionFilter, limit: int, *, before: int | None = None) -> Glance:
        seen = Glance(await self.overview(wanted), await self.executions(wanted, limit, before=before))
        self.glanced.append(self.read.pop())
        return seen

    async def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        await asyncio.sleep(self.delay)
        self.counted += 1
        return len(self.ids[wanted]) - bisect_right(self.ids[wanted], execution_id)


class Shown(App[None]):
    def __init__(self, source: Recorder) -> None:
        super().__init__()
        self.source = source
        self.register_theme(THEMES[DEFAULT_THEME])
        self.theme = DEFAULT_THEME

    def compose(self) -> ComposeResult:
        yield ExecutionTable(self.source, may_retry=True)


@pytest.mark.parametrize("wanted", [ExecutionFilter(), FAILED, SEARCH], ids=["all", "status", "search"])
async def test_held_keys_and_jumps_read_by_key_what_is_in_view(wanted: ExecutionFilter) -> None:
    source = Recorder(delay=0.003)
    app = Shown(source)
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(ExecutionTable)
        total = len(source.ids[wanted])

        async def until(true: Callable[[], bool]) -> None:
            for _ in range(500):
                if true():
                    return
                await pilot.pause(0.01)
            raise AssertionError((table.cursor, table.first))

        def is_read() -> bool:
            seen = [row.id for row in table.visible_rows]
            truth = source.ids[wanted][total - table.first - table.rows_in_view : total - table.first][::-1]
            return seen == list(truth)

        await table.show(wanted)
        table.focus()
        keys = (
            ["down"] * 60 + ["pagedown"] * 40 + ["G"] + ["up"] * 40 + ["pageup"] * 40 + ["g", "G", "ctrl+u"]
        )
        for key in keys:  # faster than the rows come
            app.post_message(Key(key, None))
            await asyncio.sleep(0.001)
        await until(lambda: table.cursor == total - 12 and is_read())
        reads = len(source.read)
        dice = random.Random(5)
        for _ in range(6):  # the scroll bar, anywhere
            table.scroll_to(y=dice.randrange(total), animate=False)
            await until(is_read)
        assert max(source.skipped) <= MOST_SKIPPED
        assert max(source.read) <= 2 * PAGE, "what is in view may lie on two pages"
        assert source.glanced == [PAGE + table.rows_in_view]
        assert reads <= len(keys) * 2
        assert source.counted <= 6 * 12, "a place is found in a few looks"
        assert isinstance(table._window, Window)
        assert len(table._window._pages) <= KEPT


async def test_a_renewal_deep_in_a_filter_reads_what_is_in_view_and_no_more() -> None:
    source = Recorder()
    app = Shown(source)
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(ExecutionTable)
        await table.show(FAILED)
        table.scroll_to(y=400_000, animate=False)
        for _ in range(50):
            await pilot.pause(0.01)
        source.skipped.clear()
        source.read.clear()
        source.glanced.clear()
        source.ids[FAILED] = range(2, 5 * MILLION + 500, 5)
        await table.renew()
        assert table.total == MILLION + 100 and table.first == 400_100
        assert max(source.skipped) <= MOST_SKIPPED and sum(source.read + source.glanced) <= 4 * PAGE
