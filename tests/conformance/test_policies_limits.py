"""How many executions of a report run at once, over all workers: on a real database."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.look import show_execution
from jobmon_tui.services.reports import delete_report
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import Finished, Outcome, WorkerInfo
from tests.backends import Opens, Raw, Store
from tests.conformance.world import ADMIN

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LIMITED = ReportDraft("Limited", "sql", {"query": "select 1"}, max_concurrent=2)


async def _add(store: Store, draft: ReportDraft) -> int:
    return await store.write(lambda transaction: transaction.add_report(draft, START))


async def _queue(store: Store, *names: str) -> list[int]:
    return [(await run_report(store, ADMIN, name)).execution.id for name in names]


async def test_no_more_are_offered_than_may_run_and_others_pass_by(store: Store) -> None:
    await _add(store, replace(LIMITED, priority=5))
    await _add(store, replace(LIMITED, name="Free", max_concurrent=None))
    ids = await _queue(store, *["Limited"] * 6, "Free", "Free")
    queue = DatabaseQueue(store)
    await queue.register(WorkerInfo("w", "host", 1, "0", 4))
    assert list(await queue.offer(10)) == [*ids[:2], *ids[6:]]
    assert list(await queue.offer(1)) == ids[:1]
    won = await queue.start(ids[:2], "w")
    assert list(await queue.offer(10)) == ids[6:]
    await queue.finish([Finished(won[0].id, won[0].token, Outcome("Succeeded"))])
    assert list(await queue.offer(10)) == [ids[2], *ids[6:]]


async def test_a_start_keeps_to_the_limit_whatever_was_offered(store: Store) -> None:
    await _add(store, LIMITED)
    ids = await _queue(store, *["Limited"] * 5)
    queue = DatabaseQueue(store)
    await queue.register(WorkerInfo("w1", "host", 1, "0", 9))
    await queue.register(WorkerInfo("w2", "host", 1, "0", 9))
    first = await queue.start(ids, "w1")
    assert [each.id for each in first] == ids[:2]
    # Asked again, as after a lost answer: the same two, and no more.
    assert await queue.start(ids, "w1") == first
    assert list(await queue.start(ids, "w2")) == []


async def test_over_all_workers_never_more_run_at_once(store: Store, raw: Raw, opens: Opens) -> None:
    await _add(store, LIMITED)
    await _add(store, replace(LIMITED, name="Single", max_concurrent=1))
    await _queue(store, *["Limited", "Single"] * 15)
    most: Counter[str] = Counter()

    async def work(database: Store, name: str) -> None:
        queue = DatabaseQueue(database)
        await queue.register(WorkerInfo(name, "host", 1, "0", 4))
        while raw("SELECT 1 FROM job_execution_log WHERE status = 'Queued' LIMIT 1"):
            won = await queue.start(list(await queue.offer(4)), name)
            for report, count in raw(
                "SELECT report, count(*) FROM job_execution_log WHERE status = 'Running' GROUP BY report"
            ):
                most[str(report)] = max(most[str(report)], int(str(count)))
            await asyncio.sleep(0)
            await queue.finish([Finished(each.id, each.token, Outcome("Succeeded")) for each in won])

    async with await opens() as second:
        await asyncio.gather(*(work((store, second)[n % 2], f"w{n}") for n in range(4)))
    assert most == {"Limited": 2, "Single": 1}


async def test_eight_who_start_the_same_at_once_keep_to_the_limit(
    store: Store, raw: Raw, opens: Opens
) -> None:
    await _add(store, LIMITED)
    ids = await _queue(store, *["Limited"] * 8)
    async with AsyncExitStack() as opened:
        stores = [await opened.enter_async_context(await opens()) for _ in range(8)]
        queues = [DatabaseQueue(each) for each in stores]
        for number, queue in enumerate(queues):
            await queue.register(WorkerInfo(f"w{number}", "host", 1, "0", 8))
        waiting = list(ids)
        while waiting:
            won = await asyncio.gather(*(q.start(waiting[::-1], f"w{n}") for n, q in enumerate(queues)))
            started = [(queue, each) for queue, group in zip(queues, won, strict=True) for each in group]
            assert len(started) == 2
            assert raw("SELECT count(*) FROM job_execution_log WHERE status = 'Running'") == [(2,)]
            for queue, each in started:
                await queue.finish([Finished(each.id, each.token, Outcome("Succeeded"))])
                waiting.remove(each.id)
    assert raw("SELECT max(fencing_token) FROM job_execution_log") == [(1,)]


async def test_the_limit_of_today_counts_and_a_deleted_report_keeps_its_last(store: Store) -> None:
    await _add(store, LIMITED)
    ids = await _queue(store, *["Limited"] * 4)
    queue = DatabaseQueue(store)
    await store.write(lambda t: t.replace_report("Limited", replace(LIMITED, max_concurrent=1), START))
    assert list(await queue.offer(9)) == ids[:1]
    await delete_report(store, ADMIN, "Limited")
    assert list(await queue.offer(9)) == ids[:1]


async def test_the_story_says_that_the_limit_is_reached(store: Store) -> None:
    await _add(store, LIMITED)
    ids = await _queue(store, *["Limited"] * 3)
    queue = DatabaseQueue(store)
    await queue.register(WorkerInfo("w", "host", 1, "0", 9))
    liveness = Liveness(gone=lambda _host, _pid: False)
    await queue.start(ids, "w")
    assert (await show_execution(store, ADMIN, ids[2], liveness)).waiting == (
        "2 of “Limited” are running; its max_concurrent is 2."
    )
