"""Outcomes on their way into the database, in groups, until they are accepted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from scheduler.clock import Backoff
from scheduler.ports import UNAVAILABLE, Clock, Finished

_MOST: Final = 500
_log = logging.getLogger(__name__)

Record = Callable[[Sequence[Finished], Callable[[], None]], Awaitable[Sequence[int]]]
"""Records a group, calls back, and gives the ids accepted. Raises what the queue raises."""


class Finisher:
    """While one group is being written the next gathers: a commit for each would be the slowest part."""

    def __init__(self, clock: Clock, record: Record, recorded: Callable[[Sequence[Finished]], None]) -> None:
        self._clock = clock
        self._record = record
        self._recorded = recorded
        self._waiting: list[Finished] = []
        self._filled = asyncio.Event()

    def put(self, finished: Finished) -> None:
        """Take an outcome to be recorded."""
        self._waiting.append(finished)
        self._filled.set()

    async def run(self) -> None:
        """Record until cancelled."""
        backoff = Backoff()
        while True:
            await self._filled.wait()
            try:
                await self.flush()
            except UNAVAILABLE as error:
                _log.warning("%d outcomes wait to be recorded: %s", len(self._waiting), error)
                await self._clock.sleep(backoff.next())
            else:
                backoff.reset()

    async def flush(self) -> None:
        """Record what waits. Raises what the queue raises; what was not recorded goes on waiting."""
        while self._waiting:
            group = self._waiting[:_MOST]
            accepted = await self._record(group, partial(self._forget, group))
            refused = {one.id for one in group}.difference(accepted)
            if refused:
                # Stale tokens: somebody else ended these, and theirs is the truth.
                _log.warning("outcomes refused as stale: %s", sorted(refused))
        self._filled.clear()

    def _forget(self, group: Sequence[Finished]) -> None:
        del self._waiting[: len(group)]
        self._recorded(group)
