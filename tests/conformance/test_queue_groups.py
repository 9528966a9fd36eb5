"""What the queue does with many at once: outcomes in groups, starts with them, or a look and a start."""

import asyncio
import sys
from dataclasses import replace

import pytest

from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.triggers.postgres import TICKETS
from scheduler.ports import Claimed, Finished, Outcome, Unavailable, Unclear, WorkerGone, WorkerInfo
from tests.backends import Place, Raw, Store, held, word_of
from tests.conformance.world import ADMIN, DRAFT, NOW, break_it, queue_one

_STARTS = ("job_execution_log", "UPDATE", "NEW.status = 'Running'")


def _worker(name: str = "w1", concurrency: int = 4) -> WorkerInfo:
    return WorkerInfo(name, "host", 1, "0", concurrency)


async def _execution(store: Store, execution_id: int) -> Execution:
    found = await store.read(lambda transaction: transaction.execution(execution_id))
    assert found is not None
    return found.execution


def _succeeded(claimed: Claimed) -> list[Finished]:
    return [Finished(claimed.id, claimed.token, Outcome("Succeeded"))]


async def test_in_a_group_each_outcome_stands_for_itself(store: Store) -> None:
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(5)]
    await queue.register(_worker("w1", 5))
    await queue.register(_worker("w2"))
    good, stale, cancelled, foreign = await queue.start(ids[:3], "w1") + await queue.start(ids[3:4], "w2")
    await cancel_execution(store, ADMIN, cancelled.id)
    await queue.reap("w2", "worker lost")
    group = [
        Finished(foreign.id, foreign.token, Outcome("Succeeded")),
        Finished(good.id, good.token, Outcome("Succeeded", "3 rows", output_path="/reports/a.csv")),
        Finished(stale.id, stale.token - 1, Outcome("Succeeded", "late")),
        Finished(good.id, good.token, Outcome("Failed", "twice in one group")),
        Finished(cancelled.id, cancelled.token, Outcome("Cancelled", "cancelled")),
        Finished(ids[4], 0, Outcome("Succeeded", "never started")),
    ]
    assert list(await queue.finish(group)) == [good.id, cancelled.id]
    seen = [await _execution(store, each) for each in ids]
    assert [(each.status, each.error) for each in seen] == [
        ("Succeeded", "3 rows"),
        ("Running", None),
        ("Cancelled", "cancelled by ada"),
        ("Failed", "worker lost"),
        ("Queued", None),
    ]
    assert seen[0].output_path == "/reports/a.csv"
    assert list(await queue.finish([])) == []
    assert list(await queue.cancel_requests("w1")) == []


async def test_outcomes_and_the_next_starts_are_one_transaction(store: Store, raw: Raw, backend: str) -> None:
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(5)]
    await queue.register(_worker())
    first, stale = await queue.start(ids[:2], "w1")
    group = [
        Finished(first.id, first.token, Outcome("Succeeded", "3 rows")),
        Finished(stale.id, stale.token + 1, Outcome("Succeeded", "late")),
    ]
    accepted, won = await queue.exchange(group, ids[2:4], "w1")
    assert list(accepted) == [first.id]
    assert [claimed.id for claimed in won] == ids[2:4]
    # Repeated, as after an answer that was lost: nothing changes, and the tokens are the same.
    assert await queue.exchange(group, ids[2:4], "w1") == ([], won)
    mend = break_it(raw, backend, *_STARTS)
    outcome = Finished(won[0].id, won[0].token, Outcome("Succeeded"))
    with pytest.raises(Unavailable):
        await queue.exchange([outcome], ids[4:], "w1")
    assert (await _execution(store, won[0].id)).status == "Running"
    mend()
    with pytest.raises(WorkerGone):
        await queue.exchange([outcome], ids[4:], "nobody")
    assert (await _execution(store, won[0].id)).status == "Running"
    assert (await queue.exchange([outcome], ids[4:], "w1"))[0] == [won[0].id]


async def test_outcomes_a_look_and_the_next_starts_are_one_transaction(
    store: Store, raw: Raw, backend: str
) -> None:
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(4)]
    await queue.register(_worker())
    first, second = await queue.start(ids[:2], "w1")
    accepted, offered, won = await queue.refill(_succeeded(first), 1, "w1")
    assert (list(accepted), list(offered), [claimed.id for claimed in won]) == ([ids[0]], [ids[2]], [ids[2]])
    with pytest.raises(WorkerGone):
        await queue.refill(_succeeded(second), 1, "nobody")
    mend = break_it(raw, backend, *_STARTS)
    with pytest.raises(Unclear) as unclear:
        await queue.refill(_succeeded(second), 1, "w1")
    assert unclear.value.ids == (ids[3],)
    assert (await _execution(store, ids[1])).status == "Running"
    mend()
    urgent = await store.write(lambda transaction: queue_one(transaction, 5))
    accepted, offered, _ = await queue.refill(_succeeded(second), 2, "w1")
    assert (list(accepted), list(offered)) == ([ids[1]], [urgent, ids[3]])
    assert await queue.refill(_succeeded(won[0]), 1, "w1") == ([ids[2]], [], ())
    raw("ALTER TABLE job_execution_log RENAME TO gone")
    with pytest.raises(Unavailable) as failed:
        await queue.refill(_succeeded(first), 1, "w1")
    assert not isinstance(failed.value, Unclear)


async def test_a_look_and_a_start_in_one_call(store: Store, raw: Raw, backend: str) -> None:
    queue = DatabaseQueue(store)
    await queue.register(_worker())
    seen = store.feed.version
    assert await queue.take(4, "w1") == ([], ())
    # What changes nothing wakes nobody: it would wake the one who asked, for ever.
    assert store.feed.version == seen
    ids = [await store.write(queue_one) for _ in range(3)]
    with pytest.raises(WorkerGone):
        await queue.take(4, "nobody")
    offered, won = await queue.take(2, "w1")
    assert (offered, [claimed.id for claimed in won]) == (ids[:2], ids[:2])
    break_it(raw, backend, *_STARTS)
    with pytest.raises(Unclear) as unclear:
        await queue.take(2, "w1")
    assert unclear.value.ids == (ids[2],)
    raw("ALTER TABLE worker RENAME TO hidden")
    raw(f"ALTER TABLE {'report_configuration' if backend == 'sqlite' else TICKETS} RENAME TO gone")
    with pytest.raises(Unavailable) as failed:
        await queue.take(2, "w1")
    assert not isinstance(failed.value, Unclear)


async def test_a_look_at_nothing_waits_for_no_writer(store: Store, place: Place) -> None:
    queue = DatabaseQueue(store)
    await queue.register(_worker())
    async with held(place, "job_execution_log", "worker", "report_configuration"), asyncio.timeout(2):
        assert await queue.take(4, "w1") == ([], ())


_KILLED = """
import asyncio, os, sys
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.queue_queries import QueueQueries
from tests.backends import open_at, place_of
from scheduler.ports import Finished, Outcome

async def main() -> None:
    async with await open_at(place_of(sys.argv[1])) as store:
        followed_up = QueueQueries._followed_up
        def then_die(self, endings, now):
            assert followed_up(self, endings, now) == [int(sys.argv[2])]
            os.kill(os.getpid(), 9)
        QueueQueries._followed_up = then_die
        outcome = Finished(int(sys.argv[2]), int(sys.argv[3]), Outcome("Succeeded"))
        await DatabaseQueue(store).refill([outcome], 1, "w1")

asyncio.run(main())
"""


async def test_killed_between_the_outcomes_and_the_starts_neither_happened(
    store: Store, place: Place
) -> None:
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(2)]
    await queue.register(_worker())
    [claimed] = await queue.start(ids[:1], "w1")
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED, *map(str, (word_of(place), claimed.id, claimed.token))
    )
    assert await killed.wait() == -9
    statuses = [(await _execution(store, each)).status for each in ids]
    assert statuses == ["Running", "Queued"]
    # Its outcome was never acknowledged: the worker is found lost, and that is how it ends.
    assert list(await queue.reap("w1", "worker lost")) == ids[:1]


async def test_a_limit_has_room_for_what_comes_next_as_soon_as_the_one_before_has_ended(
    store: Store,
) -> None:
    queue = DatabaseQueue(store)
    await store.write(lambda transaction: transaction.add_report(replace(DRAFT, max_concurrent=1), NOW))
    ids = [await store.write(queue_one) for _ in range(3)]
    await queue.register(_worker())
    [claimed] = await queue.start(ids, "w1")
    accepted, won = await queue.exchange(_succeeded(claimed), ids[1:], "w1")
    assert (list(accepted), [each.id for each in won]) == (ids[:1], ids[1:2])
    accepted, offered, won = await queue.refill(_succeeded(won[0]), 2, "w1")
    assert (list(accepted), list(offered), [each.id for each in won]) == (ids[1:2], ids[2:], ids[2:])
