"""Retention on a real database: what goes, what stays, and whoever writes meanwhile."""

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.chain import verify_audit
from jobmon_tui.services.look import list_audit
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.services.sign_in import check_name
from jobmon_tui.storage.retention import Pruning, count_prunable
from jobmon_tui.storage.retention_queries import Rule
from tests.backends import REFUSED, Place, Raw, Store, open_at
from tests.conformance.world import ADMIN, DRAFT, NOW, history, many

OLD, NEW = NOW - timedelta(days=100), NOW - timedelta(days=10)
RULE = Rule(NOW - timedelta(days=90))


def ids(raw: Raw) -> list[object]:
    return [row[0] for row in raw("SELECT id FROM job_execution_log ORDER BY id")]


def counters(raw: Raw) -> dict[object, object]:
    return {status: n for status, n in raw("SELECT status, sum(n) FROM status_count GROUP BY status") if n}


def truth(raw: Raw) -> dict[object, object]:
    return dict(raw("SELECT status, count(*) FROM job_execution_log GROUP BY status"))  # type: ignore[arg-type]


MIXED = [
    (1, "Succeeded", None, OLD),
    (2, "Cancelled", None, OLD),
    (3, "Failed", None, OLD),
    (4, "Succeeded", None, NEW),
    (5, "Queued", None, None),
    (6, "Running", None, None),
]


async def test_old_finished_ones_go_with_their_output_and_everything_else_stays(
    store: Store, raw: Raw
) -> None:
    await store.write(history(MIXED))
    assert await count_prunable(store, RULE) == 2
    assert ids(raw) == [1, 2, 3, 4, 5, 6]
    assert await Pruning(store, RULE, "cli").run() == 2
    assert ids(raw) == [3, 4, 5, 6]
    assert counters(raw) == truth(raw)
    assert raw("SELECT execution_id FROM execution_output ORDER BY 1") == [(3,), (4,), (5,), (6,)]
    assert await count_prunable(store, RULE) == 0
    with_failed = Rule(RULE.before, include_failed=True)
    assert await Pruning(store, with_failed, "cli").run() == 1
    assert ids(raw) == [4, 5, 6]


async def test_what_was_done_stands_in_the_audit_log_which_stays_whole(store: Store, raw: Raw) -> None:
    await store.write(history(MIXED))
    assert await Pruning(store, RULE, "cli uid=0").run() == 2
    done, begun = await list_audit(store, ADMIN, 10)
    assert [each.entry.action for each in (begun, done)] == ["Database Prune"] * 2
    assert (begun.entry.actor, begun.entry.role, begun.entry.origin) == ("system", "System", "cli uid=0")
    assert begun.entry.details.startswith("begun: executions that finished before 2025-10-04")  # type: ignore[union-attr]
    assert done.entry.details.startswith("done: 2 deleted;")  # type: ignore[union-attr]
    assert (await verify_audit(store, ADMIN)).first_bad is None
    # Nothing to delete is nothing to tell.
    assert await Pruning(store, RULE, "cli").run() == 0
    assert len(await list_audit(store, ADMIN, 10)) == 2


async def test_a_line_of_retries_goes_whole_or_not_at_all(store: Store, raw: Raw) -> None:
    await store.write(
        history(
            [
                # The failure stays, so what came of it does.
                (1, "Failed", None, OLD),
                (2, "Succeeded", 1, OLD),
                # The newest of the line is too young.
                (10, "Failed", None, OLD),
                (11, "Failed", 10, OLD),
                (12, "Succeeded", 11, NEW),
                # Branches count too.
                (20, "Failed", None, OLD),
                (21, "Failed", 20, OLD),
                (22, "Succeeded", 20, OLD),
                (23, "Queued", 21, None),
                # Old as a whole.
                (30, "Failed", None, OLD),
                (31, "Failed", 30, OLD),
                (32, "Succeeded", 31, OLD),
            ]
        )
    )
    assert await count_prunable(store, RULE) == 0
    assert await Pruning(store, RULE, "cli").run() == 0
    everything = Rule(RULE.before, include_failed=True)
    assert await count_prunable(store, everything) == 5
    assert await Pruning(store, everything, "cli").run() == 5
    assert ids(raw) == [10, 11, 12, 20, 21, 22, 23]
    dangling = "SELECT count(*) FROM job_execution_log a LEFT JOIN job_execution_log b ON b.id = a.retry_of"
    assert raw(f"{dangling} WHERE a.retry_of IS NOT NULL AND b.id IS NULL") == [(0,)]
    line = await store.read(lambda transaction: transaction.lineage(23))
    assert [each.id for each in line] == [20, 21, 22, 23]


async def test_a_retry_that_is_queued_after_the_look_keeps_its_line(store: Store, raw: Raw) -> None:
    await store.write(history([(1, "Failed", None, OLD)]))
    everything = Rule(RULE.before, include_failed=True)
    chosen = await store.read(
        lambda transaction: transaction.old_executions(Status.FAILED, everything.before, 0, 10)
    )
    await store.write(lambda transaction: transaction.add_report(DRAFT, NOW))
    await retry_execution(store, ADMIN, 1)
    pruning = Pruning(store, everything, "cli")
    await pruning._some(chosen)
    assert pruning.deleted == 0
    assert ids(raw) == [1, 2]


async def test_executions_can_be_deleted_by_retention_only(store: Store, raw: Raw) -> None:
    await store.write(history(MIXED))
    await Pruning(store, RULE, "cli").run()
    assert raw("SELECT count(*) FROM retention_pass") == [(0,)]
    with pytest.raises(REFUSED, match="by retention only"):
        raw("DELETE FROM job_execution_log WHERE id = 3")


async def test_an_interrupted_run_says_so_and_the_next_one_goes_on(store: Store, raw: Raw) -> None:
    await store.write(many(range(1, 1_001), "Succeeded", OLD))
    begun = asyncio.Event()
    pruning = Pruning(store, RULE, "cli")
    running = asyncio.create_task(pruning.run(lambda _deleted: begun.set()))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    left = len(ids(raw))
    assert left == 1_000 - pruning.deleted
    assert 0 < left < 1_000
    [last] = await list_audit(store, ADMIN, 1)
    assert (last.entry.details or "").startswith(f"interrupted: {pruning.deleted:,} deleted")
    assert await Pruning(store, RULE, "cli").run() == left
    assert counters(raw) == {}


def test_nobody_may_be_called_as_the_one_who_prunes() -> None:
    with pytest.raises(JobmonError, match="Take another"):
        check_name("System")


class Writer(threading.Thread):
    """Retries failures one after the other on a connection of its own, as another process would."""

    def __init__(self, place: Place, failures: Sequence[int], pause: float = 0.002) -> None:
        super().__init__()
        self._pause = pause
        self._place = place
        self._failures = failures
        self.begun = threading.Event()
        self.done = threading.Event()
        self.waits: list[float] = []

    def run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        async with await open_at(self._place) as database:
            for each in self._failures:
                if self.done.is_set():
                    break
                began = time.monotonic()
                await retry_execution(database, ADMIN, each)
                self.waits.append(time.monotonic() - began)
                self.begun.set()
                await asyncio.sleep(self._pause)


async def test_no_writer_waits_a_second_while_20_000_are_deleted(
    store: Store, place: Place, raw: Raw
) -> None:
    failures = range(20_001, 24_001)
    await store.write(many(range(1, 20_001), "Succeeded", OLD))
    await store.write(many(failures, "Failed", NEW))
    raw("ANALYZE")
    await store.write(lambda transaction: transaction.add_report(DRAFT, NOW))
    writer = Writer(place, failures, 0.02)
    writer.start()
    told: list[int] = []
    try:
        assert await Pruning(store, RULE, "cli").run(told.append) == 20_000
    finally:
        writer.done.set()
        await asyncio.to_thread(writer.join)
    assert len(writer.waits) > 50
    assert max(writer.waits) < 1.0, max(writer.waits)
    assert told == sorted(told)
    assert max(after - before for before, after in zip([0, *told], told, strict=False)) <= 500
    assert counters(raw) == truth(raw) == {"Failed": 4_000, "Queued": len(writer.waits)}
    orphans = (
        "SELECT count(*) FROM execution_output WHERE execution_id NOT IN (SELECT id FROM job_execution_log)"
    )
    assert raw(orphans) == [(0,)]
