"""The scheduler's ports on a real database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from jobmon_tui.domain.execution import ExecutionDetails
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.records import StoredOutput
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import Finished, Outcome, Unavailable, WorkerGone, WorkerInfo
from tests.backends import Opens, Raw, Store
from tests.conformance.world import ADMIN, NOW, queue_one


def _worker(name: str = "w1", concurrency: int = 4) -> WorkerInfo:
    return WorkerInfo(name, "host", 1, "0", concurrency)


async def _details(store: Store, execution_id: int) -> ExecutionDetails:
    found = await store.read(lambda transaction: transaction.execution(execution_id))
    assert found is not None
    return found


async def test_what_is_queued_is_offered_by_priority_then_by_age(store: Store) -> None:
    queue = DatabaseQueue(store)
    first, second, urgent = [await store.write(lambda t, p=p: queue_one(t, p)) for p in (0, 0, 5)]
    assert list(await queue.offer(10)) == [urgent, first, second]
    assert list(await queue.offer(2)) == [urgent, first]


async def test_a_start_wins_each_execution_once_and_a_repeat_gets_the_same_tokens(
    store: Store,
) -> None:
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(3)]
    await queue.register(_worker("w1"))
    await queue.register(_worker("w2"))
    won = await queue.start(ids[:2], "w1")
    assert [claimed.id for claimed in won] == ids[:2]
    assert won[0].payload["name"] == "Sales"
    assert won[0].timeout == 30.0
    assert await queue.start(ids[:2], "w1") == won
    others = await queue.start(ids, "w2")
    assert [claimed.id for claimed in others] == ids[2:]
    running = await _details(store, ids[0])
    assert running.execution.status == "Running"
    assert running.execution.worker == "w1"
    assert running.execution.started_at is not None


async def test_two_workers_on_two_connections_never_win_the_same_execution(
    store: Store, opens: Opens
) -> None:
    ids = [await store.write(queue_one) for _ in range(40)]
    async with await opens() as second:
        queues = [DatabaseQueue(store), DatabaseQueue(second)]
        for number, queue in enumerate(queues):
            await queue.register(_worker(f"w{number}"))

        async def claim(number: int) -> list[int]:
            won: list[int] = []
            while offered := list(await queues[number].offer(3)):
                won += [claimed.id for claimed in await queues[number].start(offered, f"w{number}")]
            return won

        claims = await asyncio.gather(claim(0), claim(1))
    assert sorted(claims[0] + claims[1]) == ids


async def test_an_unregistered_worker_is_told_so_and_starts_nothing(store: Store) -> None:
    queue = DatabaseQueue(store)
    execution_id = await store.write(queue_one)
    with pytest.raises(WorkerGone):
        await queue.start([execution_id], "nobody")
    with pytest.raises(WorkerGone):
        await queue.beat("nobody")
    assert (await _details(store, execution_id)).execution.status == "Queued"


async def test_an_outcome_is_recorded_once_and_only_with_the_current_token(store: Store) -> None:
    queue = DatabaseQueue(store)
    execution_id = await store.write(queue_one)
    await queue.register(_worker())
    [claimed] = await queue.start([execution_id], "w1")
    stale = Finished(execution_id, claimed.token + 1, Outcome("Succeeded"))
    assert list(await queue.finish([stale])) == []
    failed = Outcome("Failed", "boom\x1b[2J", "the whole\x00 story", "/reports/a.csv", 3, 41, "ab" * 32)
    finished = Finished(execution_id, claimed.token, failed)
    assert list(await queue.finish([finished])) == [execution_id]
    assert list(await queue.finish([finished])) == []
    details = await _details(store, execution_id)
    assert details.execution.status == "Failed"
    assert details.execution.error == "boom\N{REPLACEMENT CHARACTER}[2J"
    assert details.error_detail == "the whole\N{REPLACEMENT CHARACTER} story"
    assert details.execution.output_path == "/reports/a.csv"
    assert (details.output_rows, details.output_size, details.output_sha256) == (3, 41, "ab" * 32)
    assert details.execution.duration_ms is not None


async def test_a_lost_workers_executions_end_as_failed_and_its_late_answer_is_refused(
    store: Store,
) -> None:
    queue = DatabaseQueue(store)
    running, waiting = [await store.write(queue_one) for _ in range(2)]
    await queue.register(_worker())
    [claimed] = await queue.start([running], "w1")
    assert list(await queue.reap("w1", "worker lost")) == [running]
    assert list(await queue.reap("w1", "worker lost")) == []
    assert (await _details(store, running)).execution.error == "worker lost"
    assert (await _details(store, waiting)).execution.status == "Queued"
    assert list(await queue.finish([Finished(running, claimed.token, Outcome("Succeeded"))])) == []
    assert await queue.counters() == {}


async def test_a_beat_raises_the_counter_and_brings_what_is_to_be_cancelled(store: Store) -> None:
    queue = DatabaseQueue(store)
    execution_id = await store.write(queue_one)
    await queue.register(_worker())
    [claimed] = await queue.start([execution_id], "w1")
    assert list(await queue.beat("w1")) == []
    assert await queue.counters() == {"w1": 1}
    await cancel_execution(store, ADMIN, execution_id)
    assert list(await queue.cancel_requests("w1")) == [execution_id]
    assert list(await queue.beat("w1")) == [execution_id]
    await queue.finish([Finished(execution_id, claimed.token, Outcome("Cancelled", "cancelled"))])
    assert list(await queue.beat("w1")) == []
    assert (await _details(store, execution_id)).execution.error == "cancelled by ada"
    await queue.leave("w1")
    assert await queue.counters() == {}


async def test_a_worker_says_how_much_it_runs(store: Store) -> None:
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(3)]
    await queue.register(_worker("w1", 2))
    await queue.register(_worker("w1", 3))
    await queue.start(ids[:2], "w1")
    [seen] = await store.read(lambda transaction: transaction.workers())
    assert (seen.name, seen.concurrency, seen.running) == ("w1", 3, 2)
    assert await store.read(lambda transaction: transaction.queued_before(ids[2], NOW)) == 0


async def test_a_due_time_is_fired_once_whoever_asks(store: Store, opens: Opens) -> None:
    draft = ReportDraft("Nightly", "sql", {"query": "select 1"}, schedule="0 6 * * *")
    report_id = await store.write(lambda transaction: transaction.add_report(draft, NOW))
    due = datetime(2026, 1, 3, 6, tzinfo=UTC)
    async with await opens() as second:
        fired = await asyncio.gather(
            *[DatabaseQueue(each).fire(report_id, due) for each in (store, second) for _ in range(5)]
        )
    made = [execution_id for execution_id in fired if execution_id is not None]
    assert len(made) == 1
    details = await _details(store, made[0])
    assert (details.execution.trigger, details.execution.requested_by) == ("schedule", "schedule")
    assert await DatabaseQueue(store).fire(report_id + 99, due) is None
    [schedule] = await DatabaseQueue(store).schedules()
    assert schedule.last_due == due
    # An edit counts as having dealt with everything before it.
    later = due + timedelta(days=1)
    await store.write(lambda transaction: transaction.replace_report("Nightly", draft, later))
    assert [one.last_due for one in await DatabaseQueue(store).schedules()] == [later]


async def test_output_is_kept_while_it_grows_and_refused_from_a_stale_claim(store: Store) -> None:
    queue = DatabaseQueue(store)
    execution_id = await store.write(queue_one)
    await queue.register(_worker())
    [claimed] = await queue.start([execution_id], "w1")
    await queue.save_output(execution_id, claimed.token, StoredOutput("one\n", total=4))
    await queue.save_output(execution_id, claimed.token, StoredOutput("one\n", "end\x07\n", 90, 95))
    await queue.save_output(execution_id, claimed.token + 1, StoredOutput("stolen", total=6))
    kept = await store.read(lambda transaction: transaction.output(execution_id))
    assert kept == StoredOutput("one\n", "end\N{REPLACEMENT CHARACTER}\n", 90, 95)
    assert kept.is_cut


async def test_a_database_that_cannot_answer_is_unavailable_to_the_engine(store: Store, raw: Raw) -> None:
    queue = DatabaseQueue(store)
    raw("ALTER TABLE worker RENAME TO hidden")
    with pytest.raises(Unavailable):
        await queue.beat("w1")
