"""The scheduler's ports on a real database."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobmon_tui.domain.execution import ExecutionDetails
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.ports import StoredOutput
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.sqlite import SqliteDatabase
from scheduler.ports import Finished, Outcome, Unavailable, WorkerGone, WorkerInfo
from tests.conformance.world import ADMIN, DRAFT, NOW, Raw, queue_one


def _worker(name: str = "w1", concurrency: int = 4) -> WorkerInfo:
    return WorkerInfo(name, "host", 1, "0", concurrency)


async def _details(store: SqliteDatabase, execution_id: int) -> ExecutionDetails:
    found = await store.read(lambda transaction: transaction.execution(execution_id))
    assert found is not None
    return found


async def test_what_is_queued_is_offered_by_priority_then_by_age(store: SqliteDatabase) -> None:
    queue = DatabaseQueue(store)
    first, second, urgent = [await store.write(lambda t, p=p: queue_one(t, p)) for p in (0, 0, 5)]
    assert list(await queue.offer(10)) == [urgent, first, second]
    assert list(await queue.offer(2)) == [urgent, first]


async def test_a_start_wins_each_execution_once_and_a_repeat_gets_the_same_tokens(
    store: SqliteDatabase,
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


async def test_two_workers_on_two_connections_never_win_the_same_execution(store: SqliteDatabase) -> None:
    ids = [await store.write(queue_one) for _ in range(40)]
    async with await SqliteDatabase.open(store.path) as second:
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


async def test_an_unregistered_worker_is_told_so_and_starts_nothing(store: SqliteDatabase) -> None:
    queue = DatabaseQueue(store)
    execution_id = await store.write(queue_one)
    with pytest.raises(WorkerGone):
        await queue.start([execution_id], "nobody")
    with pytest.raises(WorkerGone):
        await queue.beat("nobody")
    assert (await _details(store, execution_id)).execution.status == "Queued"


async def test_an_outcome_is_recorded_once_and_only_with_the_current_token(store: SqliteDatabase) -> None:
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


async def test_in_a_group_each_outcome_stands_for_itself(store: SqliteDatabase) -> None:
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
    seen = [(await _details(store, each)).execution for each in ids]
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


async def test_outcomes_and_the_next_starts_are_one_transaction(store: SqliteDatabase, raw: Raw) -> None:
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
    raw(
        "CREATE TRIGGER broken BEFORE UPDATE OF status ON job_execution_log WHEN NEW.status = 'Running' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    outcome = Finished(won[0].id, won[0].token, Outcome("Succeeded"))
    with pytest.raises(Unavailable):
        await queue.exchange([outcome], ids[4:], "w1")
    assert (await _details(store, won[0].id)).execution.status == "Running"
    raw("DROP TRIGGER broken")
    with pytest.raises(WorkerGone):
        await queue.exchange([outcome], ids[4:], "nobody")
    assert (await _details(store, won[0].id)).execution.status == "Running"
    assert (await queue.exchange([outcome], ids[4:], "w1"))[0] == [won[0].id]


_KILLED = """
import asyncio, os, sys
from pathlib import Path
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.queue_queries import QueueQueries
from jobmon_tui.storage.sqlite import SqliteDatabase
from scheduler.ports import Finished, Outcome

async def main() -> None:
    async with await SqliteDatabase.open(Path(sys.argv[1])) as store:
        finish = QueueQueries.finish
        def then_die(self, finished, now):
            assert finish(self, finished, now) == [int(sys.argv[2])]
            os.kill(os.getpid(), 9)
        QueueQueries.finish = then_die
        outcome = Finished(int(sys.argv[2]), int(sys.argv[3]), Outcome("Succeeded"))
        await DatabaseQueue(store).exchange([outcome], [int(sys.argv[4])], "w1")

asyncio.run(main())
"""


async def test_killed_between_the_outcomes_and_the_starts_neither_happened(store: SqliteDatabase) -> None:
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(2)]
    await queue.register(_worker())
    [claimed] = await queue.start(ids[:1], "w1")
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED, *map(str, (store.path, claimed.id, claimed.token, ids[1]))
    )
    assert await killed.wait() == -9
    statuses = [(await _details(store, each)).execution.status for each in ids]
    assert statuses == ["Running", "Queued"]
    # Its outcome was never acknowledged: the worker is found lost, and that is how it ends.
    assert list(await queue.reap("w1", "worker lost")) == ids[:1]


async def test_a_limit_has_room_for_what_comes_next_as_soon_as_the_one_before_has_ended(
    store: SqliteDatabase,
) -> None:
    queue = DatabaseQueue(store)
    await store.write(lambda transaction: transaction.add_report(replace(DRAFT, max_concurrent=1), NOW))
    ids = [await store.write(queue_one) for _ in range(3)]
    await queue.register(_worker())
    [claimed] = await queue.start(ids, "w1")
    accepted, won = await queue.exchange(
        [Finished(claimed.id, claimed.token, Outcome("Succeeded"))], ids[1:], "w1"
    )
    assert (list(accepted), [each.id for each in won]) == (ids[:1], ids[1:2])


async def test_a_lost_workers_executions_end_as_failed_and_its_late_answer_is_refused(
    store: SqliteDatabase,
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


async def test_a_beat_raises_the_counter_and_brings_what_is_to_be_cancelled(store: SqliteDatabase) -> None:
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


async def test_a_worker_says_how_much_it_runs(store: SqliteDatabase) -> None:
    queue = DatabaseQueue(store)
    ids = [await store.write(queue_one) for _ in range(3)]
    await queue.register(_worker("w1", 2))
    await queue.register(_worker("w1", 3))
    await queue.start(ids[:2], "w1")
    [seen] = await store.read(lambda transaction: transaction.workers())
    assert (seen.name, seen.concurrency, seen.running) == ("w1", 3, 2)
    assert await store.read(lambda transaction: transaction.queued_before(ids[2], NOW)) == 0


async def test_a_due_time_is_fired_once_whoever_asks(store: SqliteDatabase) -> None:
    draft = ReportDraft("Nightly", "sql", {"query": "select 1"}, schedule="0 6 * * *")
    report_id = await store.write(lambda transaction: transaction.add_report(draft, NOW))
    due = datetime(2026, 1, 3, 6, tzinfo=UTC)
    async with await SqliteDatabase.open(store.path) as second:
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


async def test_output_is_kept_while_it_grows_and_refused_from_a_stale_claim(store: SqliteDatabase) -> None:
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


async def test_a_database_that_cannot_answer_is_unavailable_to_the_engine(
    store: SqliteDatabase, raw: Raw
) -> None:
    queue = DatabaseQueue(store)
    raw("ALTER TABLE worker RENAME TO hidden")
    with pytest.raises(Unavailable):
        await queue.beat("w1")
