"""Schedulers whose clocks differ, or were wrong: each due time fires once, and nothing waits for ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.clock import SystemClock
from scheduler.firing import Firing
from tests.backends import Opens, Raw, Store

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
TEN, HOUR, DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)
EVERY_TEN = ReportDraft("Sales", "sql", {"query": "select 1"}, schedule="*/10 * * * *", overlap=True)


class HandClock(SystemClock):
    """Clocks that are moved on by hand; the wall clock can be set."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.passed = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.passed

    def move_on(self, span: timedelta) -> None:
        """Let time pass."""
        self.at += span
        self.passed += span.total_seconds()


def _scheduler(store: Store, at: datetime) -> tuple[Firing, HandClock]:
    clock = HandClock(at)
    return Firing(DatabaseQueue(store, clock.now), clock), clock


async def _run(span: timedelta, *schedulers: tuple[Firing, HandClock]) -> None:
    for _ in range(span // (TEN / 2)):
        for firing, clock in schedulers:
            await firing.fire_due()
            clock.move_on(TEN / 2)


async def _add(store: Store, draft: ReportDraft = EVERY_TEN) -> int:
    return await store.write(lambda transaction: transaction.add_report(draft, START - DAY))


def _due(raw: Raw) -> list[datetime]:
    found = raw("SELECT due_at FROM job_execution_log ORDER BY id")
    return [due if isinstance(due, datetime) else datetime.fromisoformat(str(due)) for (due,) in found]


@pytest.mark.parametrize("apart", [TEN, 5 * TEN, 3 * DAY], ids=str)
async def test_two_schedulers_whose_clocks_differ_fire_each_due_time_once_and_at_one_pace(
    store: Store, opens: Opens, raw: Raw, apart: timedelta
) -> None:
    await _add(store)
    async with await opens() as second:
        early, late = _scheduler(store, START + apart), _scheduler(second, START)
        await early[0].fire_due()
        await _run(HOUR, late, early)
        fired = _due(raw)
        assert fired == [START + apart + n * TEN for n in range(6)]
        # The one that was ahead is gone, and the other goes on by its own clock.
        await _run(HOUR, late)
    own = [START + HOUR + n * TEN for n in range(1, 6)]
    assert _due(raw) == [*fired, *(due for due in own if due not in fired)]


async def test_a_cursor_ahead_goes_back_for_what_has_not_fired_and_for_nothing_else(
    store: Store, raw: Raw
) -> None:
    report_id = await _add(store)
    clock = HandClock(START + 2 * DAY)
    queue = DatabaseQueue(store, clock.now)
    assert await queue.fire(report_id, START + TEN) == 1
    assert await queue.fire(report_id, START + 2 * DAY) == 2
    clock.at = START + TEN
    assert await queue.fire(report_id, START + TEN) is None
    assert (await queue.schedules())[0].last_due == START + 2 * DAY
    assert await queue.fire(report_id, START + 2 * TEN) == 3
    assert (await queue.schedules())[0].last_due == START + 2 * TEN
    # A cursor no further ahead than another one's clock may be stays where it is.
    assert await queue.fire(report_id, START + TEN + timedelta(minutes=1)) is None
    assert _due(raw) == [START + TEN, START + 2 * DAY, START + 2 * TEN]
    # When its time has come, what has fired does not fire again, and the next one does.
    clock.at = START + 2 * DAY
    assert await queue.fire(report_id, START + 2 * DAY) is None
    assert await queue.fire(report_id, START + 2 * DAY + TEN) is not None


async def test_a_cursor_ahead_goes_back_for_what_is_skipped(store: Store) -> None:
    report_id = await _add(store)
    clock = HandClock(START + DAY)
    queue = DatabaseQueue(store, clock.now)
    await queue.skip(report_id, START + DAY)
    clock.at = START + HOUR
    await queue.skip(report_id, START + HOUR)
    assert (await queue.schedules())[0].last_due == START + HOUR


async def test_a_schedule_resumed_after_the_clock_was_put_back_counts_from_then(store: Store) -> None:
    report_id = await _add(store, replace(EVERY_TEN, overlap=False))
    clock = HandClock(START + DAY)
    await DatabaseQueue(store, clock.now).fire(report_id, START + DAY)
    for paused in (True, False):
        await store.write(lambda transaction, p=paused: transaction.set_paused("Sales", p, START))
    assert (await DatabaseQueue(store).schedules())[0].last_due == START
