"""Blocks of old executions: what is kept of them is what their rows say, whatever happens to those."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.look import count_newer, finished_by_hour, glance, list_executions, overview
from jobmon_tui.services.records import ExecutionFilter, HourCount
from jobmon_tui.storage.listing import bounds as listing_bounds
from jobmon_tui.storage.listing.block_keeper import BlockKeeper
from jobmon_tui.storage.listing.block_queries import HOURS_KEPT
from jobmon_tui.storage.listing.block_rules import wrong_blocks
from jobmon_tui.storage.listing.block_tables import BLOCK
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.retention import Pruning
from jobmon_tui.storage.retention_queries import Rule
from tests.backends import Raw, Store, moment
from tests.conformance.world import NOW, VIEWER, end_raw, history, many, queue_one

FAILED = frozenset({Status.FAILED})
ALL = ExecutionFilter()
FILTERS = [
    ALL,
    ExecutionFilter(FAILED),
    ExecutionFilter(frozenset({Status.SUCCEEDED, Status.QUEUED})),
    ExecutionFilter(frozenset({Status.RUNNING})),
    ExecutionFilter(report="Report 1"),
    ExecutionFilter(FAILED, report="Report 1"),
    ExecutionFilter(search="report"),
    ExecutionFilter(frozenset({Status.QUEUED, Status.CANCELLED}), search="RT 2"),
    ExecutionFilter(search="nothing"),
    ExecutionFilter(since=NOW),
    ExecutionFilter(FAILED, since=NOW + timedelta(seconds=1)),
]
BLOCKS = "SELECT block, succeeded, failed, cancelled FROM execution_block WHERE is_final ORDER BY 1"
OPEN = "SELECT block FROM execution_block WHERE NOT is_final ORDER BY 1"


async def count_blocks(store: Store) -> int:
    """Let a worker look until nothing is left to count."""
    keeper = BlockKeeper(store, lambda: NOW)
    # The first look only notes what is under way, where others may write at the same time.
    return sum([await keeper.look(seconds=60) for _ in range(2)])


async def problems(store: Store) -> Sequence[str]:
    return await store.read(lambda transaction: wrong_blocks(transaction._connection))


def hours_of(raw: Raw) -> set[datetime]:
    return {moment(at) for (at,) in raw("SELECT DISTINCT hour FROM hour_block")}


async def fill(store: Store, *numbers: int) -> None:
    """Add executions of three reports at both ends of these blocks: 40 each that succeeded, 15 others."""
    for block in numbers:
        low, high = block * BLOCK, (block + 1) * BLOCK
        await store.write(many(range(low + 1, low + 21), "Succeeded", NOW, "Report ", 3))
        await store.write(many(range(low + 21, low + 31), "Failed", NOW, "Report ", 3))
        await store.write(many(range(low + 31, low + 36), "Cancelled", NOW, "Report ", 3))
        await store.write(many(range(high - 20, high), "Succeeded", NOW, "Report ", 3))


async def asked(store: Store) -> list[object]:
    """Give what lists ask."""
    answers: list[object] = []
    for wanted in FILTERS:
        seen = await overview(store, VIEWER, wanted, Liveness())
        places = (0, 1, 25, BLOCK - 1, BLOCK, 2 * BLOCK + 33, 10**9)
        newer = [await count_newer(store, VIEWER, wanted, at) for at in places]
        assert (await glance(store, VIEWER, wanted, 30, Liveness())).overview == seen
        answers.append((wanted, seen.total, seen.newest, seen.counts, newer))
        answers.append([each.id for each in await list_executions(store, VIEWER, wanted, 500)])
        assert len(answers[-1]) == seen.total  # type: ignore[arg-type]
    answers.append(await finished_by_hour(store, VIEWER, NOW - timedelta(hours=1)))
    return answers


async def test_totals_and_positions_are_the_same_with_blocks_and_without(store: Store, raw: Raw) -> None:
    await fill(store, 0, 1, 3)
    await store.write(queue_one)
    await fill(store, 4)
    before = await asked(store)
    assert await count_blocks(store) == 3
    assert raw(BLOCKS) == [(0, 40, 10, 5), (1, 40, 10, 5), (3, 40, 10, 5)]
    assert await asked(store) == before
    assert await problems(store) == []
    # Nothing is read row by row that has been counted: what the blocks say is believed.
    raw("UPDATE execution_block SET failed = failed + 7 WHERE block = 1")
    raw("UPDATE report_block SET failed = failed + 9 WHERE block = 1 AND report = 'Report 1'")
    assert await count_newer(store, VIEWER, ExecutionFilter(FAILED), 25) == 3 * 10 + 5 + 7
    named = ExecutionFilter(FAILED, report="Report 1")
    wrong, right = (await overview(store, VIEWER, named, Liveness())).total, before[10]
    assert isinstance(right, tuple)
    assert (right[0], wrong) == (named, right[1] + 9)


async def test_what_is_under_way_keeps_its_block_open_and_no_other(store: Store, raw: Raw) -> None:
    await fill(store, 0)
    waiting = await store.write(queue_one)
    await fill(store, 1, 2, 3)
    assert await count_blocks(store) == 2
    assert (raw(OPEN), [row[0] for row in raw(BLOCKS)]) == ([(waiting // BLOCK,)], [0, 2])
    before = await asked(store)
    end_raw(raw, waiting)
    assert await count_blocks(store) == 1
    assert raw(OPEN) == []
    assert [row[0] for row in raw(BLOCKS)] == [0, 1, 2]
    assert len(before) == len(await asked(store))
    assert await problems(store) == []


async def test_rows_that_come_late_have_their_block_counted_anew(store: Store, raw: Raw) -> None:
    await fill(store, 0, 1, 3)
    assert await count_blocks(store) == 2
    late = NOW + timedelta(days=3)
    # In a block that is counted, and in one in which there was nothing when others were.
    rows = [(BLOCK + 500, "Failed", None, late), (700, "Succeeded", None, late)]
    await store.write(history([*rows, (3 * BLOCK + 600, "Succeeded", None, late)]))
    assert raw(OPEN) == [(0,), (1,)]
    since = await list_executions(store, VIEWER, ExecutionFilter(since=late), 9)
    assert [each.id for each in since] == [3 * BLOCK + 600, BLOCK + 500, 700]
    assert await problems(store) == []
    before = await asked(store)
    assert await count_blocks(store) == 2
    assert raw(BLOCKS) == [(0, 41, 10, 5), (1, 40, 11, 5)]
    assert await asked(store) == before
    await store.write(history([(2 * BLOCK + 5, "Failed", None, late), (4 * BLOCK, "Failed", None, late)]))
    assert await problems(store) == []
    assert await count_blocks(store) == 2
    assert [row[0] for row in raw(BLOCKS)] == [0, 1, 2, 3]


async def test_retention_takes_from_the_blocks_what_it_deletes(store: Store, raw: Raw) -> None:
    await fill(store, 0, 1, 2)
    old = NOW - timedelta(days=1)
    await store.write(history([(BLOCK + 1_000 + n, "Failed", None, old) for n in range(5)]))
    await store.write(history([(BLOCK + 2_000, "Failed", None, NOW)]))
    assert await count_blocks(store) == 2
    assert await Pruning(store, Rule(NOW, include_failed=True), "test").run() == 5
    assert await problems(store) == []
    assert raw(BLOCKS) == [(0, 40, 10, 5), (1, 40, 11, 5)]
    assert hours_of(raw) == {NOW.replace(minute=0, second=0)}
    await Pruning(store, Rule(NOW + timedelta(seconds=1)), "test").run()
    assert await problems(store) == []
    assert raw(BLOCKS) == [(0, 0, 10, 0), (1, 0, 11, 0)]
    before = await asked(store)
    await Pruning(store, Rule(NOW + timedelta(seconds=1), include_failed=True), "test").run()
    assert before != await asked(store)
    for table in ("execution_block", "report_block", "hour_block"):
        assert raw(f"SELECT count(*) FROM {table}") == [(0,)]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE report_block SET failed = failed + 1 WHERE block = 1", "by report wrongly"),
        ("DELETE FROM report_block WHERE block = 1 AND report = 'Report 1'", "by report wrongly"),
        ("UPDATE execution_block SET succeeded = 0 WHERE block = 1", "count their executions wrongly"),
        ("UPDATE hour_block SET cancelled = 0 WHERE block = 1", "by hour wrongly"),
        (
            "UPDATE execution_block SET is_final = true, queued_to = '2020-01-01' WHERE block = 1",
            "at other times",
        ),
        (
            "UPDATE job_execution_log SET status = 'Running', worker = 'w' WHERE status = 'Queued'",
            "taken for final",
        ),
    ],
)
async def test_a_check_tells_of_blocks_that_are_wrong(store: Store, raw: Raw, damage: str, said: str) -> None:
    await fill(store, 0, 1, 2)
    await count_blocks(store)
    if "Queued" in damage:
        [[greatest]] = raw("SELECT max(id) FROM job_execution_log")
        assert greatest == 3 * BLOCK - 1
        await store.write(queue_one)
        raw("INSERT INTO execution_block VALUES (3, '2020-01-01', '2030-01-01', true, 0, 0, 0)")
    raw(damage)
    found = await problems(store)
    assert any(said in line for line in found), found
    assert all("the first from #" in line for line in found)


async def test_the_hours_tell_how_many_ended(store: Store, raw: Raw) -> None:
    hour = NOW.replace(minute=0, second=0)
    before, long_ago = hour - timedelta(microseconds=1), NOW - HOURS_KEPT - timedelta(hours=1)
    await store.write(history([(n, "Succeeded", None, long_ago) for n in range(1, 4)]))
    await store.write(history([(n, "Failed", None, before) for n in range(4, 8)]))
    await store.write(history([(8, "Cancelled", None, hour), (9, "Failed", None, NOW)]))
    await fill(store, 1)
    await store.write(queue_one)
    wanted = [HourCount(hour - timedelta(hours=1), 0, 4, 0), HourCount(hour, 40, 11, 6)]
    for counted in (0, 2):
        assert len(raw(BLOCKS)) == counted
        assert await finished_by_hour(store, VIEWER, NOW - timedelta(hours=1)) == wanted
        assert await finished_by_hour(store, VIEWER, NOW) == wanted[1:]
        await fill(store, 2) if not counted else None
        await count_blocks(store)
        if not counted:
            wanted = [wanted[0], HourCount(hour, 80, 21, 11)]
    assert hours_of(raw) == {hour - timedelta(hours=1), hour}


async def test_a_worker_counts_blocks_while_it_watches_the_others(store: Store, raw: Raw) -> None:
    await fill(store, 0, 1)
    queue = DatabaseQueue(store)
    for _ in range(2):
        assert await queue.counters() == {}
    assert raw(BLOCKS) == [(0, 40, 10, 5)]


async def test_a_list_that_no_counter_knows_ends_after_so_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(store, 0, 1)
    wanted = ExecutionFilter(by="Ada")
    whole = [each.id for each in await list_executions(store, VIEWER, wanted, 200)]
    assert len(whole) == 110
    monkeypatch.setattr(listing_bounds, "MOST", 30)
    seen = await overview(store, VIEWER, wanted, Liveness())
    assert (seen.total, seen.floor, seen.total_is_least) == (30, whole[29], True)
    oldest = await list_executions(store, VIEWER, wanted, 10, after=seen.floor - 1)
    assert [each.id for each in oldest] == whole[20:30]
    assert await count_newer(store, VIEWER, wanted, whole[7]) == 7
    assert await count_newer(store, VIEWER, wanted, whole[70]) == 30
    few = await overview(store, VIEWER, replace(wanted, statuses=frozenset({Status.CANCELLED})), Liveness())
    assert (few.total, few.floor, few.total_is_least) == (10, 0, False)
    # Of who asked only the newest are looked at, however many more there are.
    monkeypatch.setattr(listing_bounds, "CANDIDATES", 40)
    asked_for = replace(wanted, statuses=FAILED)
    seen = await overview(store, VIEWER, asked_for, Liveness())
    assert (seen.total, seen.total_is_least) == (10, True)
    found = await list_executions(store, VIEWER, asked_for, 100)
    assert [each.id for each in found] == [each for each in whole[:40] if each % BLOCK in range(21, 31)]
    nobody = await overview(store, VIEWER, ExecutionFilter(by="schedule"), Liveness())
    assert (nobody.total, nobody.newest, nobody.total_is_least) == (0, None, True)


async def test_a_time_takes_the_blocks_that_lie_after_it_and_looks_into_that_around_it(
    store: Store, raw: Raw
) -> None:
    for block in range(5):
        rows = [
            (
                block * BLOCK + n,
                "Failed" if n % 3 else "Succeeded",
                None,
                NOW + timedelta(minutes=10 * block + n),
            )
            for n in range(1, 10)
        ]
        # One that was queued much later than its neighbours, by a clock that was ahead.
        late = [(block * BLOCK + 10, "Succeeded", None, NOW + timedelta(minutes=30))] if block == 1 else []
        await store.write(history([*rows, *late]))
    times = [NOW + timedelta(minutes=m) for m in (0, 1, 5, 9, 15, 30, 31, 45, 60)]
    wishes = [
        ExecutionFilter(statuses, search=name, since=at)
        for at in times
        for statuses in (FAILED, frozenset())
        for name in (None, "sal")
    ]

    async def answers() -> list[object]:
        found: list[object] = []
        for wanted in wishes:
            ids = [each.id for each in await list_executions(store, VIEWER, wanted, 100)]
            seen = await overview(store, VIEWER, wanted, Liveness())
            assert (seen.total, seen.newest, seen.total_is_least) == (
                len(ids),
                ids[0] if ids else None,
                False,
            )
            # Twice: the second time it is remembered of the block in which the time lies.
            for _ in range(2):
                shown = await glance(store, VIEWER, wanted, 100, Liveness())
                assert shown.overview == seen and [each.id for each in shown.rows] == ids
            assert [await count_newer(store, VIEWER, wanted, each) for each in ids] == list(range(len(ids)))
            found.append(ids)
        return found

    before = await answers()
    assert await count_blocks(store) == 4
    assert await answers() == before
    assert await problems(store) == []
    # What is deleted from such a block is missed at the next look.
    await Pruning(store, Rule(NOW + timedelta(minutes=24)), "test").run()
    pruned = await answers()
    assert pruned != before
    await store.write(history([(4 * BLOCK + 500, "Failed", None, NOW + timedelta(minutes=44))]))
    assert await answers() != pruned
    assert await problems(store) == []
    raw("UPDATE execution_block SET failed = failed + 5 WHERE block = 3")
    for minutes, more in ((0, 5), (31, 5), (32, 0)):
        wanted = ExecutionFilter(FAILED, since=NOW + timedelta(minutes=minutes))
        ids = await list_executions(store, VIEWER, wanted, 100)
        assert (await overview(store, VIEWER, wanted, Liveness())).total == len(ids) + more
