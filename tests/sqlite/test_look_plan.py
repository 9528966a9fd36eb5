"""How a look finds what is ready: by an index that stands in the order of claiming."""

from dataclasses import replace

import pytest

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from tests.backends import Raw
from tests.conformance.world import ADMIN, NOW
from tests.noting import noting

LIMITED = ReportDraft("Limited", "sql", {"query": "select 1"}, max_concurrent=2)


@pytest.mark.parametrize(
    ("queues", "index"), [((), "ix_execution_ready"), (("default", "other"), "ix_execution_queue")]
)
@pytest.mark.parametrize("limited", [False, True])
async def test_what_is_ready_is_found_without_sorting_all_that_waits(
    store: SqliteDatabase, raw: Raw, limited: bool, queues: tuple[str, ...], index: str
) -> None:
    report = LIMITED if limited else replace(LIMITED, max_concurrent=None)
    await store.write(lambda transaction: transaction.add_report(report, NOW))
    await run_report(store, ADMIN, "Limited")
    queue = DatabaseQueue(store, queues=queues)
    await queue.offer(5)
    seen: list[tuple[str, tuple[object, ...]]] = []
    with noting(store, lambda text, values: seen.append((text, values))):
        assert list(await queue.offer(5)) == [1]
    ready = [each for each in seen if "LIMIT" in each[0]]
    assert len(ready) == (3 if limited else 1) * max(1, len(queues))
    for statement, values in ready:
        plan = str(raw(f"EXPLAIN QUERY PLAN {statement}", *values))
        assert index in plan
        assert "B-TREE" not in plan
