"""A dashboard's refresh: one moment, and as few questions as it can be."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.look import Glance, count_newer, glance, list_executions, overview, show_execution
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import WorkerInfo
from tests.backends import Store
from tests.conformance.explained import Explained
from tests.conformance.world import NOW, VIEWER, add_people, many, queue_one
from tests.pg_proxy import Proxy, proxied

ALL = ExecutionFilter()
FAILED = ExecutionFilter(frozenset({Status.FAILED}))
TWO = ExecutionFilter(frozenset({Status.FAILED, Status.QUEUED}))
SEARCH = ExecutionFilter(search="ale")
SEARCH_FAILED = ExecutionFilter(frozenset({Status.FAILED}), search="ale")
SINCE = ExecutionFilter(since=NOW)
BY = ExecutionFilter(by="ada")
ERROR = ExecutionFilter(error="time")
REPORT = ExecutionFilter(report="Sales")
NOBODY = ExecutionFilter(search="no such report")
ALL_AT_ONCE = ExecutionFilter(frozenset({Status.FAILED, Status.QUEUED}), None, "ale", NOW, "time", "ada")
FILTERS = [ALL, FAILED, ExecutionFilter(frozenset({Status.CANCELLED})), TWO, SEARCH, SEARCH_FAILED, SINCE]
FILTERS += [BY, ERROR, NOBODY, ALL_AT_ONCE, REPORT]
TRIPS = {ALL: 1, FAILED: 1, TWO: 1, SEARCH: 1, SEARCH_FAILED: 1, SINCE: 1, BY: 1, ERROR: 2, REPORT: 1}
"""Questions that go to PostgreSQL, for a refresh as for a page of rows alone, with any BEGIN and COMMIT."""
STATEMENTS = {ALL: 5, FAILED: 5, TWO: 5, SEARCH: 6, SEARCH_FAILED: 6, SINCE: 6, BY: 6, ERROR: 6}
"""Statements on SQLite, where none of them is a trip."""


async def _history(store: Store) -> None:
    await store.write(many(range(1, 60), "Succeeded", NOW))
    await store.write(many(range(60, 70), "Failed", NOW))
    queue = DatabaseQueue(store)
    for name in ("w1", "w2"):
        await queue.register(WorkerInfo(name, "here", 1, "0", 3))
    ids = [await store.write(queue_one) for _ in range(2)]
    assert len(await queue.start(ids[:1], "w1")) == 1


async def test_it_is_what_the_header_and_the_list_are(store: Store) -> None:
    empty = await glance(store, VIEWER, ALL, 10, Liveness())
    assert (empty.overview.total, empty.overview.newest, list(empty.rows)) == (0, None, [])
    await _history(store)
    for wanted in FILTERS:
        for before in (None, 66, 1):
            seen = await glance(store, VIEWER, wanted, 7, Liveness(), before=before)
            assert seen.overview == await overview(store, VIEWER, wanted, Liveness())
            assert list(seen.rows) == list(await list_executions(store, VIEWER, wanted, 7, before=before))
            assert [(each.name, each.running) for each in seen.overview.workers] == [("w1", 1), ("w2", 0)]
    assert (await glance(store, VIEWER, FAILED, 7, Liveness())).rows[0].id == 69


async def test_who_is_not_signed_in_is_shown_nothing(store: Store) -> None:
    await _history(store)
    for wanted in (ALL, SEARCH):
        with pytest.raises(JobmonError) as refusal:
            await glance(store, Caller("another token", "?"), wanted, 7, Liveness())
        assert refusal.value.code is ErrorCode.NOT_SIGNED_IN


async def test_counts_and_rows_are_of_one_moment_while_others_write(store: Store) -> None:
    done = False

    async def write() -> None:
        while not done:
            await store.write(queue_one)

    writing = asyncio.create_task(write())
    try:
        for _ in range(25):
            for wanted in (ALL, TWO):
                seen = await glance(store, VIEWER, wanted, 1_000, Liveness())
                assert seen.overview.total == seen.overview.counts[Status.QUEUED] == len(seen.rows)
                assert seen.overview.newest == (seen.rows[0].id if seen.rows else None)
    finally:
        done = True
        await writing


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_it_asks_so_many_statements(store: Store) -> None:
    await _history(store)
    asked = {}
    for wanted in STATEMENTS:
        explained = Explained(store)
        await glance(explained, VIEWER, wanted, 30, Liveness())  # type: ignore[arg-type]  # a database that tells
        asked[wanted] = sum(map(len, explained.plans.values()))
    assert asked == STATEMENTS


@pytest.fixture
async def proxy(postgres_database: str) -> AsyncIterator[Proxy]:
    async with proxied(postgres_database) as made:
        yield made


@pytest.fixture
async def far(proxy: Proxy, postgres_database: str) -> AsyncIterator[PostgresDatabase]:
    """A database that is asked through the proxy."""
    source = PgSource(proxy.url(postgres_database), "jobmon")
    async with await PostgresDatabase.open(source, patience=1.5) as opened:
        await opened.write(add_people)
        await _history(opened)
        yield opened


async def _refreshed(far: PostgresDatabase, wanted: ExecutionFilter) -> Glance:
    return await glance(far, VIEWER, wanted, 30, Liveness())


async def test_it_makes_so_many_trips_to_postgresql(far: PostgresDatabase, proxy: Proxy) -> None:
    made, pages, positions = {}, {}, {}
    for wanted, trips in TRIPS.items():
        await _refreshed(far, wanted)  # prepares what it asks
        before = proxy.sent
        await _refreshed(far, wanted)
        made[wanted] = proxy.sent - before
        await list_executions(far, VIEWER, wanted, 30, before=99)
        before = proxy.sent
        await list_executions(far, VIEWER, wanted, 30, before=99)
        pages[wanted] = proxy.sent - before
        for place in ({"after": 5}, {"before": 99, "offset": 3}, {"after": 5, "offset": 3}):
            await list_executions(far, VIEWER, wanted, 30, **place)
            before = proxy.sent
            await list_executions(far, VIEWER, wanted, 30, **place)
            assert proxy.sent - before == trips
        await count_newer(far, VIEWER, wanted, 5)
        before = proxy.sent
        assert await count_newer(far, VIEWER, wanted, 5) >= 0
        positions[wanted] = proxy.sent - before
    assert made == TRIPS
    assert pages == positions == TRIPS
    # Without a transaction around it none is left open, and the next unit of work has one.
    assert (
        await far.read(lambda transaction: transaction.counts())
        == (await _refreshed(far, ALL)).overview.counts
    )


async def test_an_execution_with_its_story_is_one_trip(far: PostgresDatabase, proxy: Proxy) -> None:
    newest = (await _refreshed(far, ALL)).overview.newest
    assert newest is not None
    for execution_id, trips in ((60, 1), (newest, 6)):  # the newest is Queued: what does it wait for?
        await show_execution(far, VIEWER, execution_id, Liveness())
        before = proxy.sent
        story = await show_execution(far, VIEWER, execution_id, Liveness())
        assert proxy.sent - before == trips
        assert story.details.execution.id == execution_id
        assert [each.id for each in story.lineage] == [execution_id]
        assert (story.waiting is None) == (execution_id == 60)
    with pytest.raises(JobmonError) as refusal:
        await show_execution(far, VIEWER, newest + 1, Liveness())
    assert refusal.value.code is ErrorCode.EXECUTION_NOT_FOUND


async def test_a_line_that_went_dead_meanwhile_is_replaced(far: PostgresDatabase, proxy: Proxy) -> None:
    before = await _refreshed(far, ALL)
    connections = proxy.connections
    for session in proxy._sessions:
        session.dead = True  # nothing is heard of it any more, in silence
    assert (await _refreshed(far, ALL)).rows == before.rows
    assert proxy.connections > connections
    proxy.hole = True
    with pytest.raises(JobmonError) as refusal:
        await _refreshed(far, ALL)
    assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
    proxy.hole = False
    assert (await _refreshed(far, ALL)).rows == before.rows
