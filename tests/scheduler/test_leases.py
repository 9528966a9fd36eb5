"""Who is lost, who is not, and what a worker does that was taken for lost."""

import asyncio
import random

import pytest

from scheduler.leases import WORKER_LOST, Watch
from tests.scheduler.fakes import AWAY, Runner, Store, at_work
from tests.scheduler.virtual import virtual


async def _beating(store: Store, name: str, every: float) -> None:
    while True:
        store.beats[name] = store.beats.get(name, 0) + 1
        await asyncio.sleep(every)


def _run_elsewhere(store: Store, execution_id: int, name: str) -> None:
    row = store.rows[execution_id]
    row.status, row.worker, row.token = "Running", name, 1


@pytest.mark.parametrize("last_beat", [0.0, 0.1, 2.4, 4.9, 5.0, 7.3, 9.9])
@virtual
async def test_a_worker_whose_counter_stands_still_is_reaped_within_45_seconds(last_beat: float) -> None:
    store = Store()
    store.add(1)
    _run_elsewhere(store, 1, "there")
    async with at_work(store) as engine:
        await asyncio.sleep(12 + last_beat)
        store.beats["there"] = 7
        died = engine.clock.monotonic()
        while store.rows[1].status == "Running":  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.5)
        assert 29.9 <= engine.clock.monotonic() - died <= 45
    assert store.summary(1) == ("Failed", "worker lost")
    assert store.reaped == [("there", WORKER_LOST)]


@virtual
async def test_a_worker_that_beats_is_never_reaped() -> None:
    store = Store()
    beating = asyncio.create_task(_beating(store, "there", 10.0))
    late = asyncio.create_task(_beating(store, "late", 24.9))
    async with at_work(store):
        await asyncio.sleep(3600)
        assert store.reaped == []
        beating.cancel()
        await asyncio.sleep(45)
        assert store.reaped == [("there", WORKER_LOST)]
    late.cancel()


@virtual
async def test_two_workers_live_side_by_side_and_neither_reaps_itself() -> None:
    store = Store()
    async with at_work(store, name="one"), at_work(store, name="two", alone=False):
        await asyncio.sleep(600)
        assert set(store.beats) == {"one", "two"}
        assert store.reaped == []


@virtual
async def test_an_observer_that_stood_still_itself_does_not_hold_that_against_others() -> None:
    store = Store()
    async with at_work(store) as engine:
        for seconds in (29.0, 60.0, 8 * 3600.0):
            store.beats["there"] = store.beats.get("there", 0) + 1
            await asyncio.sleep(9.9)
            # The whole machine sleeps, and with it the other worker, which beats once more after it.
            engine.clock.suspend(seconds)
            await asyncio.sleep(9.9)
            assert store.reaped == []
        await asyncio.sleep(45)
        assert store.reaped == [("there", WORKER_LOST)]


@virtual
async def test_while_the_storage_is_away_nobody_can_beat_and_nobody_is_reaped_for_it() -> None:
    store = Store()

    async def elsewhere() -> None:
        while True:
            store.beats["there"] = store.beats.get("there", 0) + 1
            await asyncio.sleep(10)
            if "beat" in store.failures:
                while "beat" in store.failures:  # noqa: ASYNC110 - the fake tells nobody
                    await asyncio.sleep(0.1)
                # Its last attempt takes 10 seconds to fail, and then it pauses for 10.
                await asyncio.sleep(20)

    other = asyncio.create_task(elsewhere())
    async with at_work(store):
        for _ in range(5):
            await asyncio.sleep(9.8)
            store.trouble(AWAY, "counters", "beat", "register")
            await asyncio.sleep(70 + random.random() * 20)
            store.well()
            await asyncio.sleep(50)
        assert store.reaped == []
        # A storage that answers only now and then still shows who is lost.
        other.cancel()
        for _ in range(14):
            store.trouble(AWAY, "counters", times=1)
            await asyncio.sleep(10)
        assert store.reaped == [("there", WORKER_LOST)]


@virtual
async def test_while_the_storage_can_only_be_read_nobody_can_beat_and_nobody_is_reaped_for_it() -> None:
    store = Store()
    async with at_work(store, name="one"), at_work(store, name="two", alone=False):
        for seconds in (25, 60, 600):
            store.trouble(AWAY, "beat", "register", "reap")
            await asyncio.sleep(seconds + random.random() * 10)
            store.well()
            await asyncio.sleep(60)
            assert store.reaped == []
        # Who is really lost is seen all the same, once it can be written again.
        store.beats["there"] = 1
        await asyncio.sleep(45)
        assert store.reaped == [("there", WORKER_LOST)]


@virtual
async def test_a_worker_does_not_reap_itself() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(takes=300)) as engine:
        store.trouble(AWAY, "beat")
        await asyncio.sleep(100)
        assert store.reaped == []
        assert engine.scheduler.running == (1,)


def test_a_counter_that_goes_back_is_a_sign_of_life() -> None:
    watch = Watch(30.0, longest_gap=10.0)
    for now in range(0, 300, 5):
        assert watch.observe({"there": 100 - now // 20}, float(now)) == []


def test_a_worker_seen_for_the_first_time_has_all_its_time() -> None:
    watch = Watch(30.0, longest_gap=10.0)
    assert watch.observe({}, 0.0) == []
    assert watch.observe({"there": 3}, 1000.0) == []
    times = [1000.0 + 5 * look for look in range(1, 7)]
    assert [watch.observe({"there": 3}, now) for now in times] == [[], [], [], [], [], ["there"]]
    # It came back under the same name: counted afresh.
    assert watch.observe({}, 1035.0) == []
    assert watch.observe({"there": 3}, 1040.0) == []


def test_after_two_failed_looks_the_time_until_the_next_does_not_count() -> None:
    watch = Watch(30.0, longest_gap=10.0)
    for now in (0.0, 10.0, 20.0):
        assert watch.observe({"there": 3}, now) == []
    watch.blink()
    watch.blink()
    assert watch.observe({"there": 3}, 90.0) == []
    assert watch.observe({"there": 3}, 99.0) == []
    watch.blink()
    assert watch.observe({"there": 3}, 100.0) == ["there"]


@virtual
async def test_a_worker_that_was_taken_for_lost_stops_its_work_and_rejoins() -> None:
    store, runner = Store(), Runner(takes=300)
    store.add(1, 2)
    async with at_work(store, runner):
        store.end("here", WORKER_LOST)
        await asyncio.sleep(9.6)
        # It noticed at its beat.
        assert sorted(runner.ended) == [1, 2]
        store.add(3)
        await asyncio.sleep(1)
        assert runner.begun == [1, 2, 3]
        assert store.beats["here"] >= 1
    assert store.summary(1) == ("Failed", WORKER_LOST)


@virtual
async def test_a_claim_that_finds_the_worker_gone_does_not_wait_for_the_next_beat() -> None:
    store, runner = Store(), Runner(takes=300)
    store.add(1)
    async with at_work(store, runner) as engine:
        store.end("here", WORKER_LOST)
        began = engine.clock.monotonic()
        store.add(2)
        await asyncio.sleep(0.5)
        assert runner.ended == [1]
        assert engine.scheduler.running == (2,)
        assert engine.clock.monotonic() - began < 1


@virtual
async def test_a_worker_that_is_gone_again_and_again_slows_down() -> None:
    store = Store()

    async def register(info: object) -> None:
        store.calls["register"] += 1
        await asyncio.sleep(0)

    store.register = register  # type: ignore[method-assign]
    async with at_work(store):
        await asyncio.sleep(300)
        assert store.calls["register"] < 60


@virtual
async def test_missed_beats_are_made_up_for_before_others_lose_patience() -> None:
    store = Store()
    async with at_work(store):
        store.trouble(AWAY, "beat", times=4)
        await asyncio.sleep(29)
        assert store.calls["beat"] > 6
