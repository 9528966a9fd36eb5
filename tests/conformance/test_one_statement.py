"""Outcomes and the next starts in one statement, on PostgreSQL: what it must not lose by that."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest

from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.postgres.connection import STATEMENTS, PgConnection
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.groups import END_ALL, END_AND_START
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import Claimed, Finished, Outcome, WorkerGone, WorkerInfo
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, DRAFT, NOW, many, queue_one

_DONE = Outcome("Succeeded")
_WAITS = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


@pytest.fixture
def backend() -> str:
    return "postgres"


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each statement started that ended others."""
    seen: list[int] = []
    execute = PgConnection.execute

    def noted(self: PgConnection, statement: object, parameters: object = None, /) -> object:
        answer = execute(self, statement, parameters)  # type: ignore[arg-type]
        if statement is END_AND_START:
            seen.append(answer.rowcount)
        return answer

    monkeypatch.setattr(PgConnection, "execute", noted)
    return seen


async def _at_work(store: Store, queued: int = 4) -> tuple[DatabaseQueue, Sequence[Claimed]]:
    """Give a worker that has two Running and knows that more waits."""
    queue = DatabaseQueue(store)
    for _ in range(queued):
        await store.write(queue_one)
    await queue.register(WorkerInfo("w1", "host", 1, "0", 4))
    _, won = await queue.take(2, "w1")
    _knows(queue)
    return queue, won


def _knows(queue: DatabaseQueue) -> None:
    queue._asker.sees, queue._asker.sees_until = ["default"], time.monotonic() + 60


def _ended(*claimed: Claimed, outcome: Outcome = _DONE) -> list[Finished]:
    return [Finished(each.id, each.token, outcome) for each in claimed]


async def test_it_ends_starts_counts_and_uses_the_tickets_up(
    store: Store, raw: Raw, together: list[int]
) -> None:
    queue, won = await _at_work(store)
    accepted, offered, started = await queue.refill(_ended(*won), 2, "w1")
    assert (list(accepted), list(offered)) == ([1, 2], [3, 4])
    assert [(each.id, each.token) for each in started] == [(3, 1), (4, 1)]
    assert together == [2]
    counted = {str(status.value): n for status, n in (await store.read(lambda t: t.counts())).items() if n}
    assert counted == {"Succeeded": 2, "Running": 2}
    assert raw("SELECT count(*) FROM jobmon_pgqueuer") == [(0,)]
    assert raw("SELECT status, worker, error, duration_ms >= 0 FROM job_execution_log ORDER BY id") == [
        *[("Succeeded", "w1", None, True)] * 2,
        *[("Running", "w1", None, None)] * 2,
    ]


async def test_a_stale_token_ends_nothing_and_what_waits_is_started_all_the_same(
    store: Store, together: list[int]
) -> None:
    queue, won = await _at_work(store)
    stale = [replace(each, token=each.token - 1) for each in _ended(won[0])]
    accepted, offered, started = await queue.refill([*stale, *_ended(won[1], won[1])], 2, "w1")
    assert (list(accepted), list(offered), [each.id for each in started]) == ([2], [3, 4], [3, 4])
    assert together == [2]
    # None of a group is current: what is started is a statement of its own.
    ids = [await store.write(queue_one) for _ in range(2)]
    accepted, _, started = await queue.refill(stale, 2, "w1")
    assert (list(accepted), [each.id for each in started], together) == ([], ids, [2])


async def test_who_cancelled_it_is_told_and_the_request_is_gone(
    store: Store, raw: Raw, together: list[int]
) -> None:
    queue, won = await _at_work(store)
    for each in won:
        await cancel_execution(store, ADMIN, each.id)
    # One of them was done before it could be stopped.
    group = [*_ended(won[0], outcome=Outcome("Cancelled", "cancelled")), *_ended(won[1])]
    await queue.refill(group, 2, "w1")
    assert together == [2]
    assert raw("SELECT error FROM job_execution_log WHERE id <= 2 ORDER BY id") == [
        ("cancelled by ada",), (None,),
    ]  # fmt: skip
    assert raw("SELECT count(*) FROM cancel_request") == [(0,)]


async def test_a_request_that_comes_while_it_waits_is_forgotten_with_it(
    store: Store, raw: Raw, place: PgSource
) -> None:
    queue, won = await _at_work(store)
    asking = await asyncpg.connect(place.dsn)
    async with asking.transaction():
        await asking.execute("SELECT id FROM job_execution_log WHERE id = 1 FOR NO KEY UPDATE")
        await asking.execute("INSERT INTO cancel_request VALUES (1, 'ada', now())")
        ending = asyncio.create_task(queue.refill(_ended(*won), 2, "w1"))
        async with asyncio.timeout(4):
            while raw(_WAITS) == [(0,)]:  # noqa: ASYNC110 - the server has no event
                await asyncio.sleep(0.02)
    await asking.close()
    await ending
    assert raw("SELECT count(*) FROM cancel_request") == [(0,)]
    assert raw("SELECT status, error FROM job_execution_log WHERE id = 1") == [("Succeeded", None)]


async def test_a_failure_is_queued_again_as_its_report_says(store: Store, together: list[int]) -> None:
    draft = replace(DRAFT, max_retries=1, retry_delay=60.0)
    await store.write(lambda transaction: transaction.add_report(draft, NOW))
    queue, _ = await _at_work(store, 1)
    failing = (await run_report(store, ADMIN, "Sales")).execution.id
    _knows(queue)
    _, won = await queue.take(1, "w1")
    assert [each.id for each in won] == [failing]
    waiting = await store.write(queue_one)
    accepted, _, started = await queue.refill(_ended(*won, outcome=Outcome("Failed", "no")), 1, "w1")
    assert (list(accepted), [each.id for each in started], together) == ([failing], [waiting], [1])
    again = await store.read(lambda transaction: transaction.active_child(failing))
    assert again is not None


async def test_another_report_s_limit_is_looked_after_and_nothing_is_lost(
    store: Store, raw: Raw, together: list[int]
) -> None:
    queue, won = await _at_work(store)
    other = replace(DRAFT, name="Other", max_concurrent=1)
    await store.write(lambda transaction: transaction.add_report(other, NOW))
    accepted, _, started = await queue.refill(_ended(*won), 2, "w1")
    assert (list(accepted), [each.id for each in started]) == ([1, 2], [3, 4])
    assert together == [0]
    assert queue._asker.sees_until == 0.0


async def test_what_was_cancelled_after_it_was_handed_out_is_not_started(
    store: Store, raw: Raw, together: list[int]
) -> None:
    queue, won = await _at_work(store)
    raw("ALTER TABLE job_execution_log DISABLE TRIGGER execution_recounted")
    raw("UPDATE job_execution_log SET status = 'Cancelled' WHERE id = 3")
    raw("ALTER TABLE job_execution_log ENABLE TRIGGER execution_recounted")
    accepted, offered, started = await queue.refill(_ended(*won), 2, "w1")
    assert (list(accepted), list(offered), [each.id for each in started]) == ([1, 2], [3, 4], [4])
    assert raw("SELECT count(*) FROM jobmon_pgqueuer") == [(0,)]


async def test_who_is_not_registered_ends_and_starts_nothing(
    store: Store, raw: Raw, together: list[int]
) -> None:
    queue, won = await _at_work(store)
    for call in (queue.refill(_ended(*won), 2, "w2"), queue.exchange(_ended(*won), [3], "w2")):
        with pytest.raises(WorkerGone):
            await call
    assert together == []
    assert raw("SELECT status FROM job_execution_log ORDER BY id") == [
        *[("Running",)] * 2, *[("Queued",)] * 2,
    ]  # fmt: skip


async def test_a_group_is_found_by_its_ids_in_a_small_table_too(store: PostgresDatabase, raw: Raw) -> None:
    # Where the planner does not know how few rows a group has, it reads a table of thousands whole.
    await store.write(many(range(1, 5_001), "Succeeded", NOW))
    raw("ANALYZE")
    connection = await asyncpg.connect(store.source.dsn)
    try:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        for name, statement in (("end_all", END_ALL), ("end_and_start", END_AND_START)):
            written = STATEMENTS.written(statement, dict.fromkeys(statement.compile().params))
            await connection.execute(f"PREPARE {name} AS {written.text}")
            nothing = ", ".join(["NULL"] * len(written.arguments))
            plan = str(await connection.fetch(f"EXPLAIN EXECUTE {name} ({nothing})"))
            assert "Seq Scan on job_execution_log" not in plan, plan
            assert "job_execution_log_pkey" in plan
    finally:
        await connection.close()
