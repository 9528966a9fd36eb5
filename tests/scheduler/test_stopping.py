"""What ends an execution before its time: a timeout, a cancel, a stop; and how a worker leaves."""

import asyncio

import pytest

from scheduler.ports import Claimed, Outcome
from scheduler.slots import duration
from tests.scheduler.fakes import AWAY, Runner, Store, at_work, done_in, tidies_for
from tests.scheduler.virtual import virtual


def test_a_span_of_time_is_said_as_a_person_would() -> None:
    spans = {1.5: "1.5s", 45: "45s", 60: "1m", 600: "10m", 5400: "1h 30m", 3601: "1h 1s", 3599.6: "1h"}
    assert {span: duration(span) for span in spans} == spans


@virtual
async def test_a_timeout_ends_it_failed_and_says_after_how_long() -> None:
    store = Store()
    store.add(1, timeout=90)
    store.add(2, timeout=90)
    async with at_work(store, Runner(takes=300, each={2: done_in(89)})) as engine:
        await asyncio.sleep(89)
        assert engine.scheduler.running == (1,)
        await asyncio.sleep(1.1)
        assert store.summary(1) == ("Failed", "timed out after 1m 30s")
        assert store.summary(2) == ("Succeeded", "in time")


@virtual
async def test_each_has_its_own_timeout_whichever_began_first() -> None:
    store = Store()
    store.add(1, timeout=90)
    store.add(2, timeout=200)
    async with at_work(store, Runner(takes=300), concurrency=4) as engine:
        began = engine.clock.monotonic()
        await asyncio.sleep(20)
        store.add(5, timeout=30)  # the last to begin is the first to end
        store.add(6, timeout=180)  # at the same time as another
        for after, execution_id in {50: 5, 90: 1, 200: 2}.items():
            await asyncio.sleep(began + after - 0.5 - engine.clock.monotonic())
            assert store.rows[execution_id].status == "Running"
            await asyncio.sleep(1)
            assert store.rows[execution_id].status == "Failed"
        assert store.summary(6) == ("Failed", "timed out after 3m")
        # There was none left to watch over.
        store.add(7, timeout=10)
        await asyncio.sleep(11)
        assert store.summary(7) == ("Failed", "timed out after 10s")


@virtual
async def test_a_cancel_is_prompt_and_takes_only_the_one() -> None:
    store = Store()
    store.add(1, 2)
    async with at_work(store, Runner(takes=300)) as engine:
        began = engine.clock.monotonic()
        store.cancel(1)
        await asyncio.sleep(0.001)
        assert store.summary(1) == ("Cancelled", "cancelled")
        assert engine.clock.monotonic() - began < 0.01
        assert engine.scheduler.running == (2,)


@virtual
async def test_a_cancel_is_heard_by_the_beat_where_nothing_wakes_the_worker() -> None:
    store = Store()
    store.add(1)
    store.trouble(AWAY, "cancel_requests")
    async with at_work(store, Runner(takes=300)):
        store.cancel(1)
        await asyncio.sleep(10.1)
        assert store.summary(1) == ("Cancelled", "cancelled")


@virtual
async def test_the_runner_is_cancelled_once_and_its_story_is_kept() -> None:
    cancels = 0

    async def tidy(claimed: Claimed) -> Outcome:
        nonlocal cancels
        try:
            await asyncio.sleep(300)
        except asyncio.CancelledError:
            cancels += 1
        await asyncio.sleep(8)
        return Outcome("Failed", "killed", "the last lines", "/tmp/part.csv", 3, 41, "ab" * 32)

    store = Store()
    store.add(1, timeout=20)
    async with at_work(store, Runner(each={1: tidy})) as engine:
        store.cancel(1)
        await asyncio.sleep(5)
        # The timeout, the beats and a stop come while it is cleaning up: the first reason stands.
        assert store.rows[1].status == "Running"
        await engine.stop(0.0, "worker stopped")
        assert store.rows[1].outcome == Outcome(
            "Cancelled", "cancelled", "the last lines", "/tmp/part.csv", 3, 41, "ab" * 32
        )
        assert cancels == 1


@virtual
async def test_work_that_was_complete_before_the_stop_took_hold_is_believed() -> None:
    async def complete(claimed: Claimed) -> Outcome:
        try:
            await asyncio.sleep(300)
        except asyncio.CancelledError:
            return Outcome("Succeeded", "renamed already")
        raise AssertionError

    store = Store()
    store.add(1)
    async with at_work(store, Runner(each={1: complete})):
        store.cancel(1)
        await asyncio.sleep(0.1)
        assert store.summary(1) == ("Succeeded", "renamed already")


@virtual
async def test_a_runner_that_breaks_while_stopping_still_ends_for_the_reason_given() -> None:
    async def breaks(claimed: Claimed) -> Outcome:
        try:
            await asyncio.sleep(300)
        except asyncio.CancelledError:
            raise OSError("cannot remove the file") from None
        raise AssertionError

    store = Store()
    store.add(1)
    async with at_work(store, Runner(each={1: breaks})):
        store.cancel(1)
        await asyncio.sleep(0.1)
        expected = Outcome("Cancelled", "cancelled", "while stopping: OSError: cannot remove the file")
        assert store.rows[1].outcome == expected


@virtual
async def test_a_drain_waits_for_what_runs_claims_no_more_and_ends_the_rest_with_the_reason() -> None:
    store = Store()
    store.add(1, 2, 3)
    async with at_work(store, Runner(takes=300, each={1: done_in(8)})) as engine:
        took = await engine.stop(20.0, "the dashboard was closed")
        assert took == pytest.approx(20, abs=0.1)
    assert store.summary(1) == ("Succeeded", "in time")
    assert store.summary(2) == ("Failed", "the dashboard was closed")
    assert store.statuses()[3] == "Queued"
    assert store.beats == {}
    assert store.calls["leave"] == 1
    assert store.reaped == []


@virtual
async def test_a_drain_is_over_when_nothing_runs_and_beats_until_then() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(each={1: done_in(100)})) as engine:
        took = await engine.stop(600.0, "worker stopped")
        assert took == pytest.approx(99.5, abs=0.1)
        assert store.calls["beat"] >= 10
    assert store.summary(1) == ("Succeeded", "in time")


@virtual
async def test_a_hang_up_ends_everything_at_once() -> None:
    store = Store()
    store.add(1, 2, 3)
    async with at_work(store, Runner(takes=300)) as engine:
        assert await engine.stop(0.0, "terminal closed") < 0.1
    assert store.summary(1) == store.summary(2) == ("Failed", "terminal closed")
    assert store.statuses()[3] == "Queued"


@virtual
async def test_a_hang_up_during_a_drain_shortens_it_and_gives_the_reason() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(takes=300)) as engine:
        draining = asyncio.create_task(engine.stop(60.0, "worker stopped"))
        await asyncio.sleep(5)
        # A longer grace changes nothing, and neither does its reason.
        longer = asyncio.create_task(engine.stop(600.0, "never mind"))
        await asyncio.sleep(5)
        assert not draining.done()
        assert await engine.stop(0.0, "terminal closed") < 0.1
        await asyncio.gather(draining, longer)
    assert store.summary(1) == ("Failed", "terminal closed")


@virtual
async def test_a_second_stop_does_not_lengthen_the_grace_and_its_reason_is_not_the_one() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(takes=300)) as engine:
        first = asyncio.create_task(engine.stop(10.0, "worker stopped"))
        await asyncio.sleep(5)
        assert await engine.stop(600.0, "never mind") == pytest.approx(5, abs=0.1)
        await first
    assert store.summary(1) == ("Failed", "worker stopped")


@virtual
async def test_a_stop_during_the_cleaning_up_cuts_nothing_short() -> None:
    store, runner = Store(), Runner(each={1: tidies_for(8)})
    store.add(1)
    async with at_work(store, runner) as engine:
        first = asyncio.create_task(engine.stop(0.0, "worker stopped"))
        await asyncio.sleep(2)
        took = await engine.stop(0.0, "again")
        assert took == pytest.approx(6, abs=0.1)
        await first
    assert store.rows[1].outcome == Outcome("Failed", "worker stopped", "tidy")
    assert store.reaped == []


@virtual
async def test_a_runner_that_does_not_end_is_left_behind_and_its_execution_ended() -> None:
    store = Store()
    store.add(1, timeout=500)
    async with at_work(store, Runner(each={1: tidies_for(100)})) as engine:
        took = await engine.stop(0.0, "worker stopped")
        assert took == pytest.approx(15, abs=0.1)
    assert store.summary(1) == ("Failed", "worker stopped")
    assert store.reaped == [("here", "worker stopped")]


@virtual
async def test_stopped_before_it_ran_it_claims_nothing() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, settle=0) as engine:
        await engine.scheduler.stop(0.0, "not needed")
        await asyncio.wait([engine.task])
        assert engine.runner.begun == []
    assert store.beats == {}


@virtual
async def test_a_worker_that_could_not_register_stops_at_once() -> None:
    store = Store()
    store.trouble(AWAY, "register")
    async with at_work(store, settle=60) as engine:
        assert await engine.stop(60.0, "worker stopped") < 0.1
