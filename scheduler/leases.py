"""Staying alive in the eyes of others, and noticing who does not."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scheduler.clock import Backoff, first_of
from scheduler.ports import UNAVAILABLE, Clock, WorkerGone, WorkerInfo, WorkerRegistry

WORKER_LOST: Final = "worker lost"
_log = logging.getLogger(__name__)


class Watch:
    """Judges by beat counters that stand still on the observer's monotonic clock. Reads no clock itself."""

    def __init__(self, lost_after: float, longest_gap: float) -> None:
        self._lost_after = lost_after
        self._longest_gap = longest_gap
        self._last: float | None = None
        self._missed = 0
        self._standing: dict[str, tuple[int, float]] = {}

    def observe(self, counters: Mapping[str, int], now: float) -> Sequence[str]:
        """Take the counters as they are at `now`; return the workers that are lost by it.

        Where two observations lie far apart, the observer itself stood still, and with it perhaps the whole
        machine: then only `longest_gap` of that time is held against the others.
        """
        gap = 0.0 if self._last is None or self._missed > 1 else min(now - self._last, self._longest_gap)
        self._last = now
        self._missed = 0
        standing: dict[str, tuple[int, float]] = {}
        for worker, counter in counters.items():
            before = self._standing.get(worker)
            still = before[1] + gap if before is not None and before[0] == counter else 0.0
            standing[worker] = (counter, still)
        self._standing = standing
        return [worker for worker, (_, still) in standing.items() if still >= self._lost_after]

    def forget(self) -> None:
        """Give everybody the whole time again."""
        self._standing = {}

    def blink(self) -> None:
        """An observation failed. After two in a row the time until the next is held against nobody.

        Where one cannot look, none can beat. A single failure may well be this observer's own.
        """
        self._missed += 1


class Leases:
    """Registers this worker, beats for it, and reaps the others that stopped beating."""

    def __init__(
        self,
        registry: WorkerRegistry,
        clock: Clock,
        info: WorkerInfo,
        *,
        heartbeat: float,
        lost_after: float,
        on_cancel: Callable[[Sequence[int]], None],
        on_gone: Callable[[], None],
        on_joined: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._info = info
        self._heartbeat = heartbeat
        self._on_cancel = on_cancel
        self._on_gone = on_gone
        self._on_joined = on_joined
        # Twice in a heartbeat, so that a lost worker shows within heartbeat + lost_after, and a little.
        self._look = heartbeat / 2
        self._watch = Watch(lost_after, longest_gap=heartbeat)
        self._hurry = asyncio.Event()
        self._beats = False

    def hurry(self) -> None:
        """Beat at once: somebody has a reason to think that this worker was taken for lost."""
        self._hurry.set()

    async def beat_forever(self) -> None:
        """Register, then beat until cancelled."""
        backoff = Backoff(most=self._heartbeat)
        joined = False
        while True:
            try:
                if not joined:
                    await self._registry.register(self._info)
                    joined = True
                    self._on_joined()
                self._on_cancel(await self._registry.beat(self._info.name))
                self._beats = True
            except WorkerGone:
                # Its executions were ended by another; what still runs here runs for nobody.
                _log.warning(
                    "worker %s was taken for lost; it stops its work and starts afresh", self._info.name
                )
                self._on_gone()
                joined = False
                pause = backoff.next()
            except UNAVAILABLE as error:
                _log.warning("no heartbeat: %s", error)
                self._beats = False
                pause = backoff.next()
            else:
                backoff.reset()
                pause = self._heartbeat
            await first_of(self._clock, pause, self._hurry)
            self._hurry.clear()

    async def watch_forever(self) -> None:
        """Look at the others until cancelled, and reap the lost."""
        while True:
            await self._clock.sleep(self._look)
            if not self._beats:
                # Perhaps the storage can be read and not written (a standby, a full disk): none can beat.
                self._watch.forget()
                continue
            try:
                await self._look_once()
            except UNAVAILABLE as error:
                # No back-off: it looks seldom enough.
                _log.warning("cannot see the other workers: %s", error)
                self._watch.blink()

    async def _look_once(self) -> None:
        counters = await self._registry.counters()
        others = {worker: count for worker, count in counters.items() if worker != self._info.name}
        for worker in self._watch.observe(others, self._clock.monotonic()):
            ended = await self._registry.reap(worker, WORKER_LOST)
            _log.warning("worker %s is lost; ended %d of its executions", worker, len(ended))
