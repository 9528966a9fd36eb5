"""PgQueuer's tickets on PostgreSQL: written with the execution, handed out once, and never the only truth."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace

import asyncpg
import pytest
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.ports import Transaction
from jobmon_tui.storage.postgres.queuer import BUILDERS, UNUSED_AFTER
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.triggers.postgres import TICKETS
from scheduler.ports import WorkerInfo
from tests.backends import Opens, Raw, Store
from tests.conformance.world import ADMIN, DRAFT, NOW, queue_one

POLL = 5.0
"""Seconds between two looks of a worker that hears of nothing."""


@pytest.fixture
def backend() -> str:
    return "postgres"


async def _joined(store: Store, name: str) -> DatabaseQueue:
    queue = DatabaseQueue(store)
    await queue.register(WorkerInfo(name, "host", 1, "0", 9))
    return queue


def _tickets(raw: Raw) -> list[int]:
    return [int(str(each)) for (each,) in raw(f"SELECT id FROM {TICKETS} ORDER BY id")]


async def test_a_ticket_holds_the_executions_id_and_commits_with_it(store: Store, raw: Raw) -> None:
    execution_id = await store.write(lambda transaction: queue_one(transaction, 7, "reports"))
    rows = raw(f"SELECT id, payload, headers, priority, entrypoint FROM {TICKETS}")
    assert rows == [(execution_id, str(execution_id).encode(), None, 7, "reports")]

    def then_fail(transaction: Transaction) -> None:
        queue_one(transaction)
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(then_fail)
    assert _tickets(raw) == [execution_id]


async def test_what_is_cancelled_or_started_leaves_no_ticket(store: Store, raw: Raw) -> None:
    queue = await _joined(store, "w")
    started, cancelled, waiting = [await store.write(queue_one) for _ in range(3)]
    await cancel_execution(store, ADMIN, cancelled)
    await queue.start([started], "w")
    assert _tickets(raw) == [waiting]


async def test_a_ticket_that_another_look_held_while_it_was_used_is_not_handed_out_for_ever(
    store: Store, raw: Raw, place: PgSource
) -> None:
    queue = await _joined(store, "w")
    started = await store.write(queue_one)
    assert list(await queue.offer(9)) == [started]
    looking = await asyncpg.connect(place.dsn)
    try:
        async with looking.transaction():
            # As a look of another worker's leaves it that saw the ticket before it was handed out here.
            await looking.execute(f"SELECT FROM {TICKETS} FOR UPDATE")
            assert [each.id for each in await queue.start([started], "w")] == [started]
    finally:
        await looking.close()
    assert _tickets(raw) == [started]
    waiting = await store.write(queue_one)
    queue._asker.sees_until = 0.0  # as a second later: it looks around again
    assert list(await queue.offer(1)) == [waiting]
    assert _tickets(raw) == [waiting]


async def test_what_was_handed_out_and_not_used_is_handed_out_again(
    store: Store, opens: Opens, raw: Raw
) -> None:
    assert UNUSED_AFTER.total_seconds() + 2 * POLL < 45.0, "what is promised of a worker that is gone"
    execution_id = await store.write(queue_one)
    gone = await _joined(store, "gone")
    assert list(await gone.offer(9)) == [execution_id]
    async with await opens() as second:
        other = await _joined(second, "other")
        assert await other.take(9, "other") == ([], ())
        raw(f"UPDATE {TICKETS} SET heartbeat = now() - ?::interval", UNUSED_AFTER)
        offered, won = await other.take(9, "other")
        assert (list(offered), [each.id for each in won]) == ([execution_id], [execution_id])
    # The first one was alive after all: what it was handed is not its own any more.
    assert list(await gone.start([execution_id], "gone")) == []


async def test_a_ticket_that_is_of_no_use_is_dropped(store: Store, raw: Raw) -> None:
    queue = await _joined(store, "w")
    cancelled, waiting = [await store.write(queue_one) for _ in range(2)]
    await cancel_execution(store, ADMIN, cancelled)
    raw(
        f"INSERT INTO {TICKETS} (id, priority, entrypoint, payload, status) "
        "SELECT n, 0, 'default', n::text::bytea, 'queued' FROM unnest(?::bigint[]) AS n",
        [cancelled, 999_999],
    )
    _, won = await queue.take(9, "w")
    assert [each.id for each in won] == [waiting]
    assert _tickets(raw) == []


async def test_what_waits_without_a_ticket_is_found(store: Store, raw: Raw) -> None:
    ids = [await store.write(queue_one) for _ in range(3)]
    limited = replace(DRAFT, name="Limited", max_concurrent=1)
    await store.write(lambda transaction: transaction.add_report(limited, NOW))
    raw(f"DELETE FROM {TICKETS} WHERE id <> ?", ids[0])
    queue = await _joined(store, "w")
    offered: list[int] = []
    while more := list((await queue.take(9, "w"))[0]):
        offered += more
    assert sorted(offered) == ids


async def test_a_limit_that_comes_and_goes_takes_the_tickets_along(store: Store, raw: Raw) -> None:
    ids = [await store.write(queue_one) for _ in range(3)]
    limited = replace(DRAFT, max_concurrent=1)
    await store.write(lambda transaction: transaction.replace_report("Sales", limited, NOW))
    assert _tickets(raw) == []
    queue = await _joined(store, "w")
    offered, _ = await queue.take(9, "w")
    assert list(offered) == ids[:1]
    ids.append(await store.write(queue_one))
    assert _tickets(raw) == []
    await store.write(lambda transaction: transaction.replace_report("Sales", DRAFT, NOW))
    assert _tickets(raw) == ids[1:]


async def test_many_workers_get_each_ticket_once(store: Store, opens: Opens) -> None:
    ids = [await store.write(queue_one) for _ in range(60)]
    async with await opens() as second:
        queues = [await _joined((store, second)[n % 2], f"w{n}") for n in range(6)]

        async def work(number: int) -> list[int]:
            won: list[int] = []
            while more := (await queues[number].take(4, f"w{number}"))[1]:
                won += [each.id for each in more]
            return won

        taken = await asyncio.gather(*(work(number) for number in range(6)))
    assert sorted(each for won in taken for each in won) == ids


async def test_pgqueuer_finds_its_tables_as_it_would_make_them(place: PgSource, store: Store) -> None:
    raw = await asyncpg.connect(place.dsn)
    try:
        plan = await Queries(AsyncpgDriver(raw), **BUILDERS).plan_upgrade()
    finally:
        await raw.close()
    assert list(plan.statements) == []


def test_the_names_of_its_tables_do_not_hang_on_the_environment() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from jobmon_tui.storage.postgres.queuer import SETTINGS; print(SETTINGS.model_dump())",
        ],
        env={
            **os.environ,
            "PGQUEUER_PREFIX": "theirs_",
            "QUEUE_TABLE": "theirs",
            "CHANNEL": "theirs",
            "TRIGGER": "theirs",
            "DURABILITY": "volatile",
            "PGQUEUER_SCHEMA": "theirs",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert TICKETS in told
    assert "theirs" not in told
    assert "volatile" not in told
