"""How outcomes reach the storage, and what becomes of a runner's own mistakes."""

import asyncio

import pytest

from scheduler.ports import Claimed, Outcome
from tests.scheduler.fakes import AWAY, SUCCEEDED, Engine, Run, Runner, Store, at_work
from tests.scheduler.virtual import virtual


@virtual
async def test_a_finish_is_tried_until_it_is_accepted_and_holds_its_slot_so_long() -> None:
    store = Store()
    store.add(1, 2)
    store.trouble(AWAY, "finish")
    async with at_work(store, concurrency=1) as engine:
        await asyncio.sleep(60)
        assert engine.scheduler.running == (1,)
        assert store.statuses() == {1: "Running", 2: "Queued"}
        assert 8 < store.calls["finish"] < 25
        store.well()
        await asyncio.sleep(12)
        assert store.statuses() == {1: "Succeeded", 2: "Succeeded"}


@virtual
async def test_a_finish_whose_answer_was_lost_is_repeated_and_changes_nothing() -> None:
    store = Store()
    store.add(1)
    store.trouble(AWAY, "finish", times=2, after=True)
    async with at_work(store) as engine:
        await asyncio.sleep(5)
        assert store.calls["finish"] == 3
        assert (store.rows[1].outcome, engine.scheduler.running) == (SUCCEEDED, ())


@virtual
async def test_a_stale_finish_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store.add(1)
    async with at_work(store) as engine:
        store.rows[1].token += 1
        await asyncio.sleep(3)
        assert store.rows[1].outcome is None
        assert engine.scheduler.running == ()
        assert store.calls["finish"] == 1
        assert "stale: [1]" in caplog.text
        store.rows[1].status = "Failed"


@virtual
async def test_an_outcome_that_comes_while_another_is_written_is_written_next() -> None:
    store = Store()
    store.add(1, 2, 3)
    store.delays["finish"] = 0.5

    async def later(claimed: Claimed) -> Outcome:
        await asyncio.sleep(1 + claimed.id / 10)
        return SUCCEEDED

    async with at_work(store, Runner(each={1: later, 2: later, 3: later}), concurrency=3):
        await asyncio.sleep(4)
        assert set(store.statuses().values()) == {"Succeeded"}
        assert store.calls["finish"] == 2


@virtual
async def test_outcomes_that_wait_go_in_one_transaction() -> None:
    store = Store()
    store.add(*range(1, 31))
    store.delays["finish"] = 0.5
    async with at_work(store, concurrency=30):
        await asyncio.sleep(5)
        assert set(store.statuses().values()) == {"Succeeded"}
        assert store.calls["finish"] <= 2


async def _broken(claimed: Claimed) -> Outcome:
    raise KeyError("no such column")


async def _gives_up(claimed: Claimed) -> Outcome:
    raise asyncio.CancelledError


async def _wrong_type(claimed: Claimed) -> Outcome:
    return "fine"  # type: ignore[return-value]


async def _wrong_status(claimed: Claimed) -> Outcome:
    return Outcome("Done", "fine", "all", "/tmp/out.csv")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("run", "detail"),
    [
        (_broken, "KeyError: 'no such column'"),
        (_gives_up, "the runner cancelled itself"),
        (_wrong_type, "the runner returned str, not an Outcome"),
        (_wrong_status, "the runner returned the status 'Done'"),
    ],
)
@virtual
async def test_a_runners_own_mistake_fails_its_execution_and_nothing_else(run: Run, detail: str) -> None:
    store = Store()
    store.add(1, 2)
    async with at_work(store, Runner(each={1: run})) as engine:
        await asyncio.sleep(3)
        assert store.summary(1) == ("Failed", "unforeseen error")
        assert _detail(engine, 1) == detail
        assert store.summary(2) == ("Succeeded", "12 rows")
        assert not engine.task.done()


def _detail(engine: Engine, execution_id: int) -> str | None:
    outcome = engine.store.rows[execution_id].outcome
    assert outcome is not None
    return outcome.detail
