"""How workers on PostgreSQL are woken: one at once, the others a moment later, if it still waits then."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from jobmon_tui.storage.crew import Crew
from jobmon_tui.storage.triggers.work import CANCEL_WORD, MOST_TOLD, QUEUED_WORD
from scheduler.clock import Signal

LATER_SECONDS: Final = (0.01, 0.05)
"""How long those wait whose turn it is not: a pick-up is committed after 3 to 4 ms, on a quiet machine."""


class WorkWakeup:
    """Wakes a worker for work; and `cancels`, a wake-up of its own, for what it is asked to stop."""

    def __init__(
        self, crew: Crew, worker: str, is_waiting: Callable[[Sequence[str]], Awaitable[bool]]
    ) -> None:
        """`is_waiting` tells whether anything in these queues waits; True where it cannot tell."""
        self.cancels = Signal()
        self._crew = crew
        self._worker = worker
        self._is_waiting = is_waiting
        self._heard = asyncio.Event()
        self._is_due = False
        self._later_at: float | None = None

    def told(self, payload: str) -> None:
        """Hear a note: see `triggers_work`. What is not understood may mean anything."""
        kind, _, rest = payload.partition(" ")
        if kind == CANCEL_WORD:
            if rest == self._worker[:MOST_TOLD]:
                self.cancels.notify()
            return
        number, _, queue = rest.partition(" ")
        if kind != QUEUED_WORD or not number.isdecimal():
            self.anything()
        elif self._crew.serves(queue):
            self._queued(int(number), queue)

    def anything(self) -> None:
        """Wake for work and for cancels: either may have come."""
        self._is_due = True
        self._heard.set()
        self.cancels.notify()

    def _queued(self, execution_id: int, queue: str) -> None:
        if self._crew.is_first(self._worker, execution_id, queue):
            self._is_due = True
        elif self._later_at is None:
            self._later_at = asyncio.get_running_loop().time() + random.uniform(*LATER_SECONDS)  # noqa: S311
        self._heard.set()

    async def wait(self, timeout: float) -> None:
        """Return when there is work to look for, or after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while not self._is_due:
            due = until if self._later_at is None else min(until, self._later_at)
            self._heard.clear()
            if await set_within(self._heard, due - loop.time()):
                continue
            if self._later_at is None or loop.time() >= until:
                break
            # Forgotten first: what is heard while the answer comes is a reason to ask again.
            self._later_at = None
            if await self._is_waiting(self._crew.queues):
                break
        self._is_due, self._later_at = False, None


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Tell whether an event is set within so many seconds."""
    if event.is_set() or seconds <= 0:
        return event.is_set()
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
