"""Schedules that fire: once, on time, and only the latest of those that were missed."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.firing import Firing
from scheduler.ports import Schedule, Unavailable
from tests.scheduler.fakes import AWAY, Plan, at_work
from tests.scheduler.virtual import START, FakeClock, virtual

MINUTELY = Schedule(1, "* * * * *", "UTC", START)


def _at(*times: tuple[int, int]) -> list[datetime]:
    return [START + timedelta(minutes=minute, seconds=second) for minute, second in times]


@virtual
async def test_it_fires_at_each_due_time_and_not_later() -> None:
    # Its looks, five seconds apart, do not meet the due times by chance.
    clock = FakeClock(START + timedelta(seconds=2))
    plan = Plan(MINUTELY, Schedule(2, "*/15 * * * * *", "UTC", START))
    stopping, seen = asyncio.Event(), []
    fire = plan.fire

    async def timed(report_id: int, due_at: datetime) -> int | None:
        seen.append(clock.now() - due_at)
        return await fire(report_id, due_at)

    plan.fire = timed  # type: ignore[method-assign]
    running = asyncio.create_task(Firing(plan, clock).run(stopping))
    await asyncio.sleep(125)
    stopping.set()
    await running
    assert [due for report_id, due in plan.fired if report_id == 1] == _at((1, 0), (2, 0))
    assert len([due for report_id, due in plan.fired if report_id == 2]) == 8
    assert max(seen) < timedelta(milliseconds=1)
    # Each look is one query: one at least each five seconds, and not many more.
    assert 25 <= plan.calls <= 40


@virtual
async def test_of_several_missed_times_only_the_latest_fires() -> None:
    plan, clock = Plan(replace(MINUTELY, last_due=START - timedelta(days=3))), FakeClock()
    firing = Firing(plan, clock)
    await firing.fire_due()
    assert plan.fired == [(1, START)]
    clock.suspend(7 * 3600 + 30)
    await firing.fire_due()
    await firing.fire_due()
    assert plan.fired == [(1, START), (1, START + timedelta(hours=7))]


@virtual
async def test_two_schedulers_fire_a_due_time_once() -> None:
    plan = Plan(MINUTELY)
    async with at_work(plan=plan, name="one"), at_work(plan=plan, name="two", alone=False):
        await asyncio.sleep(185)
    assert [due for _, due in plan.fired] == _at((1, 0), (2, 0), (3, 0))


@virtual
async def test_a_schedule_never_seen_before_counts_from_now() -> None:
    plan, clock = Plan(replace(MINUTELY, last_due=None)), FakeClock(START + timedelta(seconds=30))
    firing = Firing(plan, clock)
    await firing.fire_due()
    assert plan.fired == []
    clock.suspend(31)
    await firing.fire_due()
    assert [due for _, due in plan.fired] == _at((1, 0))


@virtual
async def test_an_edited_schedule_counts_from_the_edit() -> None:
    plan, clock = Plan(Schedule(1, "0 13 * * *", "UTC", START)), FakeClock()
    firing = Firing(plan, clock)
    await firing.fire_due()
    clock.suspend(600)
    # Edited at 12:10:00 to a time that the new schedule would have had at 12:05: that was never promised.
    plan.current = [Schedule(1, "5 * * * *", "UTC", clock.now())]
    await firing.fire_due()
    assert plan.fired == []
    clock.suspend(3600)
    await firing.fire_due()
    assert [due for _, due in plan.fired] == _at((65, 0))


@virtual
async def test_a_time_between_the_edit_and_its_being_noticed_is_not_lost() -> None:
    plan, clock = Plan(Schedule(1, "0 13 * * *", "UTC", START)), FakeClock()
    firing = Firing(plan, clock)
    await firing.fire_due()
    clock.suspend(58)
    plan.current = [Schedule(1, "* * * * *", "UTC", clock.now())]
    clock.suspend(4)
    await firing.fire_due()
    assert [due for _, due in plan.fired] == _at((1, 0))


@virtual
async def test_an_edit_whose_moment_is_not_told_counts_from_when_it_is_seen() -> None:
    plan, clock = Plan(Schedule(1, "0 13 * * *", "UTC", None)), FakeClock()
    firing = Firing(plan, clock)
    await firing.fire_due()
    clock.suspend(90)
    plan.current = [Schedule(1, "* * * * *", "UTC", None)]
    await firing.fire_due()
    assert plan.fired == []
    clock.suspend(30)
    await firing.fire_due()
    assert [due for _, due in plan.fired] == _at((2, 0))


@virtual
async def test_what_another_scheduler_dealt_with_is_not_fired_again() -> None:
    plan, clock = Plan(MINUTELY), FakeClock()
    firing = Firing(plan, clock)
    await firing.fire_due()
    clock.suspend(61)
    plan.current = [replace(MINUTELY, last_due=START + timedelta(minutes=1))]
    await firing.fire_due()
    assert plan.fired == []


@virtual
async def test_what_it_fired_itself_is_not_asked_for_again_after_an_edit_of_something_else() -> None:
    plan, clock = Plan(MINUTELY), FakeClock()
    firing = Firing(plan, clock)
    clock.suspend(121)
    await firing.fire_due()
    # The moment of the edit lies before what was fired meanwhile.
    plan.current = [replace(MINUTELY, last_due=START + timedelta(seconds=90))]
    await firing.fire_due()
    clock.suspend(60)
    await firing.fire_due()
    assert [due for _, due in plan.asked] == _at((2, 0), (3, 0))


@virtual
async def test_a_paused_schedule_does_not_fire_and_a_resumed_one_counts_from_then() -> None:
    plan, clock = Plan(MINUTELY), FakeClock()
    firing = Firing(plan, clock)
    await firing.fire_due()
    plan.current = []
    clock.suspend(150)
    assert await firing.fire_due() == 5.0
    plan.current = [replace(MINUTELY, last_due=clock.now())]
    await firing.fire_due()
    assert plan.fired == []
    clock.suspend(30)
    await firing.fire_due()
    assert [due for _, due in plan.fired] == _at((3, 0))


@pytest.mark.parametrize("bad", [("61 * * * *", "UTC"), ("* * * * *", "Mars/Olympus"), ("", "UTC")])
@virtual
async def test_one_bad_schedule_stops_no_other_and_is_told_once(
    bad: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    plan, clock = Plan(Schedule(7, *bad, START), MINUTELY), FakeClock()
    firing = Firing(plan, clock)
    for _ in range(20):
        await firing.fire_due()
        clock.suspend(6)
    assert [due for _, due in plan.fired] == _at((1, 0))
    assert ["report 7 has a schedule" in record.getMessage() for record in caplog.records] == [True]
    # Put right, it fires.
    plan.current[0] = Schedule(7, "* * * * *", "UTC", clock.now())
    clock.suspend(60)
    await firing.fire_due()
    assert (7, START + timedelta(minutes=3)) in plan.fired


@virtual
async def test_a_schedule_that_runs_out_of_calendar_stops_no_other() -> None:
    end = datetime(9999, 12, 31, 23, 58, 30, tzinfo=UTC)
    plan, clock = (
        Plan(Schedule(1, "59 23 31 12 *", "UTC", end), Schedule(2, "59 23 * * *", "UTC", end)),
        FakeClock(end),
    )
    firing = Firing(plan, clock)
    await firing.fire_due()
    clock.suspend(40)
    await firing.fire_due()
    assert await firing.fire_due() == 5.0


@virtual
async def test_a_wall_clock_put_back_fires_nothing_twice_and_put_forward_fires_the_latest() -> None:
    plan, clock = Plan(MINUTELY), FakeClock()
    firing = Firing(plan, clock)
    await firing.fire_due()
    clock.suspend(61)
    await firing.fire_due()
    clock.set_by(timedelta(minutes=-5))
    for _ in range(10):
        assert 0 < await firing.fire_due() <= 5
        clock.suspend(30)
    assert [due for _, due in plan.fired] == _at((1, 0))
    clock.set_by(timedelta(hours=2))
    await firing.fire_due()
    assert [due for _, due in plan.fired] == _at((1, 0), (121, 0))


@virtual
async def test_while_the_storage_is_away_nothing_is_lost() -> None:
    plan = Plan(MINUTELY)
    async with at_work(plan=plan):
        plan.error = AWAY
        await asyncio.sleep(100)
        assert plan.fired == []
        plan.error = None
        await asyncio.sleep(15)
        assert [due for _, due in plan.fired] == _at((1, 0))


@virtual
async def test_a_stopping_worker_fires_no_more() -> None:
    plan = Plan(MINUTELY)
    async with at_work(plan=plan) as engine:
        engine.store.add(1)
        engine.runner.takes = 300
        await engine.stop(50.0, "worker stopped")
        await asyncio.sleep(120)
    assert plan.fired == []


SKIPPING = replace(MINUTELY, misfire="skip")


@virtual
async def test_with_skip_a_time_that_was_missed_fires_nothing_and_is_not_asked_for_again() -> None:
    hourly = Schedule(1, "0 * * * *", "UTC", START - timedelta(hours=9), "skip")
    plan, clock = Plan(hourly), FakeClock(START + timedelta(minutes=20))
    firing = Firing(plan, clock)
    for _ in range(3):
        await firing.fire_due()
    assert plan.asked == []
    assert plan.skipped == [(1, START)]
    clock.suspend(40 * 60)
    await firing.fire_due()
    assert plan.fired == [(1, START + timedelta(hours=1))]


@pytest.mark.parametrize(("late", "fires"), [(59, True), (60, True), (61, False), (3599, False)])
@virtual
async def test_a_little_late_is_in_time(late: int, fires: bool) -> None:
    plan, clock = (
        Plan(replace(SKIPPING, cron="0 * * * *")),
        FakeClock(START + timedelta(hours=1, seconds=late)),
    )
    await Firing(plan, clock).fire_due()
    assert (len(plan.fired), len(plan.skipped)) == ((1, 0) if fires else (0, 1))


@virtual
async def test_where_looks_are_far_apart_a_look_is_in_time() -> None:
    plan, clock = Plan(replace(SKIPPING, cron="0 * * * *")), FakeClock(START + timedelta(hours=1, seconds=90))
    await Firing(plan, clock, refresh=100.0).fire_due()
    assert len(plan.fired) == 1


@virtual
async def test_of_a_frequent_schedule_the_latest_time_is_met_and_the_rest_is_gone() -> None:
    plan, clock = Plan(SKIPPING), FakeClock(START + timedelta(minutes=300, seconds=30))
    await Firing(plan, clock).fire_due()
    assert plan.fired == [(1, START + timedelta(minutes=300))]


@virtual
async def test_a_policy_that_is_changed_holds_from_the_next_look_on() -> None:
    plan, clock = Plan(replace(SKIPPING, cron="0 * * * *")), FakeClock()
    firing = Firing(plan, clock)
    await firing.fire_due()
    plan.current = [replace(plan.current[0], misfire="once")]
    clock.suspend(3600 + 600)
    await firing.fire_due()
    assert (len(plan.fired), len(plan.skipped)) == (1, 0)


@virtual
async def test_a_skip_that_could_not_be_stored_is_made_up_for() -> None:
    plan, clock = Plan(replace(SKIPPING, cron="0 * * * *")), FakeClock(START + timedelta(hours=1, minutes=5))
    firing = Firing(plan, clock)
    plan.error = AWAY
    with pytest.raises(Unavailable):
        await firing.fire_due()
    plan.error = None
    await firing.fire_due()
    assert plan.skipped == [(1, START + timedelta(hours=1))]
