"""Queues: what a worker serves that was told to serve some of them only."""

from dataclasses import replace

from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.look import show_execution
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import Finished, Outcome, WorkerInfo
from tests.backends import Store
from tests.conformance.world import ADMIN, DRAFT, NOW, queue_one

DONE = Outcome("Succeeded")


async def _queued(store: Store, *places: tuple[int, str]) -> list[int]:
    return [await store.write(lambda t, p=p, q=q: queue_one(t, p, q)) for p, q in places]


async def _joined(store: Store, name: str, *queues: str) -> DatabaseQueue:
    queue = DatabaseQueue(store, queues=queues)
    await queue.register(WorkerInfo(name, "host", 1, "0", 9))
    return queue


async def test_what_waits_where_nobody_looks_says_so(store: Store) -> None:
    [waits, goes] = await _queued(store, (0, "the reports"), (0, "default"))
    liveness = Liveness(gone=lambda _host, _pid: False)

    async def why(execution_id: int) -> str:
        return (await show_execution(store, ADMIN, execution_id, liveness)).waiting or ""

    assert "No worker is alive" in await why(waits)
    await _joined(store, "plain", "default", "other")
    assert "No living worker serves its queue “the reports”" in await why(waits)
    assert "jobmon worker --queue 'the reports'" in await why(waits)
    assert "A worker is about to take it" in await why(goes)
    await _joined(store, "all")
    assert "is about to take it" in await why(waits)
    seen = await store.read(lambda transaction: transaction.workers())
    assert {worker.name: worker.queues for worker in seen} == {"plain": ("default", "other"), "all": ()}


async def test_a_worker_takes_only_from_the_queues_that_it_serves(store: Store) -> None:
    plain, report, urgent, other = await _queued(
        store, (0, "default"), (0, "reports"), (5, "reports"), (9, "other")
    )
    some = await _joined(store, "some", "reports", "default", "reports")
    nobodys = await _joined(store, "nobodys", "empty")
    assert await nobodys.take(9, "nobodys") == ([], ())
    offered, won = await some.take(2, "some")
    assert (list(offered), [each.id for each in won]) == ([urgent, plain], [urgent, plain])
    done = [Finished(each.id, each.token, DONE) for each in won]
    accepted, offered, _ = await some.refill(done, 9, "some")
    assert (list(accepted), list(offered)) == ([urgent, plain], [report])
    everything = await _joined(store, "all")
    assert list(await everything.offer(9)) == [other]


async def test_only_what_its_own_queue_hands_out_goes_before_it(store: Store) -> None:
    places = [(0, "a"), (5, "b"), (5, "a"), (0, "a"), (9, "a"), (-1, "a"), (0, "b")]
    ids = await _queued(store, *places)

    async def before(*which: int) -> list[int]:
        return [await store.read(lambda t, n=n: t.queued_before(ids[n], NOW)) for n in which]

    assert await before(*range(7)) == [2, 0, 1, 3, 0, 4, 1]
    queue = await _joined(store, "w", "a")
    offered, _ = await queue.take(2, "w")
    assert list(offered) == [ids[4], ids[2]]
    assert await before(0, 3, 5, 6) == [0, 1, 2, 1]
    assert await store.read(lambda transaction: transaction.queued_before(10**9, NOW)) == 0


async def test_who_serves_all_finds_a_queue_that_is_new(store: Store) -> None:
    every = await _joined(store, "all")
    assert await every.take(9, "all") == ([], ())
    ids = await _queued(store, (0, "b"), (1, "a"), (0, "a"))
    offered, _ = await every.take(9, "all")
    assert list(offered) == [ids[1], ids[0], ids[2]]
    ids = await _queued(store, (0, "c"))
    offered, _ = await every.take(9, "all")
    assert list(offered) == ids


async def test_a_limit_counts_over_all_queues_and_is_kept_in_each(store: Store) -> None:
    await store.write(lambda transaction: transaction.add_report(replace(DRAFT, max_concurrent=2), NOW))
    first, second, third, fourth = await _queued(store, (0, "a"), (0, "b"), (0, "a"), (0, "b"))
    served = await _joined(store, "served", "a")
    offered, won = await served.take(9, "served")
    assert (list(offered), [each.id for each in won]) == ([first, third], [first, third])
    other = await _joined(store, "other", "b")
    assert await other.take(9, "other") == ([], ())
    await served.finish([Finished(won[0].id, won[0].token, DONE)])
    offered, won = await other.take(9, "other")
    assert (list(offered), [each.id for each in won]) == ([second], [second])
    assert list(await other.offer(9)) == []
    assert fourth > second
