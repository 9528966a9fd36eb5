"""What ends a worker that nobody asked to stop: defects, and tasks cancelled from outside."""

import asyncio

import pytest

from scheduler.ports import Outcome
from tests.scheduler.fakes import Plan, Runner, Store, at_work, tidies_for
from tests.scheduler.virtual import virtual


@pytest.mark.parametrize("part", ["claim_forever", "_listen_forever", "beat_forever", "watch_forever", "run"])
@virtual
async def test_a_part_that_is_cancelled_from_outside_ends_the_whole(part: str) -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(takes=300), plan=Plan()) as engine:
        for task in asyncio.all_tasks() - {engine.task}:
            if task.get_coro().__qualname__.endswith(f".{part}"):  # type: ignore[union-attr]
                task.cancel()
        await asyncio.wait([engine.task], timeout=20)
        assert engine.task.done()
    assert store.summary(1) == ("Failed", "worker stopped")
    assert store.beats == {}


@virtual
async def test_a_loop_that_cancels_everything_at_once_leaves_nothing_running() -> None:
    store = Store()
    store.add(1, 2)
    async with at_work(store, Runner(takes=300, each={2: tidies_for(1)})) as engine:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        began = engine.clock.monotonic()
        await asyncio.wait([engine.task])
        assert engine.clock.monotonic() - began < 5
    assert set(store.statuses().values()) == {"Failed"}
    assert store.beats == {}


@pytest.mark.parametrize("cancels", [1, 2])
@virtual
async def test_cancelling_run_stops_everything_and_records_it(cancels: int) -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(each={1: tidies_for(3)})) as engine:
        began = engine.clock.monotonic()
        for _ in range(cancels):
            engine.task.cancel()
            await asyncio.sleep(1)
        await asyncio.wait([engine.task])
        assert engine.task.cancelled()
        assert engine.clock.monotonic() - began < 5
        # Whoever waits in stop is let go too.
        await engine.scheduler.stop(0.0, "late")
    assert store.summary(1)[0] == "Failed"
    assert store.summary(1)[1] == "worker stopped"
    assert store.beats == {}


@virtual
async def test_cancelling_run_during_the_cleaning_up_does_not_lengthen_it() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(each={1: tidies_for(100)})) as engine:
        stopping = asyncio.create_task(engine.stop(0.0, "worker stopped"))
        await asyncio.sleep(10)
        engine.task.cancel()
        assert await stopping == pytest.approx(15, abs=0.1)
    assert store.summary(1) == ("Failed", "worker stopped")


@virtual
async def test_cancelling_run_during_a_drain_stops_the_runners_properly() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(each={1: tidies_for(3)})) as engine:
        draining = asyncio.create_task(engine.stop(60.0, "worker stopped"))
        await asyncio.sleep(5)
        engine.task.cancel()
        assert await draining == pytest.approx(8, abs=0.1)
    assert store.rows[1].outcome == Outcome("Failed", "worker stopped", "tidy")


@pytest.mark.parametrize(
    "call", ["offer", "start", "finish", "register", "beat", "counters", "cancel_requests"]
)
@virtual
async def test_a_defect_in_a_port_ends_run_loudly(call: str) -> None:
    store = Store()
    store.add(1, 2)
    async with at_work(store, Runner(takes=7, each={2: tidies_for(0)})) as engine:
        store.trouble(ZeroDivisionError("a defect"), call)
        store.add(3)
        if call == "register":
            store.end("here", "worker lost")
        await asyncio.wait([engine.task], timeout=40)
        assert isinstance(engine.task.exception(), ZeroDivisionError)
        await engine.scheduler.stop(0.0, "late")
    assert "Running" not in store.statuses().values()
    assert store.beats == {}
    if call != "register":
        assert store.summary(2) == ("Failed", "the scheduler failed")


@virtual
async def test_a_defect_in_the_schedules_ends_run_loudly() -> None:
    plan = Plan()
    async with at_work(plan=plan) as engine:
        plan.current = [None]  # type: ignore[list-item]
        await asyncio.wait([engine.task], timeout=40)
        assert isinstance(engine.task.exception(), AttributeError)


@virtual
async def test_a_defect_in_signing_off_is_raised_and_nobody_waits_for_ever() -> None:
    store = Store()
    async with at_work(store) as engine:
        store.trouble(ZeroDivisionError("a defect"), "leave")
        await asyncio.wait_for(engine.stop(0.0, "worker stopped"), 60)
        assert isinstance(engine.task.exception(), ZeroDivisionError)


@virtual
async def test_a_dead_finisher_does_not_hold_up_the_end() -> None:
    store = Store()
    store.add(1, 2)
    async with at_work(store, Runner(each={2: tidies_for(1)})) as engine:
        store.trouble(ZeroDivisionError("a defect"), "finish")
        await asyncio.wait([engine.task])
        # Execution 1 ends after a second and 2 a second later; runners would have 15 seconds.
        assert engine.clock.monotonic() - 1000.0 == pytest.approx(2, abs=0.1)
