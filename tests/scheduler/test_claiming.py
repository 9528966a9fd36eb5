"""How a worker takes what is ready: never more than it has room for, best first, and at once."""

import asyncio

from tests.scheduler.fakes import AWAY, SUCCEEDED, Runner, Store, at_work
from tests.scheduler.virtual import virtual


@virtual
async def test_claims_never_exceed_the_free_slots() -> None:
    store = Store()
    store.add(*range(1, 21))
    async with at_work(store, concurrency=3) as engine:
        assert engine.scheduler.running == (1, 2, 3)
        assert sorted(store.statuses().values()).count("Running") == 3
        await asyncio.sleep(30)
        assert set(store.statuses().values()) == {"Succeeded"}
        assert store.most_running == 3
        assert store.rows[7].outcome == SUCCEEDED


@virtual
async def test_the_highest_priority_runs_first_and_then_the_oldest() -> None:
    store, runner = Store(), Runner()
    store.add(1, 2)
    store.add(3, 4, priority=5)
    async with at_work(store, runner, concurrency=1):
        await asyncio.sleep(10)
    assert runner.begun == [3, 4, 1, 2]


@virtual
async def test_a_commit_in_this_process_wakes_it_at_once() -> None:
    async with at_work() as engine:
        engine.store.add(1)
        began = engine.clock.monotonic()
        for _ in range(50):
            await asyncio.sleep(0)
        assert engine.scheduler.running == (1,)
        assert engine.clock.monotonic() == began


@virtual
async def test_with_no_wake_up_the_poll_finds_it() -> None:
    async with at_work() as engine:
        engine.store.add(1)
        engine.store.signal._event.clear()
        await asyncio.sleep(5.1)
        assert engine.runner.begun == [1]


@virtual
async def test_a_start_whose_answer_was_lost_is_repeated() -> None:
    store = Store()
    store.add(1)
    store.trouble(AWAY, "start", times=3, after=True)
    async with at_work(store) as engine:
        await asyncio.sleep(10)
        assert store.summary(1) == ("Succeeded", "12 rows")
        assert (store.rows[1].starts, engine.runner.begun) == (1, [1])
