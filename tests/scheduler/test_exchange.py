"""Several steps in one transaction or call: what may fail in it, and what may come in between."""

import asyncio
import random

import pytest

from scheduler.leases import WORKER_LOST
from scheduler.ports import Claimed, Outcome
from tests.scheduler.exchanging import RefillingStore, TakingStore
from tests.scheduler.fakes import AWAY, SUCCEEDED, Runner, Store, at_work
from tests.scheduler.virtual import virtual


def _running(store: Store) -> list[int]:
    return [row.id for row in store.rows.values() if row.status == "Running"]


@virtual
async def test_where_more_waits_an_outcome_and_the_next_start_are_one_transaction() -> None:
    store, runner = RefillingStore(), Runner()
    store.add(*range(1, 31))
    async with at_work(store, runner, concurrency=3):
        await asyncio.sleep(20)
    assert set(store.statuses().values()) == {"Succeeded"}
    assert runner.begun == list(range(1, 31))
    assert store.most_running == 3
    # Ten groups of three: the first was started alone, and with the last was seen that nothing is left.
    assert [store.calls[call] for call in ("start", "refill", "exchange", "finish")] == [1, 10, 0, 0]


@virtual
async def test_an_outcome_does_not_wait_for_a_start_that_hangs() -> None:
    store = RefillingStore()
    store.add(1)
    async with at_work(store, concurrency=2, settle=0.1):
        store.gates["start"] = asyncio.Event()
        store.add(2, 3)
        await asyncio.sleep(2)
        assert store.statuses() == {1: "Succeeded", 2: "Queued", 3: "Queued"}
        store.gates.pop("start").set()
        await asyncio.sleep(5)
    assert set(store.statuses().values()) == {"Succeeded"}


@virtual
async def test_an_exchange_whose_answer_was_lost_is_repeated_and_starts_nothing_twice() -> None:
    store, runner = RefillingStore(), Runner()
    store.add(*range(1, 7))
    store.trouble(AWAY, "refill", "exchange", times=3, after=True)
    async with at_work(store, runner):
        await asyncio.sleep(20)
    assert set(store.statuses().values()) == {"Succeeded"}
    assert runner.begun == [1, 2, 3, 4, 5, 6]
    assert {row.starts for row in store.rows.values()} == {1}
    assert store.most_running == 2


@virtual
async def test_an_exchange_that_fails_starts_nothing_while_its_outcomes_hold_their_slots() -> None:
    store, runner = RefillingStore(), Runner()
    store.add(1, 2, 3, 4)
    store.trouble(AWAY, "refill", "exchange")
    async with at_work(store, runner) as engine:
        await asyncio.sleep(30)
        assert engine.scheduler.running == (1, 2)
        assert store.statuses() == {1: "Running", 2: "Running", 3: "Queued", 4: "Queued"}
        assert (store.calls["start"], store.calls["finish"]) == (1, 0)
        store.well()
        await asyncio.sleep(15)
    assert set(store.statuses().values()) == {"Succeeded"}
    assert store.most_running == 2


@virtual
async def test_outcomes_are_recorded_although_nobody_can_tell_what_comes_next() -> None:
    store = RefillingStore()
    store.add(1, 2, 3)
    async with at_work(store, concurrency=1):
        store.blind = 1
        store.trouble(AWAY, "offer")
        await asyncio.sleep(3)
        assert store.statuses() == {1: "Succeeded", 2: "Queued", 3: "Queued"}
        store.well()
        await asyncio.sleep(10)
    assert set(store.statuses().values()) == {"Succeeded"}


@pytest.mark.parametrize("after", [True, False])
@virtual
async def test_where_it_is_unclear_what_came_next_the_same_ones_are_started(after: bool) -> None:
    store, runner = RefillingStore(), Runner()
    store.add(1, 2)
    store.trouble(AWAY, "refill", times=1, after=after)
    async with at_work(store, runner, concurrency=1):
        store.gates["exchange"] = asyncio.Event()
        await asyncio.sleep(1)
        store.add(3, priority=5)
        store.gates["exchange"].set()
        await asyncio.sleep(5)
    assert runner.begun == [1, 2, 3]
    assert {row.starts for row in store.rows.values()} == {1}
    assert store.most_running == 1


@virtual
async def test_a_stale_token_in_a_group_is_dropped_and_the_others_stand(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, runner = RefillingStore(), Runner()
    store.add(*range(1, 7))
    async with at_work(store, runner, concurrency=3) as engine:
        store.rows[2].token += 1
        await asyncio.sleep(1)
        assert "stale: [2]" in caplog.text
        assert store.summary(1) == store.summary(3) == ("Succeeded", "12 rows")
        assert store.rows[2].outcome is None
        assert engine.scheduler.running == (4, 5, 6)
        store.rows[2].status = "Failed"


@virtual
async def test_a_cancel_between_the_commit_of_an_exchange_and_the_launch_is_kept() -> None:
    store, runner = RefillingStore(), Runner()
    store.add(1, 2)
    async with at_work(store, runner, concurrency=1, settle=0.1):
        store.answers["refill"] = asyncio.Event()
        await asyncio.sleep(1.5)
        assert store.statuses() == {1: "Succeeded", 2: "Running"}
        store.cancel(2)
        await asyncio.sleep(0.1)
        store.answers["refill"].set()
        await asyncio.sleep(0.1)
        assert store.summary(2) == ("Cancelled", "cancelled")
    assert runner.begun == [1]


@virtual
async def test_a_worker_taken_for_lost_during_an_exchange_does_not_run_what_ended_with_it() -> None:
    store, runner = RefillingStore(), Runner()
    store.add(1, 2, 3)
    async with at_work(store, runner, concurrency=1, settle=0.1):
        store.answers["refill"] = asyncio.Event()
        await asyncio.sleep(1.5)
        assert _running(store) == [2]
        store.end("here", WORKER_LOST)
        await asyncio.sleep(11)
        assert "here" in store.beats
        store.answers.pop("refill").set()
        await asyncio.sleep(5)
    assert runner.begun == [1, 3]
    assert store.summary(2) == ("Failed", WORKER_LOST)
    assert store.summary(1) == ("Succeeded", "12 rows")


@virtual
async def test_a_worker_that_is_gone_before_its_exchange_starts_afresh() -> None:
    store, runner = RefillingStore(), Runner()
    store.add(1, 2, 3)
    async with at_work(store, runner, concurrency=1, settle=0.1):
        store.end("here", WORKER_LOST)
        await asyncio.sleep(15)
    assert store.summary(1) == ("Failed", WORKER_LOST)
    assert store.summary(2) == store.summary(3) == ("Succeeded", "12 rows")
    assert runner.begun == [1, 2, 3]


@virtual
async def test_a_stop_while_it_is_unclear_whether_an_exchange_took_effect_leaves_nothing_running() -> None:
    store = RefillingStore()
    store.add(1, 2, 3)
    store.trouble(AWAY, "refill", "exchange", after=True)
    async with at_work(store, concurrency=1) as engine:
        await asyncio.sleep(1.5)
        assert _running(store) == [2]
        assert await engine.stop(30.0, "worker stopped") < 1
    assert store.summary(1) == ("Succeeded", "12 rows")
    assert store.summary(2) == ("Failed", "worker stopped")
    assert store.statuses()[3] == "Queued"


@virtual
async def test_a_stop_during_an_exchange_ends_what_was_won_without_running_it() -> None:
    store, runner = RefillingStore(), Runner()
    store.add(1, 2)
    async with at_work(store, runner, concurrency=1, settle=0.1) as engine:
        store.answers["refill"] = asyncio.Event()
        await asyncio.sleep(1.5)
        stopping = asyncio.create_task(engine.stop(0.0, "terminal closed"))
        await asyncio.sleep(1)
        store.answers["refill"].set()
        await stopping
    assert runner.begun == [1]
    assert store.summary(1) == ("Succeeded", "12 rows")
    assert store.summary(2) == ("Failed", "terminal closed")


@virtual
async def test_a_look_and_a_start_are_one_call_where_the_queue_can() -> None:
    store, runner = TakingStore(), Runner()
    store.add(1, 2, 3)
    store.add(4, priority=5)
    async with at_work(store, runner, concurrency=2):
        await asyncio.sleep(5)
    assert runner.begun == [4, 1, 2, 3]
    assert store.calls["start"] == 0
    assert store.most_running == 2


@pytest.mark.parametrize("after", [True, False])
@virtual
async def test_where_it_is_unclear_whether_a_take_took_effect_the_same_ones_are_started(after: bool) -> None:
    store, runner = TakingStore(), Runner()
    store.add(1, 2)
    store.trouble(AWAY, "take", times=1, after=after)
    async with at_work(store, runner, settle=0):
        await asyncio.sleep(0.001)
        store.add(3, priority=5)
        await asyncio.sleep(5)
    assert runner.begun == [1, 2, 3]
    assert {row.starts for row in store.rows.values()} == {1}
    assert store.calls["start"] == 1


@virtual
async def test_a_look_that_fails_has_started_nothing_and_the_worker_leaves_in_peace() -> None:
    store = TakingStore()

    async def take(limit: int, worker: str) -> tuple[list[int], list[Claimed]]:
        raise AWAY

    store.take = take  # type: ignore[method-assign,assignment]
    store.add(1)
    async with at_work(store) as engine:
        await engine.stop()
    assert store.reaped == []
    assert store.statuses() == {1: "Queued"}


@virtual
async def test_a_stop_while_it_is_unclear_whether_a_take_took_effect_leaves_nothing_running() -> None:
    store = TakingStore()
    store.add(1)
    store.trouble(AWAY, "take", "start", after=True)
    async with at_work(store) as engine:
        assert store.rows[1].status == "Running"
        assert await engine.stop(30.0, "worker stopped") < 1
    assert store.summary(1) == ("Failed", "worker stopped")


@virtual
async def test_a_stop_during_a_take_that_never_answers_leaves_nothing_running() -> None:
    store = TakingStore()
    store.answers["take"] = asyncio.Event()
    store.add(1)
    async with at_work(store) as engine:
        assert await engine.stop(0.0, "worker stopped") == pytest.approx(15, abs=0.1)
    assert store.summary(1) == ("Failed", "worker stopped")


@virtual
async def test_a_cancel_between_the_commit_of_a_take_and_the_launch_is_kept() -> None:
    store, runner = TakingStore(), Runner(takes=300)
    store.answers["take"] = asyncio.Event()
    store.add(1, 2)
    async with at_work(store, runner):
        store.cancel(1)
        await asyncio.sleep(0.1)
        store.answers["take"].set()
        await asyncio.sleep(0.1)
        assert store.summary(1) == ("Cancelled", "cancelled")
        assert runner.begun == [2]


@virtual
async def test_a_worker_taken_for_lost_during_a_take_does_not_run_what_ended_with_it() -> None:
    store, runner = TakingStore(), Runner(takes=300)
    store.answers["take"] = asyncio.Event()
    store.add(1, 2)
    async with at_work(store, runner, concurrency=1):
        store.end("here", WORKER_LOST)
        await asyncio.sleep(11)
        assert "here" in store.beats
        store.answers.pop("take").set()
        await asyncio.sleep(0.1)
        assert runner.begun == [2]


@pytest.mark.parametrize("kind", [RefillingStore, TakingStore])
@pytest.mark.parametrize("seed", range(30))
@virtual
async def test_whatever_fails_each_execution_runs_once_and_the_limit_is_kept(
    seed: int, kind: type[RefillingStore]
) -> None:
    chance = random.Random(seed)
    store = kind()
    ids = range(1, 41)

    async def some_time(claimed: Claimed) -> Outcome:
        await asyncio.sleep(chance.choice([0.0, 0.0, 0.3, 2.0]))
        return SUCCEEDED

    runner = Runner(each=dict.fromkeys(ids, some_time))
    async with at_work(store, runner, concurrency=4):
        for each in ids:
            store.add(each)
            if chance.random() < 0.4:
                call = chance.choice(["refill", "refill", "exchange", "start", "finish", "offer", "take"])
                store.trouble(AWAY, call, times=chance.randint(1, 3), after=chance.random() < 0.5)
            await asyncio.sleep(chance.choice([0.0, 0.01, 0.2]))
        store.well()
        await asyncio.sleep(60)
    assert set(store.statuses().values()) == {"Succeeded"}, seed
    assert sorted(runner.begun) == list(ids)
    assert {row.starts for row in store.rows.values()} == {1}
    assert store.most_running <= 4
    assert store.calls["refill"]
