"""The cursor over due times, overlap, misfire, pausing, and limits: on a real database."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobmon_tui.bootstrap import report_catalog
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.services.report_schedule import pause_report, report_overviews
from jobmon_tui.services.reports import edit_report
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.clock import SystemClock
from scheduler.firing import Firing
from scheduler.ports import Finished, Outcome, WorkerInfo
from tests.backends import Opens, Raw, Store, moment
from tests.conformance.world import ADMIN, NOW, VIEWER

HOURLY = ReportDraft("Sales", "sql", {"query": "select 1"}, schedule="0 * * * *")
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class HandClock(SystemClock):
    """A wall clock that is set by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


async def _add(store: Store, draft: ReportDraft = HOURLY, at: datetime = START) -> int:
    return await store.write(lambda transaction: transaction.add_report(draft, at))


async def _report(store: Store, name: str = "Sales") -> Report:
    found = await store.read(lambda transaction: transaction.report(name))
    assert found is not None
    return found


async def _due(raw: Raw) -> list[datetime]:
    return [moment(due) for (due,) in raw("SELECT due_at FROM job_execution_log ORDER BY id")]


def _firing(store: Store, at: datetime) -> tuple[Firing, HandClock]:
    clock = HandClock(at)
    return Firing(DatabaseQueue(store, clock.now), clock), clock


async def _end_all(store: Store) -> None:
    queue = DatabaseQueue(store)
    await queue.register(WorkerInfo("w", "host", 1, "0", 4))
    won = await queue.start(list(await queue.offer(50)), "w")
    await queue.finish([Finished(each.id, each.token, Outcome("Succeeded")) for each in won])


async def test_a_due_time_is_dealt_with_once_even_when_its_execution_is_gone(store: Store, raw: Raw) -> None:
    report_id = await _add(store)
    queue = DatabaseQueue(store)
    assert await queue.fire(report_id, START + HOUR) == 1
    await _end_all(store)
    raw("INSERT INTO retention_pass VALUES (1)")
    raw("DELETE FROM job_execution_log")
    raw("DELETE FROM retention_pass")
    (schedule,) = await queue.schedules()
    assert schedule.last_due == START + HOUR
    assert await queue.fire(report_id, START + HOUR) is None
    assert await queue.fire(report_id, START) is None
    assert await queue.fire(report_id, START + 2 * HOUR) == 2


@pytest.mark.parametrize("running", [False, True])
async def test_while_the_one_before_has_not_ended_a_due_time_fires_nothing_and_is_told(
    store: Store, raw: Raw, running: bool
) -> None:
    report_id = await _add(store)
    queue = DatabaseQueue(store)
    first = await queue.fire(report_id, START + HOUR)
    if running:
        await queue.register(WorkerInfo("w", "host", 1, "0", 4))
        await queue.start([first or 0], "w")
    assert await queue.fire(report_id, START + 2 * HOUR) is None
    skip = (await _report(store)).last_skip
    assert skip is not None
    assert skip.due_at == START + 2 * HOUR
    assert skip.reason == f"#{first} was still {'Running' if running else 'Queued'}"
    # Dealt with: it does not fire later either.
    (schedule,) = await queue.schedules()
    assert schedule.last_due == START + 2 * HOUR
    raw("UPDATE job_execution_log SET status = 'Running' WHERE status = 'Queued'")
    raw("UPDATE job_execution_log SET status = 'Succeeded'")
    assert await queue.fire(report_id, START + 2 * HOUR) is None
    assert await queue.fire(report_id, START + 3 * HOUR) == 2


async def test_with_overlap_every_due_time_fires(store: Store) -> None:
    report_id = await _add(store, replace(HOURLY, overlap=True))
    queue = DatabaseQueue(store)
    assert [await queue.fire(report_id, START + n * HOUR) for n in (1, 2, 3)] == [1, 2, 3]
    assert (await _report(store)).last_skip is None


async def test_another_report_that_runs_is_no_hindrance(store: Store) -> None:
    one, other = await _add(store), await _add(store, replace(HOURLY, name="Other"))
    queue = DatabaseQueue(store)
    assert await queue.fire(one, START + HOUR) == 1
    assert await queue.fire(other, START + HOUR) == 2


@pytest.mark.parametrize("misfire", ["once", "skip"])
async def test_what_was_missed_fires_once_or_not_at_all(store: Store, raw: Raw, misfire: str) -> None:
    await _add(store, replace(HOURLY, misfire=misfire))
    firing, clock = _firing(store, START + 5 * HOUR + timedelta(minutes=20))
    await firing.fire_due()
    fired = [] if misfire == "skip" else [START + 5 * HOUR]
    assert await _due(raw) == fired
    skip = (await _report(store)).last_skip
    if misfire == "skip":
        assert skip is not None
        assert (skip.due_at, skip.reason) == (START + 5 * HOUR, "no scheduler was there in time")
    else:
        assert skip is None
    await _end_all(store)
    # The cursor has moved on, for this scheduler and for one that is started now.
    clock.at += timedelta(minutes=1)
    await firing.fire_due()
    await _firing(store, clock.now())[0].fire_due()
    assert await _due(raw) == fired
    # The next one is met, half a minute late.
    await _firing(store, START + 6 * HOUR + timedelta(seconds=30))[0].fire_due()
    assert await _due(raw) == [*fired, START + 6 * HOUR]


async def test_a_paused_report_fires_nothing_then_nor_afterwards(store: Store, raw: Raw) -> None:
    report_id = await _add(store, at=NOW)
    before = await _report(store)
    paused = await pause_report(store, ADMIN, "Sales", paused=True)
    assert (paused.paused, paused.version, paused.updated_at) == (True, before.version, before.updated_at)
    queue = DatabaseQueue(store)
    assert list(await queue.schedules()) == []
    # A scheduler that had not heard of it yet.
    assert await queue.fire(report_id, datetime.now(UTC)) is None
    resumed = await pause_report(store, ADMIN, "Sales", paused=False)
    assert (resumed.paused, resumed.version) == (False, before.version)
    clock = HandClock(datetime.now(UTC))
    await Firing(DatabaseQueue(store), clock).fire_due()
    assert await _due(raw) == []
    clock.at += HOUR
    await Firing(DatabaseQueue(store), clock).fire_due()
    assert len(await _due(raw)) == 1


async def test_pausing_is_audited_once_and_is_for_administrators(store: Store) -> None:
    await _add(store)
    for _ in range(2):
        await pause_report(store, ADMIN, " Sales ", paused=True)
    await pause_report(store, ADMIN, "Sales", paused=False)
    for caller, name, code in (
        (VIEWER, "Sales", ErrorCode.NOT_PERMITTED),
        (ADMIN, "Nothing", ErrorCode.REPORT_NOT_FOUND),
    ):
        with pytest.raises(JobmonError) as refusal:
            await pause_report(store, caller, name, paused=True)
        assert refusal.value.code is code
    entries = await store.read(lambda transaction: transaction.audit_entries(9))
    assert [each.entry.details for each in entries if each.entry.outcome == "allowed"] == [
        "resumed “Sales”",
        "paused “Sales”",
    ]
    assert [each.entry.outcome for each in entries].count("refused") == 2


async def test_an_edit_of_a_paused_report_leaves_it_paused(store: Store) -> None:
    await _add(store, ReportDraft("Sales", "command", {"command": ["x"], "directory": "/tmp"}))
    await pause_report(store, ADMIN, "Sales", paused=True)
    draft = replace((await _report(store)).draft, priority=3)
    assert (await edit_report(store, ADMIN, report_catalog(), "Sales", draft)).paused


async def test_overviews_tell_when_it_fires_next_and_how_it_went(store: Store) -> None:
    await _add(store)
    await _add(store, replace(HOURLY, name="Never", schedule=None))
    await _add(store, replace(HOURLY, name="Paused"))
    await pause_report(store, ADMIN, "Paused", paused=True)
    for _ in range(2):
        await run_report(store, ADMIN, "Sales")
    catalog = report_catalog()
    found = await report_overviews(store, VIEWER, catalog, clock=lambda: START)
    assert [(each.report.draft.name, each.next_due) for each in found] == [
        ("Never", None),
        ("Paused", None),
        ("Sales", START + HOUR),
    ]
    assert [each.last.id if each.last else None for each in found] == [None, None, 2]
    assert [each.report.draft.name for each in await report_overviews(store, VIEWER, catalog, "Never")] == [
        "Never"
    ]
    with pytest.raises(JobmonError, match="no report named"):
        await report_overviews(store, VIEWER, catalog, "Nothing")


async def test_many_schedulers_fire_each_due_time_once(store: Store, raw: Raw, opens: Opens) -> None:
    for n in range(20):
        await _add(store, replace(HOURLY, name=f"R{n}", overlap=True))
    async with await opens() as second:
        firings = [_firing((store, second)[n % 2], START + HOUR + timedelta(seconds=1)) for n in range(6)]
        for _ in range(3):
            await asyncio.gather(*(firing.fire_due() for firing, _ in firings))
            for _, clock in firings:
                clock.at += HOUR
    distinct = (
        "SELECT count(*) FROM (SELECT DISTINCT configuration_id, due_at FROM job_execution_log) AS each"
    )
    assert raw("SELECT count(*) FROM job_execution_log") == raw(distinct) == [(60,)]
