"""Who counts blocks: each worker looks now and then whether one is complete."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol, TypeVar

from jobmon_tui.storage.listing.block_queries import Horizon
from jobmon_tui.storage.listing.block_tables import BLOCK
from jobmon_tui.storage.transaction import SqlTransaction

T = TypeVar("T")
_SECONDS: Final = 0.25
"""How long one look goes on counting. A block takes some 30 ms, so that a long history is done in minutes."""


class Runs(Protocol):
    """A database that runs our own transactions."""

    async def read(self, work: Callable[[SqlTransaction], T]) -> T:
        """Run on a snapshot."""
        ...

    async def write(self, work: Callable[[SqlTransaction], T], *, repeatable: bool = False) -> T:
        """Run and commit."""
        ...


class BlockKeeper:
    """Closes blocks that get no further ids, and counts those in which nothing is under way any more."""

    def __init__(self, database: Runs, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._mark: Horizon | None = None
        self._complete_to = 0

    async def look(self, *, seconds: float = _SECONDS) -> int:
        """Count what is complete, for about so long; return how many blocks. Raises `storage_unavailable`."""
        until = time.monotonic() + seconds
        seen = await self._database.read(lambda transaction: transaction.horizon())
        mark = self._mark or seen
        # Not at once: who has been given an id may have no number yet, for a moment.
        if seen.done >= mark.begun and (mark is not seen or not seen.begun):
            # All who could still add an id below the mark's greatest have ended.
            self._complete_to = mark.greatest
            mark = seen
        self._mark = mark
        counted = 0
        while await self._database.read(self._has_work):
            done = await self._database.write(self._one)
            if done is None:
                break
            counted += done
            if time.monotonic() >= until:
                break
        return counted

    def _closable(self, transaction: SqlTransaction) -> int | None:
        block = transaction.next_block()
        is_complete = block is not None and (block + 1) * BLOCK <= self._complete_to
        return block if is_complete else None

    def _has_work(self, transaction: SqlTransaction) -> bool:
        return self._closable(transaction) is not None or bool(transaction.open_blocks(1))

    def _one(self, transaction: SqlTransaction) -> int | None:
        if not transaction.lock_blocks():
            return None
        closable = self._closable(transaction)
        if closable is not None:
            transaction.close_block(closable)
        # A block with something Queued in it for days does not keep the others waiting.
        complete = transaction.open_blocks(1)
        for block in complete:
            transaction.count_block(block, self._clock())
        return len(complete)
