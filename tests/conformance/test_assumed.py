"""What a list assumes of reports, people and times is told with its answer: what is new counts at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from jobmon_tui.domain.execution import Execution, NewExecution, Trigger
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.look import Glance, Overview, count_newer, glance, list_executions, overview
from jobmon_tui.services.ports import Transaction
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage.listing.block_tables import BLOCK
from jobmon_tui.storage.postgres.assumed import _MOST_KNOWN
from jobmon_tui.storage.postgres.connection import STATEMENTS
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.tui.widgets.window import Place, opened
from tests.backends import Store
from tests.conformance.test_blocks import count_blocks
from tests.conformance.world import DRAFT, NOW, VIEWER, many

LATER = NOW + timedelta(days=1)


class Looking:
    """Where a window's rows come from: a store, as one sees it who only looks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def overview(self, wanted: ExecutionFilter) -> Overview:
        return await overview(self._store, VIEWER, wanted, Liveness())

    async def executions(self, wanted: ExecutionFilter, limit: int, **where: Any) -> Sequence[Execution]:
        return await list_executions(self._store, VIEWER, wanted, limit, **where)

    async def glance(self, wanted: ExecutionFilter, limit: int, *, before: int | None = None) -> Glance:
        return await glance(self._store, VIEWER, wanted, limit, Liveness(), before=before)

    async def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        return await count_newer(self._store, VIEWER, wanted, execution_id)


async def _seen(store: Store, wanted: ExecutionFilter) -> list[tuple[int, ...]]:
    """Return the ids that each way of looking finds, and how many."""
    seen = await glance(store, VIEWER, wanted, 30, Liveness())
    rows = await list_executions(store, VIEWER, wanted, 30)
    newer = await count_newer(store, VIEWER, wanted, 0)
    total = seen.overview.total
    assert newer == total
    assert seen.overview.newest == (seen.rows[0].id if seen.rows else None)
    return [tuple(row.id for row in each) for each in (seen.rows, rows)] + [(total,)]


@pytest.mark.parametrize("search", ["ale", "ALEHOUSE"])
async def test_a_new_report_is_found_at_once(store: Store, search: str) -> None:
    wanted = ExecutionFilter(search=search)
    await store.write(many(range(1, 4), "Succeeded", NOW, report="Nothing"))
    for _ in range(2):
        assert await _seen(store, wanted) == [(), (), (0,)]
    await store.write(many(range(4, 6), "Failed", NOW, report="Alehouse"))
    for _ in range(2):
        assert await _seen(store, wanted) == [(5, 4), (5, 4), (2,)]
    await store.write(many(range(6, 7), "Failed", NOW, report="Whales"))
    assert await _seen(store, wanted) == (
        [(6, 5, 4)] * 2 + [(3,)] if search == "ale" else [(5, 4)] * 2 + [(2,)]
    )


async def test_whose_account_is_new_is_found_at_once(store: Store) -> None:
    def queue(transaction: Transaction) -> None:
        transaction.add_account("Öl", Role.VIEWER, "hash", NOW)
        new = NewExecution("Sales", Trigger.MANUAL, "Öl", 1, 1, snapshot_text(DRAFT), NOW)
        transaction.add_execution(new)

    wanted = ExecutionFilter(by="öl")
    for _ in range(2):
        assert await _seen(store, wanted) == [(), (), (0,)]
    await store.write(queue)
    assert await _seen(store, wanted) == [(1,), (1,), (1,)]


async def test_where_a_time_lies_may_change(store: Store) -> None:
    wanted = ExecutionFilter(since=LATER)
    await store.write(many(range(1, 50), "Succeeded", NOW))
    await store.write(many(range(BLOCK - 20, BLOCK), "Failed", LATER))
    await store.write(many(range(2 * BLOCK, 2 * BLOCK + 10), "Failed", LATER))
    before = await _seen(store, wanted)
    assert before[-1] == (30,)
    assert await count_blocks(store) > 0
    for _ in range(2):
        assert await _seen(store, wanted) == before
    await store.write(many(range(2 * BLOCK + 10, 2 * BLOCK + 15), "Failed", LATER))
    assert (await _seen(store, wanted))[-1] == (35,)


@pytest.mark.parametrize("backend", ["postgres"])
async def test_little_is_kept(store: Store) -> None:
    assert isinstance(store, PostgresDatabase)
    await store.write(many(range(1, 200), "Failed", NOW, reports=5))
    lane = store._pool._idle[-1]
    for minute in range(2 * _MOST_KNOWN):
        wanted = ExecutionFilter(search="Sales 1", since=NOW - timedelta(minutes=minute))
        await glance(store, VIEWER, wanted, 30, Liveness())
        if minute == 1:
            put_together = list(STATEMENTS._kept)
    # A time that moves along is a value, no statement of its own; its answer is forgotten some time.
    assert set(STATEMENTS._kept) == set(put_together)
    assert len(lane.known) <= _MOST_KNOWN


@pytest.mark.parametrize("backend", ["postgres"])
@pytest.mark.parametrize(("search", "most"), [(None, 5), ("Sales", 7)])
async def test_a_list_is_read_by_few_statements(store: Store, search: str | None, most: int) -> None:
    """Wherever one looks, however high the terminal is: each is put together and planned at its first use."""
    assert isinstance(store, PostgresDatabase)
    await store.write(many(range(1, 1_000), "Failed", NOW, reports=5))
    lane = store._pool._idle[-1]
    before = set(lane._prepared)
    source, wanted = Looking(store), ExecutionFilter(search=search)
    for height in (5, 20, 30, 50):
        window, *_ = await opened(source, wanted, height)
        for first in (0, 20, 130, 333, 480, 640, 800, window.total - height):
            await window.fill_visible(first, height)
            row = window.row(first)
            assert row is not None
            window, *_ = await window.renewed(Place(first, height, first, row.id, first, row.id))
    assert len(set(lane._prepared) - before) <= most
