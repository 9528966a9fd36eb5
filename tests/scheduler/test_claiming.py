"""How a worker takes what is ready: never more than it has room for, best first, and at once."""

import asyncio

import pytest

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


@virtual
async def test_while_the_storage_is_away_it_asks_ever_less_often_and_then_goes_on() -> None:
    store = Store()
    store.add(1)
    store.trouble(OSError("disk I/O error"), "offer")
    async with at_work(store) as engine:
        for _ in range(600):
            # Wake-ups do not cut the pauses short.
            await asyncio.sleep(0.2)
            store.signal.notify()
        assert engine.runner.begun == []
        # Pauses of 0.05 to 0.1 seconds at first, and of 5 to 10 seconds at last.
        assert 15 < store.calls["offer"] < 40
        store.well()
        await asyncio.sleep(10.1)
        assert engine.runner.begun == [1]


@virtual
async def test_what_others_win_first_is_made_up_for_at_once() -> None:
    store = Store()
    store.add(*range(1, 9))
    # Both are offered 1 and 2; the second one's start comes too late for them.
    store.delays["start"] = 0.01
    async with at_work(store, name="one", settle=0), at_work(store, name="two", alone=False) as two:
        assert two.scheduler.running == (3, 4)
        assert store.calls["start"] == 3


@virtual
async def test_an_offer_that_can_never_be_won_does_not_keep_it_busy() -> None:
    store = Store()
    store.add(1, 2)
    store.beats["other"] = 0
    for row in store.rows.values():
        row.status, row.worker = "Held", "other"

    async def offer(limit: int) -> list[int]:
        store.calls["offer"] += 1
        return [1, 2][:limit]

    store.offer = offer  # type: ignore[method-assign]
    async with at_work(store) as engine:
        await asyncio.sleep(25)
        assert engine.runner.begun == []
        assert store.calls["offer"] < 60


@virtual
async def test_nothing_is_claimed_before_the_worker_is_registered() -> None:
    store = Store()
    store.add(1)
    store.trouble(AWAY, "register")
    async with at_work(store) as engine:
        await asyncio.sleep(20)
        assert store.calls["offer"] == 0
        store.well()
        await asyncio.sleep(10.1)
        assert engine.runner.begun == [1]


@virtual
async def test_a_queue_that_offers_too_much_is_not_believed() -> None:
    store = Store()
    store.add(1, 2, 3)

    async def offer(limit: int) -> list[int]:
        return [row.id for row in store.rows.values() if row.status == "Queued"]

    store.offer = offer  # type: ignore[method-assign]
    async with at_work(store, concurrency=2) as engine:
        assert engine.scheduler.running == (1, 2)


@virtual
async def test_a_worker_without_room_or_a_second_life_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        async with at_work(concurrency=0):
            pass
    async with at_work() as engine:
        with pytest.raises(RuntimeError, match="runs once"):
            await engine.scheduler.run()
