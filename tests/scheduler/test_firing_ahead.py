"""Clocks that were ahead: what has been dealt with in the future stops nothing once it is past mending."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler.firing import Firing
from scheduler.ports import AHEAD, Misfire, Schedule
from tests.scheduler.fakes import Plan
from tests.scheduler.virtual import START, FakeClock, virtual

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class Kept(Plan):
    """A plan of one report that moves the cursor as the database does, by the clock of `now`."""

    def __init__(
        self, cron: str, clock: FakeClock, cursor: datetime = START, misfire: Misfire = "once"
    ) -> None:
        super().__init__(Schedule(1, cron, "UTC", cursor, misfire))
        self._clock = clock

    @property
    def cursor(self) -> datetime:
        """What was dealt with last."""
        return self.current[0].last_due or START

    def moved_by_another(self, cursor: datetime) -> None:
        """Let somebody else deal with this due time."""
        self.current[0] = replace(self.current[0], last_due=cursor)

    def _move(self, due_at: datetime) -> bool:
        ahead = self.cursor - self._clock.now() > AHEAD and (1, due_at) not in self.fired
        if due_at <= self.cursor and not ahead:
            return False
        self.moved_by_another(due_at)
        return True

    async def fire(self, report_id: int, due_at: datetime) -> int | None:
        self.asked.append((report_id, due_at))
        if not self._move(due_at) or (report_id, due_at) in self.fired:
            return None
        self.fired.append((report_id, due_at))
        return len(self.fired)

    async def skip(self, report_id: int, due_at: datetime) -> None:
        if self._move(due_at):
            self.skipped.append((report_id, due_at))

    def due(self) -> list[datetime]:
        """Give what has fired."""
        return [due for _, due in self.fired]


async def _look(firing: Firing, clock: FakeClock, span: timedelta, every: float = 5) -> None:
    """Let time pass, and look each few seconds."""
    for _ in range(int(span.total_seconds() / every)):
        await firing.fire_due()
        clock.suspend(every)


@virtual
async def test_a_clock_that_was_two_days_ahead_and_is_put_back_stops_no_schedule() -> None:
    clock = FakeClock()
    plan = Kept("* * * * *", clock)
    firing = Firing(plan, clock)
    clock.set_by(2 * DAY)
    await _look(firing, clock, 3 * MINUTE)
    ahead = [START + 2 * DAY + n * MINUTE for n in range(3)]
    assert plan.due() == ahead
    clock.set_by(-2 * DAY)
    back = clock.now()
    await _look(firing, clock, 10 * MINUTE)
    # It waits for two minutes, the latest due time of these fires late, and then each fires at its time.
    assert plan.due() == [*ahead, *(back + n * MINUTE for n in range(2, 10))]
    assert plan.cursor == back + 9 * MINUTE


@virtual
async def test_what_has_fired_in_the_future_does_not_fire_again_when_the_time_has_come() -> None:
    clock = FakeClock()
    plan = Kept("* * * * *", clock)
    clock.set_by(HOUR)
    await _look(Firing(plan, clock), clock, 5 * MINUTE)
    clock.set_by(-HOUR)
    await _look(Firing(plan, clock), clock, HOUR + 10 * MINUTE)
    assert len(plan.due()) == len(set(plan.due()))
    assert set(plan.due()) >= {START + HOUR + n * MINUTE for n in range(14)}


@pytest.mark.parametrize(
    ("cron", "patience"),
    [("* * * * *", 120), ("0 * * * *", 3660), ("0 6 * * *", 3660), ("*/2 * * * * *", 62)],
)
@virtual
async def test_a_cursor_ahead_counts_until_nobody_has_moved_it_on_for_as_long_as_its_schedule_takes(
    cron: str, patience: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    plan = Kept(cron, clock, START + 100 * DAY)
    firing = Firing(plan, clock)
    with caplog.at_level(logging.WARNING):
        await _look(firing, clock, timedelta(seconds=patience), every=1)
        assert (plan.asked, caplog.records) == ([], [])
        await _look(firing, clock, timedelta(seconds=5), every=1)
        assert len(caplog.records) == 1
        assert "report 1: the due time 2026-06-10T12:00:00+00:00 lies ahead of the clock" in caplog.text
    # What came due meanwhile is not lost.
    assert bool(plan.asked) == (cron != "0 6 * * *")


@pytest.mark.parametrize("misfire", ["once", "skip"])
@virtual
async def test_what_comes_due_while_it_waits_is_fired_or_skipped_as_what_was_missed_is(
    misfire: Misfire,
) -> None:
    clock = FakeClock(START + 30 * MINUTE)
    plan = Kept("0 * * * *", clock, START + DAY, misfire)
    await _look(Firing(plan, clock), clock, 70 * MINUTE)
    assert (plan.fired, plan.skipped) == (
        ([(1, START + HOUR)], []) if misfire == "once" else ([], [(1, START + HOUR)])
    )
    assert plan.cursor == START + HOUR


@virtual
async def test_while_another_scheduler_lives_ahead_its_due_times_are_enough() -> None:
    clock = FakeClock()
    plan = Kept("* * * * *", clock, START + DAY)
    firing = Firing(plan, clock)
    for n in range(60):
        plan.moved_by_another(START + DAY + n * MINUTE)
        await _look(firing, clock, MINUTE)
    assert plan.asked == []
    # It ends: nobody goes on from there.
    await _look(firing, clock, 3 * MINUTE)
    assert len(plan.fired) == 2


@pytest.mark.parametrize("minutes", [1, 5, 10])
@virtual
async def test_a_clock_some_minutes_behind_fires_nothing_that_was_dealt_with(minutes: int) -> None:
    clock = FakeClock()
    plan = Kept("* * * * *", clock)
    firing = Firing(plan, clock)
    for n in range(30):
        # The other one's clock is right; what it lets pass leaves no execution behind.
        plan.moved_by_another(START + (minutes + n) * MINUTE)
        await _look(firing, clock, MINUTE)
    # Nor once the other one is gone, until the time has come that was dealt with last.
    await _look(firing, clock, minutes * MINUTE)
    assert plan.asked == []
    await firing.fire_due()
    assert plan.due() == [plan.cursor] == [clock.now()]


@pytest.mark.parametrize("seen", [True, False])
@virtual
async def test_a_cursor_that_another_scheduler_has_put_right_is_believed_at_once(seen: bool) -> None:
    clock = FakeClock()
    plan = Kept("* * * * *", clock)
    firing = Firing(plan, clock)
    clock.set_by(DAY)
    await firing.fire_due()
    assert plan.cursor == START + DAY
    clock.set_by(-DAY)
    if seen:
        await firing.fire_due()
    clock.suspend(90)
    plan.moved_by_another(START + MINUTE)
    await firing.fire_due()
    assert plan.asked == [(1, START + DAY)]
    clock.suspend(30)
    await firing.fire_due()
    assert plan.asked[1:] == [(1, START + 2 * MINUTE)]


@virtual
async def test_a_clock_put_back_once_more_while_it_waits_is_waited_for_anew() -> None:
    clock = FakeClock()
    plan = Kept("* * * * *", clock, START + DAY)
    firing = Firing(plan, clock)
    await _look(firing, clock, MINUTE)
    clock.set_by(-HOUR)
    back = clock.now()
    await _look(firing, clock, 2 * MINUTE)
    assert plan.asked == []
    await _look(firing, clock, 2 * MINUTE)
    assert plan.due() == [back + 2 * MINUTE, back + 3 * MINUTE]


@virtual
async def test_a_bad_schedule_with_a_cursor_ahead_is_not_told_at_each_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock()
    firing = Firing(Kept("61 * * * *", clock, START + DAY), clock)
    await _look(firing, clock, HOUR)
    assert 1 <= len(caplog.records) <= 3
