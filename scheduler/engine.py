"""The scheduler: claims what is ready, runs it, records how it ended, and leaves nothing behind."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from scheduler.claiming import Claiming
from scheduler.clock import Backoff, first_of
from scheduler.finishing import Finisher
from scheduler.firing import Firing
from scheduler.leases import WORKER_LOST, Leases
from scheduler.ports import (
    UNAVAILABLE,
    Clock,
    ExecutionQueue,
    Finished,
    Outcome,
    Runner,
    ScheduleSource,
    Wakeup,
    WorkerInfo,
    WorkerRegistry,
)
from scheduler.slots import Slots

_ASK_PAUSE: Final = 0.05
"""Seconds between two questions for cancel requests: each commit of a busy worker's own wakes it as well."""
_log = logging.getLogger(__name__)


class Scheduler:
    """One worker. `run` it once; `stop` it from anywhere on the same event loop."""

    def __init__(  # noqa: PLR0917 - the ports, in the order in which scheduler/ports.py tells of them
        self,
        queue: ExecutionQueue,
        registry: WorkerRegistry,
        runner: Runner,
        wakeup: Wakeup,
        clock: Clock,
        info: WorkerInfo,
        schedules: ScheduleSource | None = None,
        heartbeat: float = 10.0,
        lost_after: float = 30.0,
        *,
        poll: float = 5.0,
        cleanup: float = 15.0,
        cancels: Wakeup | None = None,
    ) -> None:
        """All times are in seconds. Raises ValueError for a concurrency under 1.

        Where `cancels` is given, it tells of cancel requests, and `wakeup` of work only.
        `poll` lies under the wake-ups. `cleanup` is what stopped runners get to end and be recorded, and
        then once more what the storage gets to take this worker's name out.
        """
        if info.concurrency < 1:
            raise ValueError("a worker needs a concurrency of at least 1")
        self._registry = registry
        self._wakeup = wakeup
        self._cancels = cancels
        self._clock = clock
        self._info = info
        self._poll = poll
        self._cleanup = cleanup
        self._slots = Slots(runner, clock, self._settled)
        self._stopping = asyncio.Event()
        self._firing = None if schedules is None else Firing(schedules, clock)
        self._leases = Leases(
            registry,
            clock,
            info,
            heartbeat=heartbeat,
            lost_after=lost_after,
            on_cancel=self._cancel,
            on_gone=self._gone,
            on_joined=self._joined,
        )
        self._claiming = Claiming(
            queue, clock, info, self._slots, self._stopping, poll=poll, hurry=self._leases.hurry
        )
        self._finisher = Finisher(clock, self._claiming.record, self._recorded)
        self._changed = asyncio.Event()
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._started = False
        self._deadline = float("inf")
        self._cleaned_by: float | None = None
        self._reason = "worker stopped"
        self._defect: BaseException | None = None

    @property
    def running(self) -> tuple[int, ...]:
        """The ids that hold a slot: running, or not recorded yet. Never more than the concurrency."""
        return self._slots.ids

    async def run(self) -> None:
        """Work until stopped. Cancelling it stops everything at once, records that, and then lets go.

        An exception from a port, other than those that `ports` names, is a defect: everything is stopped, and
        then it is raised.
        """
        if self._started:
            raise RuntimeError("a scheduler runs once")
        self._started = True
        try:
            await self._work()
        finally:
            self._ended.set()
        if self._defect is not None:
            raise self._defect

    async def _work(self) -> None:
        claiming, finishing = self._spawn(self._claiming.claim_forever()), self._spawn(self._finisher.run())
        tasks = [claiming, finishing]
        if self._firing is not None:
            tasks.append(self._spawn(self._firing.run(self._stopping)))
        leases, wakeups = self._leases, [self._ask_forever()]
        if self._cancels is None:
            wakeups.append(self._listen_forever(self._wakeup, self._claiming.look, self._woken.set))
        else:
            wakeups.append(self._listen_forever(self._wakeup, self._claiming.look))
            wakeups.append(self._listen_forever(self._cancels, self._woken.set))
        tasks += [self._spawn(work) for work in (leases.beat_forever(), leases.watch_forever(), *wakeups)]
        try:
            try:
                await self._stopping.wait()
                await self._drain(claiming, finishing)
            except asyncio.CancelledError:
                self._ask_to_stop(0.0, self._reason)
                await self._drain(claiming, finishing)
                raise
        finally:
            recording = not finishing.done()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._leave(recording)

    async def stop(self, grace: float, reason: str) -> None:
        """Claim no more, wait `grace` seconds for what runs, end the rest Failed with `reason`, and leave.

        Returns when `run` is done; at once if it was not begun. A second call can shorten the grace, and then
        gives the reason; it never lengthens it.
        """
        self._ask_to_stop(grace, reason)
        if self._started:
            await self._ended.wait()

    def _ask_to_stop(self, grace: float, reason: str) -> None:
        deadline = self._clock.monotonic() + grace
        if deadline < self._deadline or not self._stopping.is_set():
            self._deadline, self._reason = deadline, reason
        self._stopping.set()
        self._claiming.look()
        self._changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._part_ended)
        return task

    def _part_ended(self, task: asyncio.Task[None]) -> None:
        self._changed.set()
        error = None if task.cancelled() else task.exception()
        # One part less is worse than none: a worker that beats and claims nothing looks healthy.
        if error is not None:
            self._defect = self._defect or error
            self._ask_to_stop(0.0, "the scheduler failed")
        elif not self._stopping.is_set():
            self._ask_to_stop(0.0, self._reason)

    async def _listen_forever(self, wakeup: Wakeup, *wake: Callable[[], None]) -> None:
        backoff = Backoff()
        while True:
            try:
                await wakeup.wait(self._poll)
            except UNAVAILABLE as error:
                _log.warning("cannot listen for changes: %s", error)
                await self._clock.sleep(backoff.next())
            else:
                backoff.reset()
                for each in wake:
                    each()

    async def _ask_forever(self) -> None:
        backoff = Backoff()
        while True:
            await self._woken.wait()
            self._woken.clear()
            if self._slots.idle:
                continue
            if not self._slots:
                # A start under way, for which we may both have been woken, comes first.
                await self._clock.sleep(_ASK_PAUSE)
            try:
                self._cancel(await self._registry.cancel_requests(self._info.name))
            except UNAVAILABLE as error:
                # Nothing is lost: the next beat brings the same ids.
                _log.warning("cannot ask for cancel requests: %s", error)
                await self._clock.sleep(backoff.next())
            else:
                backoff.reset()
                await self._clock.sleep(_ASK_PAUSE)

    def _settled(self, finished: Finished) -> None:
        self._finisher.put(finished)
        self._changed.set()

    def _recorded(self, group: Sequence[Finished]) -> None:
        self._slots.release(group)
        self._claiming.look()
        self._changed.set()

    def _cancel(self, ids: Sequence[int]) -> None:
        self._slots.stop(ids, Outcome("Cancelled", "cancelled"))

    def _gone(self) -> None:
        self._claiming.gone()
        self._slots.stop(self._slots.ids, Outcome("Failed", WORKER_LOST))

    def _joined(self) -> None:
        self._claiming.joined()

    async def _drain(self, *recorders: asyncio.Task[None]) -> None:
        """End what runs. Cancelled and called again, it goes on where it was."""
        await self._quiet(*recorders)
        if self._cleaned_by is None:
            # From here on a stop cuts nothing short: a runner that is cleaning up is let be.
            self._cleaned_by = self._clock.monotonic() + self._cleanup
            self._slots.close(Outcome("Failed", self._reason))
        await self._quiet(*recorders)

    async def _quiet(self, claiming: asyncio.Task[None], finishing: asyncio.Task[None]) -> None:
        """Wait until nothing runs and nothing more can be claimed, or the time for it is over."""
        while not claiming.done() or self._slots.working or (self._slots and not finishing.done()):
            self._changed.clear()
            until = self._deadline if self._cleaned_by is None else self._cleaned_by
            left = until - self._clock.monotonic()
            if left <= 0:
                return
            await first_of(self._clock, left, self._changed)

    async def _leave(self, recording: bool) -> None:
        """Take this worker's name out, within `cleanup` seconds. What it could not end is ended with it."""
        leaving = asyncio.create_task(self._sign_off(recording))
        left = asyncio.Event()
        leaving.add_done_callback(lambda _: left.set())
        try:
            await first_of(self._clock, self._cleanup, left)
        finally:
            self._slots.abandon()
            leaving.cancel()
        if not leaving.done():
            # The others will find a counter that stands still.
            _log.error("left without signing off")
        elif (error := leaving.exception()) is not None:
            self._defect = self._defect or error

    async def _sign_off(self, recording: bool) -> None:
        backoff = Backoff()
        while True:
            try:
                if recording:
                    # The storage may have come back this minute: outcomes that are known are the truth.
                    await self._finisher.flush()
                if self._claiming.unsure or self._slots:
                    await self._registry.reap(self._info.name, self._reason)
                else:
                    await self._registry.leave(self._info.name)
            except UNAVAILABLE as error:
                _log.warning("cannot sign off: %s", error)
                await self._clock.sleep(backoff.next())
            else:
                return
