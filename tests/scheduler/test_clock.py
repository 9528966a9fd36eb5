"""Waiting: the wake-up that is never lost, pauses that grow, and the machine's own clocks."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.clock import Backoff, Signal, SystemClock, first_of
from tests.scheduler.virtual import FakeClock, virtual


@virtual
async def test_a_signal_given_before_the_wait_is_not_lost() -> None:
    signal, clock = Signal(), FakeClock()
    began = clock.monotonic()
    signal.notify()
    signal.notify()
    await signal.wait(60)
    assert clock.monotonic() == began
    await signal.wait(60)
    assert clock.monotonic() == began + 60


@pytest.mark.parametrize("offset", [-0.001, 0.0, 0.001])
@virtual
async def test_a_signal_in_the_very_moment_of_the_timeout_is_not_lost(offset: float) -> None:
    signal, clock = Signal(), FakeClock()
    changed: list[float] = []

    def change() -> None:
        changed.append(clock.monotonic())
        signal.notify()

    asyncio.get_running_loop().call_later(10 + offset, change)
    while not changed:
        await signal.wait(10)
    assert clock.monotonic() == changed[0]


@virtual
async def test_first_of_returns_at_the_event_or_when_the_time_is_up_and_leaves_no_task() -> None:
    clock, event, never = FakeClock(), asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().call_later(3, event.set)
    await first_of(clock, 10, never, event)
    assert clock.monotonic() == 1003
    event.clear()
    await first_of(clock, 10, never, event)
    assert clock.monotonic() == 1013
    event.set()
    await first_of(clock, None, never, event)
    await first_of(clock, -1.0, never)
    assert clock.monotonic() == 1013
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


def test_pauses_double_up_to_the_limit_and_start_small_after_a_reset() -> None:
    backoff = Backoff(first=1.0, most=8.0)
    for whole in (1.0, 2.0, 4.0, 8.0, 8.0):
        assert whole / 2 <= backoff.next() <= whole
    backoff.reset()
    assert backoff.next() <= 1.0
    for _ in range(5000):
        assert backoff.next() <= 8.0


async def test_the_machines_clocks() -> None:
    clock = SystemClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().utcoffset() == timedelta()
    began = time.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - began >= 0.009
