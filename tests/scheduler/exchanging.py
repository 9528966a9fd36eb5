"""Queues in memory that can do more in one call."""

from collections.abc import Sequence

from scheduler.ports import Claimed, Finished, Unavailable, Unclear, WorkerGone
from tests.scheduler.fakes import Store


class ExchangingStore(Store):
    """One that can also record outcomes and start what comes next in one transaction."""

    async def exchange(
        self, finished: Sequence[Finished], ids: Sequence[int], worker: str
    ) -> tuple[Sequence[int], Sequence[Claimed]]:
        def work() -> tuple[list[int], list[Claimed]]:
            if worker not in self.beats:
                raise WorkerGone(worker)
            return self._finish(finished), self._start(ids, worker)

        return await self._call("exchange", work)  # type: ignore[return-value]


class TakingStore(ExchangingStore):
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
