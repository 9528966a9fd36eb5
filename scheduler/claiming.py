"""Taking what is ready into free slots: by itself, or in one transaction with outcomes that free some."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from scheduler.clock import Backoff, first_of
from scheduler.ports import (
    UNAVAILABLE,
    Claimed,
    Clock,
    ExecutionQueue,
    Finished,
    Refills,
    Takes,
    Unclear,
    WorkerGone,
    WorkerInfo,
)
from scheduler.slots import ANY, Slots

_log = logging.getLogger(__name__)


class Claiming:
    """Claims for one worker. What it claims never exceeds the slots that are free once it is claimed."""

    def __init__(
        self,
        queue: ExecutionQueue,
        clock: Clock,
        info: WorkerInfo,
        slots: Slots,
        stopping: asyncio.Event,
        *,
        poll: float,
        hurry: Callable[[], None],
    ) -> None:
        """`hurry` is called where the storage says that this worker is not registered."""
        self._queue = queue
        # Together they cost one call and one commit instead of three and two. Not every queue can.
        self._refills = queue if isinstance(queue, Refills) else None
        # One call instead of two, between a commit and the start of what it has queued.
        self._takes = queue if isinstance(queue, Takes) else None
        self._clock = clock
        self._info = info
        self._slots = slots
        self._stopping = stopping
        self._poll = poll
        self._hurry = hurry
        self._joined = asyncio.Event()
        self._look = asyncio.Event()
        # Held from the offer to the launch: two at once would count the same slots as free.
        self._turn = asyncio.Lock()
        self._backlog = False
        self._lives = 0
        self.unsure = False
        """A start was asked for and never answered: there may be executions Running that nobody runs."""

    def look(self) -> None:
        """Look for work now, or as soon as the present look is over; and see that it is to stop.

        While every slot is taken there is nothing to look for: who frees one calls this again.
        """
        if len(self._slots) < self._info.concurrency or self._stopping.is_set():
            self._look.set()

    def joined(self) -> None:
        """Begin: the worker is registered."""
        self._joined.set()
        self._look.set()

    def gone(self) -> None:
        """Take note that this worker was taken for lost: what it started may have ended with it."""
        self._lives += 1

    async def claim_forever(self) -> None:
        """Claim until stopping."""
        backoff, contention = Backoff(), Backoff(first=0.01, most=1.0)
        await first_of(self._clock, None, self._joined, self._stopping)
        while not self._stopping.is_set():
            # Cleared before looking: what changes while looking makes it look again.
            self._look.clear()
            try:
                async with self._turn:
                    more = await self._claim()
            except WorkerGone:
                self._hurry()
            except UNAVAILABLE as error:
                _log.warning("cannot claim: %s", error)
                # Deaf to wake-ups here: back-off that any change cuts short is none.
                await first_of(self._clock, backoff.next(), self._stopping)
                continue
            else:
                backoff.reset()
                if more:
                    await first_of(self._clock, contention.next(), self._stopping)
                    continue
                contention.reset()
                # Alone, and so in one step of the loop: this is what stands between a commit and its start.
                await self._look.wait()
                continue
            await first_of(self._clock, self._poll, self._look, self._stopping)

    async def record(self, group: Sequence[Finished], recorded: Callable[[], None]) -> Sequence[int]:
        """Record these outcomes, call `recorded`, and return the ids accepted. Raises what the queue raises.

        Where more is known to wait, the next are started in the same transaction.
        """
        if not self._backlog or self._refills is None or self._turn.locked() or self._stopping.is_set():
            accepted = await self._queue.finish(group)
            recorded()
            return accepted
        async with self._turn:
            return await self._record_and_claim(self._refills, group, recorded)

    async def _claim(self) -> bool:
        """Claim up to what is free; say whether others won some of it, so that more may be there."""
        free = self._info.concurrency - len(self._slots)
        if free <= 0 or self._stopping.is_set():
            return False
        try:
            for claimed in await self._won(free):
                self._slots.launch(claimed)
        finally:
            self._slots.expect(())
        return self._backlog and len(self._slots) < self._info.concurrency

    async def _won(self, free: int) -> Sequence[Claimed]:
        if self._takes is not None:
            return await self._take(self._takes, free)
        ids = await self._offered(free)
        if not ids or self._stopping.is_set():
            return ()
        self._slots.expect(ids)
        return await self._start(ids)

    async def _take(self, queue: Takes, free: int) -> Sequence[Claimed]:
        life, unsure = self._lives, self.unsure
        # Which ones is not known before the answer; a cancel of any of them may come before it.
        self._slots.expect(ANY)
        self.unsure = True
        try:
            ids, won = await queue.take(free, self._info.name)
        except Unclear as error:
            _log.warning("cannot start %d executions: %s", len(error.ids), error)
            return await self._start(error.ids)
        except UNAVAILABLE:
            self.unsure = unsure
            raise
        self._backlog = len(ids) == free
        if ids and life != self._lives:
            return await self._start(ids)
        self.unsure = False
        return won

    async def _offered(self, room: int) -> Sequence[int]:
        ids = list(await self._queue.offer(room))[:room]
        self._backlog = len(ids) == room
        return ids

    async def _start(self, ids: Sequence[int]) -> Sequence[Claimed]:
        backoff = Backoff()
        # Until there is an answer these may be Running in our name with nobody running them.
        self.unsure = True
        while True:
            life = self._lives
            try:
                won = await self._queue.start(ids, self._info.name)
            except UNAVAILABLE as error:
                _log.warning("cannot start %d executions: %s", len(ids), error)
                await first_of(self._clock, backoff.next(), self._stopping)
                if self._stopping.is_set():
                    return ()
            else:
                # Where this worker was taken for lost meanwhile, these may have ended with it: ask again.
                if life == self._lives:
                    self.unsure = False
                    return won

    async def _record_and_claim(
        self, queue: Refills, group: Sequence[Finished], recorded: Callable[[], None]
    ) -> Sequence[int]:
        room = self._info.concurrency - len(self._slots) + len(group)
        # As with a take: which ones is not known before the answer.
        self._slots.expect(ANY)
        try:
            accepted, won = await self._refill(queue, group, room)
            recorded()
            for claimed in won:
                self._slots.launch(claimed)
        finally:
            self._slots.expect(())
        return accepted

    async def _refill(
        self, queue: Refills, group: Sequence[Finished], room: int
    ) -> tuple[Sequence[int], Sequence[Claimed]]:
        life, unsure = self._lives, self.unsure
        self.unsure = True
        try:
            accepted, ids, won = await queue.refill(group, room, self._info.name)
        except Unclear as error:
            _log.warning("cannot record %d outcomes and start as many: %s", len(group), error)
            return await self._exchange(queue, group, error.ids)
        except (WorkerGone, *UNAVAILABLE) as error:
            self.unsure = unsure
            if isinstance(error, WorkerGone):
                self._hurry()
            else:
                _log.warning("cannot look for more: %s", error)
            # Outcomes are worth more than the next start: they are tried all the same.
            return await self._queue.finish(group), ()
        self._backlog = len(ids) == room
        # As with a start: taken for lost meanwhile, it asks again, and is told what is still its own.
        if ids and life != self._lives:
            return await self._exchange(queue, group, ids)
        self.unsure = False
        return accepted, won

    async def _exchange(
        self, queue: Refills, group: Sequence[Finished], ids: Sequence[int]
    ) -> tuple[Sequence[int], Sequence[Claimed]]:
        backoff = Backoff()
        self.unsure = True
        while True:
            life = self._lives
            try:
                accepted, won = await queue.exchange(group, ids, self._info.name)
            except WorkerGone:
                self._hurry()
                return await self._queue.finish(group), ()
            except UNAVAILABLE as error:
                _log.warning("cannot record %d outcomes and start as many: %s", len(group), error)
                # The same ones again, together: alone, the starts might come before what frees their slots.
                await first_of(self._clock, backoff.next(), self._stopping)
                if self._stopping.is_set():
                    return await self._queue.finish(group), ()
            else:
                if life == self._lives:
                    self.unsure = False
                    return accepted, won
