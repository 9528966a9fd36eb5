"""What the dashboard reads, on a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.liveness import LOST_AFTER, Liveness
from jobmon_tui.services.look import count_newer, list_executions, overview, show_execution, show_output
from jobmon_tui.services.records import ExecutionFilter, StoredOutput, WorkerSeen
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import Finished, Outcome, WorkerInfo
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, NOW, VIEWER, many, queue_one

ALL = ExecutionFilter()


@pytest.fixture
async def history(store: Store) -> AsyncIterator[list[int]]:
    """Ten executions, oldest first; every third one Failed, the others Succeeded."""
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(10)]
    await queue.register(WorkerInfo("w", "elsewhere", 1, "0", 20))
    for claimed in await queue.start(ids, "w"):
        outcome = Outcome("Failed", "boom") if claimed.id % 3 == 0 else Outcome("Succeeded")
        await queue.finish([Finished(claimed.id, claimed.token, outcome)])
    return ids


async def _ids(store: Store, wanted: ExecutionFilter = ALL, limit: int = 3, **keys: int) -> list[int]:
    return [each.id for each in await list_executions(store, VIEWER, wanted, limit, **keys)]


async def test_pages_are_read_by_keyset_from_either_side(store: Store, history: list[int]) -> None:
    newest_first = history[::-1]
    assert await _ids(store) == newest_first[:3]
    assert await _ids(store, before=newest_first[2]) == newest_first[3:6]
    assert await _ids(store, before=newest_first[2], offset=2) == newest_first[5:8]
    assert await _ids(store, after=0) == newest_first[-3:]
    assert await _ids(store, after=newest_first[6]) == newest_first[3:6]
    assert await _ids(store, after=0, offset=3) == newest_first[-6:-3]


async def test_the_position_of_a_row_and_the_total_follow_the_filter(
    store: Store, history: list[int]
) -> None:
    failed = ExecutionFilter(frozenset({Status.FAILED}))
    matching = [each for each in history[::-1] if each % 3 == 0]
    assert await _ids(store, failed, 10) == matching
    for position, each in enumerate(matching):
        assert await count_newer(store, VIEWER, failed, each) == position
    seen = await overview(store, VIEWER, failed, Liveness())
    assert (seen.total, seen.newest) == (len(matching), matching[0])
    assert seen.counts[Status.SUCCEEDED] == 10 - len(matching)
    named = await overview(store, VIEWER, ExecutionFilter(search="sAL"), Liveness())
    assert named.total == 10
    nothing = await overview(store, VIEWER, ExecutionFilter(search="%"), Liveness())
    assert (nothing.total, nothing.newest) == (0, None)
    assert (await overview(store, VIEWER, ExecutionFilter(since=NOW), Liveness())).total == 10
    later = ExecutionFilter(since=NOW + timedelta(seconds=1))
    assert (await overview(store, VIEWER, later, Liveness())).total == 0


async def test_pages_of_several_statuses_and_names_are_those_of_one_long_list(store: Store) -> None:
    await store.write(many(range(1, 41), "Succeeded", NOW, "Report ", 4))
    await store.write(many(range(41, 61), "Failed", NOW, "Report ", 4))
    await store.write(many(range(61, 71), "Cancelled", NOW, "Other ", 2))
    wanted = ExecutionFilter(frozenset({Status.SUCCEEDED, Status.FAILED}), search="report")
    matching = list(range(60, 0, -1))
    assert await _ids(store, wanted, 100) == matching
    assert await _ids(store, wanted, 7) == matching[:7]
    assert await _ids(store, wanted, 7, offset=50) == matching[50:57]
    assert await _ids(store, wanted, 7, before=45, offset=2) == list(range(42, 35, -1))
    assert await _ids(store, wanted, 7, after=0) == matching[-7:]
    assert await _ids(store, wanted, 7, after=38, offset=1) == list(range(46, 39, -1))
    assert await count_newer(store, VIEWER, wanted, 50) == 10
    one = replace(wanted, report="Report 3")
    assert await _ids(store, one, 3) == [59, 55, 51]
    assert await _ids(store, replace(one, search="other"), 3) == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ÉCOLE", {"École du Nord", "école"}),
        ("école", {"École du Nord", "école"}),
        ("STRASSE", {"Straße"}),
        ("_", {"a_b"}),
        ("%", set()),
        ("o", {"École du Nord", "école"}),
        ("a", {"Straße", "a_b"}),
    ],
)
async def test_a_search_knows_upper_and_lower_case_in_every_script(
    store: Store, typed: str, found: set[str]
) -> None:
    names = ("École du Nord", "école", "Straße", "a_b")
    for number, name in enumerate(names):
        await store.write(many(range(10 * number + 1, 10 * number + 3), "Succeeded", NOW, name))
    wanted = ExecutionFilter(search=typed)
    assert {each.report for each in await list_executions(store, VIEWER, wanted, 50)} == found
    assert (await overview(store, VIEWER, wanted, Liveness())).total == 2 * len(found)


@pytest.mark.story("AC-001")
async def test_ac_001_a_failed_row_names_its_newest_retry(store: Store, history: list[int]) -> None:
    failed = history[2]
    receipt = await retry_execution(store, ADMIN, failed)
    [row] = [each for each in await list_executions(store, VIEWER, ALL, 50) if each.id == failed]
    assert (row.retried_by, row.retried_by_status) == (receipt.new_id, Status.QUEUED)
    assert row.retried_by_not_before is None and row.is_being_retried(NOW)
    story = await show_execution(store, VIEWER, failed, Liveness())
    assert [each.id for each in story.lineage] == [failed, receipt.new_id]
    assert [entry.entry.new_execution_id for entry in story.audit] == [receipt.new_id]


async def test_a_queued_execution_says_why_it_waits(store: Store) -> None:
    queue, liveness = DatabaseQueue(store), Liveness(gone=lambda _host, _pid: False)
    first, second = [await store.write(queue_one) for _ in range(2)]

    async def why(execution_id: int) -> str | None:
        return (await show_execution(store, VIEWER, execution_id, liveness)).waiting

    assert await why(second) == "No worker is alive. Start one with: jobmon worker"
    await queue.register(WorkerInfo("w", "elsewhere", 1, "0", 1))
    assert await why(first) == "A worker is about to take it; it is next."
    assert await why(second) == "A worker is about to take it; 1 before it."
    await queue.start([first], "w")
    assert await why(second) == "All 1 slots are taken by running reports; it is next."
    assert await why(first) is None


async def test_output_of_one_that_printed_nothing_is_empty_and_of_an_unknown_one_refused(
    store: Store, history: list[int]
) -> None:
    assert await show_output(store, VIEWER, history[0]) == StoredOutput()
    with pytest.raises(JobmonError) as refusal:
        await show_output(store, VIEWER, 99_999)
    assert refusal.value.code is ErrorCode.EXECUTION_NOT_FOUND


async def test_nobody_looks_without_a_session(store: Store, raw: Raw) -> None:
    stranger = Caller("no such token", "pts/9")
    for look in (
        list_executions(store, stranger, ALL, 1),
        overview(store, stranger, ALL, Liveness()),
        count_newer(store, stranger, ALL, 1),
        show_execution(store, stranger, 1, Liveness()),
        show_output(store, stranger, 1),
    ):
        with pytest.raises(JobmonError) as refusal:
            await look
        assert refusal.value.code is ErrorCode.NOT_SIGNED_IN


SEEN = WorkerSeen("w", "elsewhere", 1, "0", 4, 0, NOW, 0, NOW)


def test_a_worker_is_alive_until_its_counter_stands_still_for_half_a_minute() -> None:
    now = [100.0]
    liveness = Liveness(clock=lambda: now[0], gone=lambda _host, _pid: False)
    assert liveness.alive([SEEN]) == [SEEN]
    now[0] += LOST_AFTER - 1
    assert liveness.alive([SEEN]) == [SEEN]
    now[0] += 1
    assert liveness.alive([SEEN]) == []
    beaten = replace(SEEN, beats=1)
    assert liveness.alive([beaten]) == [beaten]


def test_a_process_of_this_machine_that_has_ended_is_not_alive_at_first_sight() -> None:
    liveness = Liveness(gone=lambda host, pid: (host, pid) == ("elsewhere", 1))
    other = replace(SEEN, name="other", pid=2)
    assert liveness.alive([SEEN, other]) == [other]


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 20)), min_size=1, max_size=40))
def test_liveness_never_buries_a_worker_that_beats_within_the_time(steps: list[tuple[bool, float]]) -> None:
    now, still, seen = [0.0], 0.0, SEEN
    liveness = Liveness(clock=lambda: now[0], gone=lambda _host, _pid: False)
    liveness.alive([seen])
    for beats, passed in steps:
        now[0] += passed
        still = 0.0 if beats else still + passed
        seen = replace(seen, beats=seen.beats + 1) if beats else seen
        alive = bool(liveness.alive([seen]))
        if abs(still - LOST_AFTER) > 1e-6:
            assert alive is (still < LOST_AFTER)
