"""Two units of work on PostgreSQL, each on a connection of its own, interleaved statement by statement."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.conformance.halts import HALT

Unit = Callable[[], Awaitable[object]]
ALL: Final = 10_000
"""More statements than any unit of work sends."""
_LONGEST: Final = 30.0
"""Seconds after which a schedule is given up."""
_WAITING: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND state = 'active' AND wait_event_type = 'Lock'"
)


class Actor:
    """Runs a unit of work that halts before each statement."""

    def __init__(self, unit: Unit, watcher: Any) -> None:
        """`watcher` is a connection of its own, which asks who waits for whom."""
        self.sent = 0
        self.other: Actor | None = None
        self._unit = unit
        self._watcher = watcher
        self._halted = asyncio.Event()
        self._permits = asyncio.Semaphore(0)
        self._is_stuck = False
        context = contextvars.copy_context()
        context.run(HALT.set, self._halt)
        self._task = asyncio.create_task(self._run(), context=context)

    async def _run(self) -> object:
        return await self._unit()

    async def _halt(self) -> None:
        self._halted.set()
        await self._permits.acquire()

    @property
    def is_done(self) -> bool:
        """True once the unit of work has ended."""
        return self._task.done()

    @property
    def is_stuck(self) -> bool:
        """True while it waits for the other one's locks."""
        return self._is_stuck and not self.is_done and not self._halted.is_set()

    def answer(self) -> object:
        """Return what came of it; raises what it raised."""
        return self._task.result()

    async def advance(self, statements: int = ALL) -> None:
        """Send so many statements more; less where it ends, or waits for the other one's locks."""
        for _ in range(statements):
            if not await self._settled():
                return
            self._halted.clear()
            self._permits.release()
            self.sent += 1
            await self._settled()

    async def _settled(self) -> bool:
        """Wait until it halts, and return True; False where it has ended or waits for the other one."""
        while not self.is_done:
            if self._halted.is_set():
                self._is_stuck = False
                return True
            halted = asyncio.ensure_future(self._halted.wait())
            await asyncio.wait({self._task, halted}, timeout=0.003, return_when=asyncio.FIRST_COMPLETED)
            halted.cancel()
            if not self.is_done and not self._halted.is_set():
                others = int(self.other is not None and self.other.is_stuck)
                if await self._watcher.fetchval(_WAITING) > others:
                    self._is_stuck = True
                    return False
        return False


@dataclass(frozen=True, slots=True)
class Met:
    """What came of two units of work, and how many statements each of them sent."""

    answers: tuple[object, object]
    sent: tuple[int, int]
    reached: int
    """How many the second one sent before the first one went on."""


async def interleave(watcher: Any, units: tuple[Unit, Unit], sizes: tuple[int, int]) -> Met:
    """Let the first unit send so many statements, then the second, then both in turns to their ends."""
    first, second = (Actor(unit, watcher) for unit in units)
    first.other, second.other = second, first
    async with asyncio.timeout(_LONGEST):
        await first.advance(sizes[0])
        await second.advance(sizes[1])
        reached = second.sent
        while not (first.is_done and second.is_done):
            await first.advance()
            await second.advance()
    return Met((first.answer(), second.answer()), (first.sent, second.sent), reached)


async def schedules(
    run: Callable[[tuple[int, int]], Awaitable[Met]], chosen: Callable[[], bool]
) -> AsyncIterator[Met]:
    """Run, of all the ways in which each of two is interrupted once, those that are chosen."""
    alone = await run((ALL, ALL))
    yield alone
    for before in range(1, alone.sent[0]):
        for between in range(1, alone.sent[1] + 1):
            if chosen():
                met = await run((before, between))
                yield met
                if met.reached < between:
                    break  # it waits for the first one, or has ended
