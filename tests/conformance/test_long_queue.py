"""On PostgreSQL a long queue makes nothing slower, also where the planner has not heard of it yet."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.transaction import SqlTransaction
from scheduler.ports import WorkerInfo
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, NOW, many, queue_one

WAITING = 3_000
READ = text(
    "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'job_execution_log'"
)


@pytest.fixture
def backend() -> str:
    return "postgres"


async def _reads(store: Store, work: Callable[[SqlTransaction], object]) -> int:
    """Return how many executions a unit of work reads, what triggers do for it included."""

    def unit(transaction: SqlTransaction) -> int:
        before = transaction._connection.execute(READ).scalar_one()
        work(transaction)
        return int(transaction._connection.execute(READ).scalar_one() - before)

    return await store.write(unit)


async def test_what_is_found_by_id_is_not_sought_in_the_queue(store: Store, raw: Raw) -> None:
    first = await store.write(queue_one)
    await store.write(many(range(10, 2_000), "Failed", NOW))
    # Nobody tells the planner of what is queued from here on.
    raw("ANALYZE")
    raw("ALTER TABLE job_execution_log SET (autovacuum_enabled = false)")
    await store.write(many(range(2_000, 2_000 + WAITING), "Queued", NOW))
    await store.write(lambda t: t.register(WorkerInfo("w", "host", 1, "0", 9), NOW))

    assert await _reads(store, queue_one) < 100
    assert await _reads(store, lambda t: t.start([first], "w", NOW)) < 100
    await retry_execution(store, ADMIN, 10)
    assert await _reads(store, lambda t: t.active_child(10)) < 100
