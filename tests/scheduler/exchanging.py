"""Queues in memory that can do more in one call."""

from collections.abc import Sequence

from scheduler.ports import Claimed, Finished, Unavailable, Unclear, WorkerGone
from tests.scheduler.fakes import Store


class RefillingStore(Store):
    """One that can also record outcomes, look and start what comes next in one transaction.

    Trouble strikes after the look: it is of a start. Of the look's own, `blind` counts the times.
    """

    blind = 0

    async def refill(
        self, finished: Sequence[Finished], limit: int, worker: str
    ) -> tuple[Sequence[int], Sequence[int], Sequence[Claimed]]:
        ids: list[int] = []

        def work() -> tuple[list[int], list[Claimed]]:
            if worker not in self.beats:
                raise WorkerGone(worker)
            accepted = self._finish(finished)
            ids[:] = self._ready()[:limit]
            return accepted, self._start(ids, worker)

        if self.blind > 0:
            self.blind -= 1
            raise Unavailable("the database is locked")
        try:
            accepted, won = await self._call("refill", work)  # type: ignore[misc]
        except Unavailable as error:
            raise Unclear(ids or self._ready()[:limit]) from error
        return accepted, ids, won

    async def exchange(
        self, finished: Sequence[Finished], ids: Sequence[int], worker: str
    ) -> tuple[Sequence[int], Sequence[Claimed]]:
        def work() -> tuple[list[int], list[Claimed]]:
            if worker not in self.beats:
                raise WorkerGone(worker)
            return self._finish(finished), self._start(ids, worker)

        return await self._call("exchange", work)  # type: ignore[return-value]


class TakingStore(RefillingStore):
    """One that can also look and start in one call. Trouble strikes after the look: it is of a start."""

    async def take(self, limit: int, worker: str) -> tuple[Sequence[int], Sequence[Claimed]]:
        ids: list[int] = []

        def work() -> list[Claimed]:
            ids[:] = self._ready()[:limit]
            return self._start(ids, worker) if ids else []

        try:
            won = await self._call("take", work)
        except Unavailable as error:
            raise Unclear(ids or self._ready()[:limit]) from error
        return ids, won  # type: ignore[return-value]
