"""What can fall between two awaits: each test holds one call open, and lets the other thing happen in it."""

import asyncio

import pytest

from scheduler.leases import WORKER_LOST
from scheduler.ports import Claimed, Finished, Outcome
from scheduler.slots import Slots
from tests.scheduler.fakes import AWAY, SUCCEEDED, Runner, Store, at_work
from tests.scheduler.virtual import FakeClock, virtual


@virtual
async def test_a_cancel_between_the_commit_of_a_start_and_its_launch_is_kept() -> None:
    store, runner = Store(), Runner(takes=300)
    store.answers["start"] = asyncio.Event()
    store.add(1, 2)
    async with at_work(store, runner) as engine:
        assert store.statuses() == {1: "Running", 2: "Running"}
        store.cancel(1)
        await asyncio.sleep(0.1)
        store.answers["start"].set()
        await asyncio.sleep(0.1)
        assert store.summary(1) == ("Cancelled", "cancelled")
        assert runner.begun == [2]
        assert engine.scheduler.running == (2,)


@virtual
async def test_a_cancel_of_a_start_that_was_not_won_says_nothing_about_later_ones() -> None:
    store, runner = Store(), Runner(takes=300)
    store.answers["start"] = asyncio.Event()
    store.add(1)
    async with at_work(store, runner):
        store.cancel(1)
        await asyncio.sleep(0.1)
        store.end("here", WORKER_LOST)
        store.answers["start"].set()
        await asyncio.sleep(11)
        store.add(1)
        await asyncio.sleep(1)
        assert runner.begun == [1]
        assert store.rows[1].status == "Running"


@virtual
async def test_a_stop_during_a_start_ends_what_was_won_without_running_it() -> None:
    store, runner = Store(), Runner()
    store.answers["start"] = asyncio.Event()
    store.add(1, 2)
    async with at_work(store, runner) as engine:
        stopping = asyncio.create_task(engine.stop(0.0, "terminal closed"))
        await asyncio.sleep(3)
        assert not stopping.done()
        store.answers["start"].set()
        assert await stopping == pytest.approx(3, abs=0.01)
    assert runner.begun == []
    assert store.summary(1) == store.summary(2) == ("Failed", "terminal closed")
    assert store.reaped == []


@virtual
async def test_a_stop_with_grace_during_a_start_lets_what_was_won_run() -> None:
    store = Store()
    store.answers["start"] = asyncio.Event()
    store.add(1)
    async with at_work(store) as engine:
        stopping = asyncio.create_task(engine.stop(60.0, "worker stopped"))
        await asyncio.sleep(3)
        store.answers["start"].set()
        assert await stopping == pytest.approx(4, abs=0.01)
    assert store.summary(1) == ("Succeeded", "12 rows")


@virtual
async def test_a_stop_during_a_start_that_never_answers_leaves_nothing_running() -> None:
    store = Store()
    store.answers["start"] = asyncio.Event()
    store.add(1)
    async with at_work(store) as engine:
        assert await engine.stop(0.0, "worker stopped") == pytest.approx(15, abs=0.1)
    assert store.summary(1) == ("Failed", "worker stopped")
    assert store.beats == {}


@virtual
async def test_a_stop_while_it_is_unclear_whether_a_start_took_effect_leaves_nothing_running() -> None:
    store = Store()
    store.trouble(AWAY, "start", after=True)
    store.add(1)
    async with at_work(store) as engine:
        assert store.rows[1].status == "Running"
        assert await engine.stop(30.0, "worker stopped") < 1
    assert store.summary(1) == ("Failed", "worker stopped")


@virtual
async def test_a_stop_between_the_offer_and_the_start_claims_no_more() -> None:
    store = Store()
    async with at_work(store) as engine:
        store.gates["offer"] = asyncio.Event()
        store.add(1)
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(engine.stop(30.0, "worker stopped"))
        await asyncio.sleep(0.1)
        store.gates["offer"].set()
        await stopping
    assert store.statuses() == {1: "Queued"}
    assert store.calls["start"] == 0


@virtual
async def test_a_commit_while_it_looks_makes_it_look_again() -> None:
    store, runner = Store(), Runner(takes=300)
    async with at_work(store, runner) as engine:
        store.answers["offer"] = asyncio.Event()
        store.signal.notify()
        await asyncio.sleep(0.1)
        # It has seen an empty queue, and not been told so yet.
        store.add(1)
        await asyncio.sleep(0.1)
        assert runner.begun == []
        began = engine.clock.monotonic()
        store.answers["offer"].set()
        await asyncio.sleep(0.001)
        assert runner.begun == [1]
        assert engine.clock.monotonic() - began < 0.01


@virtual
async def test_a_slot_that_gets_free_while_it_looks_is_used_at_once() -> None:
    store, runner = Store(), Runner(takes=300, each={1: _short, 2: _short})
    store.add(1)
    async with at_work(store, runner, concurrency=2, settle=0.1):
        store.add(2, 3)
        store.delays["start"] = 2.0
        await asyncio.sleep(2.5)
        # While the start of 2 was under way, 1 ended.
        assert store.rows[1].status == "Succeeded"
        assert runner.begun == [1, 2]
        await asyncio.sleep(2.0)
        assert runner.begun == [1, 2, 3]


@virtual
async def test_a_cancel_while_its_cancellations_are_asked_for_is_heard_at_once() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(takes=300)):
        store.answers["cancel_requests"] = asyncio.Event()
        store.signal.notify()
        await asyncio.sleep(0.1)
        store.cancel(1)
        await asyncio.sleep(0.1)
        store.answers["cancel_requests"].set()
        await asyncio.sleep(0.06)
        assert store.rows[1].status == "Cancelled"


@virtual
async def test_a_worker_that_its_own_commits_keep_waking_asks_for_cancels_now_and_then() -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(takes=300)):
        store.calls.clear()
        for _ in range(500):
            store.signal.notify()
            await asyncio.sleep(0.002)
        assert 15 <= store.calls["cancel_requests"] <= 21
        store.cancel(1)
        await asyncio.sleep(0.06)
        assert store.rows[1].status == "Cancelled"


@virtual
async def test_a_worker_taken_for_lost_while_a_start_was_under_way_does_not_run_what_ended_with_it() -> None:
    store, runner = Store(), Runner(takes=300)
    store.answers["start"] = asyncio.Event()
    store.add(1, 2)
    async with at_work(store, runner, concurrency=1):
        assert store.rows[1].status == "Running"
        store.end("here", WORKER_LOST)
        # The beat finds out and registers anew; only then does the answer arrive.
        await asyncio.sleep(11)
        assert "here" in store.beats
        store.answers.pop("start").set()
        await asyncio.sleep(0.1)
        assert runner.begun == [2]


@virtual
async def test_an_outcome_known_while_the_storage_is_away_is_recorded_when_it_comes_back_in_a_drain() -> None:
    store = Store()
    store.add(1)
    async with at_work(store) as engine:
        store.trouble(AWAY, "finish", "beat", "offer", "counters", "cancel_requests", "leave", "reap")
        asyncio.get_running_loop().call_later(20, store.well)
        took = await engine.stop(60.0, "worker stopped")
        assert 20 <= took < 41
    assert store.rows[1].outcome == SUCCEEDED
    assert store.reaped == []
    assert store.beats == {}


@virtual
async def test_an_outcome_known_is_recorded_even_where_the_storage_comes_back_only_at_the_sign_off() -> None:
    store = Store()
    store.add(1, 2)
    async with at_work(store, Runner(each={2: _deaf})) as engine:
        await asyncio.sleep(0.4)
        store.trouble(AWAY, "finish", "beat", "offer", "counters", "cancel_requests", "leave", "reap")
        # The drain has 5 seconds, the cleaning up 15; the sign-off begins after them.
        asyncio.get_running_loop().call_later(22, store.well)
        took = await engine.stop(5.0, "worker stopped")
        assert 22 <= took <= 35
    assert store.rows[1].outcome == SUCCEEDED
    assert store.summary(2) == ("Failed", "worker stopped")
    assert store.reaped == [("here", "worker stopped")]


@virtual
async def test_a_storage_that_stays_away_does_not_hold_the_worker_for_ever() -> None:
    store = Store()
    store.add(1)
    async with at_work(store) as engine:
        store.trouble(AWAY, "finish", "leave", "reap", "beat")
        assert await engine.stop(5.0, "worker stopped") == pytest.approx(5 + 15 + 15, abs=0.1)
        assert engine.task.exception() is None
    # The others will see the counter stand still.
    assert store.statuses() == {1: "Running"}


@pytest.mark.parametrize("call", ["finish", "reap"])
@virtual
async def test_a_storage_that_does_not_answer_does_not_hold_the_worker_for_ever(call: str) -> None:
    store = Store()
    store.add(1)
    async with at_work(store, Runner(each={1: _deaf})) as engine:
        store.gates[call] = asyncio.Event()
        assert await engine.stop(5.0, "worker stopped") <= 5 + 15 + 15.1


@virtual
async def test_a_slot_is_freed_once() -> None:
    settled: list[Finished] = []
    runner = Runner(each={1: _short})
    slots = Slots(runner, FakeClock(), settled.append)
    slots.launch(Claimed(1, 1, {}, None))
    await asyncio.sleep(2)
    assert [one.id for one in settled] == [1]
    slots.release(settled)
    slots.release(settled)
    # The same execution with another token is another slot: an old outcome does not free it.
    slots.launch(Claimed(1, 2, {}, None))
    slots.release(settled)
    assert len(slots) == 1
    await asyncio.sleep(2)
    slots.release(settled)
    assert slots.idle
    assert [one.token for one in settled] == [1, 2]


@virtual
async def test_a_stop_of_what_was_expected_and_not_won_is_forgotten() -> None:
    settled: list[Finished] = []
    slots = Slots(Runner(), FakeClock(), settled.append)
    slots.expect([1])
    slots.stop([1, 2], Outcome("Cancelled", "cancelled"))
    slots.expect([])
    slots.stop([3], Outcome("Cancelled", "cancelled"))
    for each in (1, 2, 3):
        slots.launch(Claimed(each, 1, {}, None))
    await asyncio.sleep(2)
    assert [one.outcome for one in settled] == [SUCCEEDED] * 3


@virtual
async def test_a_claim_told_twice_is_launched_once() -> None:
    settled: list[Finished] = []
    runner = Runner()
    slots = Slots(runner, FakeClock(), settled.append)
    for _ in range(2):
        slots.launch(Claimed(1, 1, {}, 30.0))
    await asyncio.sleep(40)
    slots.launch(Claimed(1, 1, {}, 30.0))
    await asyncio.sleep(40)
    assert runner.begun == [1]
    assert [one.outcome for one in settled] == [SUCCEEDED]


@virtual
async def test_a_timeout_a_cancel_and_the_end_in_one_moment_make_one_outcome() -> None:
    for order in range(3):
        settled: list[Finished] = []
        slots = Slots(Runner(takes=10.0), FakeClock(), settled.append)
        slots.launch(Claimed(1, 1, {}, 10.0 + (order - 1) * 1e-9))
        asyncio.get_running_loop().call_later(10.0, slots.stop, [1], Outcome("Cancelled", "cancelled"))
        await asyncio.sleep(11)
        assert len(settled) == 1


@virtual
async def test_a_notified_worker_never_sleeps_on_a_commit_whatever_the_pace() -> None:
    store, runner = Store(), Runner(takes=0.03)
    store.delays.update(offer=0.002, start=0.005, finish=0.007, cancel_requests=0.003)
    async with at_work(store, runner, concurrency=3) as engine:
        for each in range(1, 201):
            store.add(each)
            await asyncio.sleep(0.0123 + 0.0007 * (each % 17))
        began = engine.clock.monotonic()
        while set(store.statuses().values()) != {"Succeeded"}:  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.01)
        # A lost wake-up would show as a wait for the poll of five seconds.
        assert engine.clock.monotonic() - began < 1
    assert sorted(runner.begun) == list(range(1, 201))


async def _short(claimed: Claimed) -> Outcome:
    await asyncio.sleep(1.0)
    return SUCCEEDED


async def _deaf(claimed: Claimed) -> Outcome:
    """Does not end within the time that it has: it hears the second cancel only."""
    try:
        await asyncio.sleep(900)
    except asyncio.CancelledError:
        await asyncio.sleep(900)
    return SUCCEEDED
