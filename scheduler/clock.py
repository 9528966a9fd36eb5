"""Time and waiting: the real clock, an in-process wake-up, and back-off."""

import asyncio
import random
import time
from datetime import UTC, datetime

from scheduler.ports import Clock


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Give the wall clock's time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give the monotonic clock's seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop, which uses the monotonic clock."""
        await asyncio.sleep(seconds)


class Signal:
    """A `Wakeup` for commits in this process: `notify` after the commit."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Make the present or the next `wait` return. Call it on the event loop's thread."""
        self._event.set()

    async def wait(self, timeout: float) -> None:
        """Return once notified, or after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()


class Backoff:
    """Growing pauses with jitter, so that many workers do not return to a sick database in step."""

    def __init__(self, first: float = 0.1, most: float = 5.0) -> None:
        """`most` with the time that a call may hang (4.5 s) stays under the 10 s of a promised recovery."""
        self._first = first
        self._most = most
        self._tries = 0

    def next(self) -> float:
        """Give the next pause: doubled each time, up to the limit, then cut by up to a half at random."""
        # 2**20 is far beyond the limit; a worker may well retry for a week.
        whole = min(self._most, self._first * 2.0 ** min(self._tries, 20))
        self._tries += 1
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards no secret

    def reset(self) -> None:
        """Start small again: the last call succeeded."""
        self._tries = 0


async def first_of(clock: Clock, timeout: float | None, *events: asyncio.Event) -> None:
    """Return when one of the events is set or the time is up, whichever is first."""
    if any(event.is_set() for event in events):
        return
    waits: list[asyncio.Task[object]] = [asyncio.create_task(_wait(event)) for event in events]
    if timeout is not None:
        waits.append(asyncio.create_task(_sleep(clock, timeout)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _wait(event: asyncio.Event) -> object:
    return await event.wait()


async def _sleep(clock: Clock, seconds: float) -> object:
    await clock.sleep(max(0.0, seconds))
    return None
