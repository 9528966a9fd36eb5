"""Retention while everything runs: old finished executions are deleted a bounded number at a time.

The audit log stays, and so do report files on disk. The file keeps its size: its room is used again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.execution import SYSTEM, Status
from jobmon_tui.domain.roles import SYSTEM_ROLE
from jobmon_tui.storage.queue import QueryDatabase
from jobmon_tui.storage.retention_queries import Rule
from jobmon_tui.storage.transaction import SqlTransaction

ACTION: Final = "Database Prune"
"""What the audit log calls it."""
MOST_AT_ONCE: Final = 500
_LEAST_AT_ONCE: Final = 20
_LONG: Final = 0.1
"""Seconds in a transaction from which on the next one is smaller: whoever writes waits for its end."""
_PAUSE: Final = 0.1
"""Seconds between two transactions, at least: who waits for SQLite's lock asks every 0.1 s."""
_LONGEST_PAUSE: Final = 0.5


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def _batches(
    database: QueryDatabase, rule: Rule, size: Callable[[], int]
) -> AsyncIterator[Sequence[int]]:
    """Give the ids of executions that are old enough, looked at by themselves."""
    for status in rule.statuses:
        ids: Sequence[int] = [0]
        while ids := await database.read(partial(_old, status, rule.before, ids[-1], size())):
            yield ids


def _old(
    status: Status, before: datetime, after: int, limit: int, transaction: SqlTransaction
) -> Sequence[int]:
    return transaction.old_executions(status, before, after, limit)


def _doomed(ids: Sequence[int], rule: Rule, transaction: SqlTransaction) -> Sequence[int]:
    return transaction.to_prune(ids, rule)


async def count_prunable(database: QueryDatabase, rule: Rule) -> int:
    """Return how many executions would be deleted now. Raises `storage_unavailable`."""
    count = 0
    async for ids in _batches(database, rule, lambda: MOST_AT_ONCE):
        found = await database.read(partial(_doomed, ids, rule))
        # The others of a line are counted in their own batch.
        count += len(set(found).intersection(ids))
    return count


class Pruning:
    """One run of the deletion. `deleted` counts what is gone so far."""

    def __init__(
        self,
        database: QueryDatabase,
        rule: Rule,
        origin: str,
        *,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        """`origin` says for the audit log who asked, and from where."""
        self.deleted = 0
        self._database = database
        self._rule = rule
        self._origin = origin
        self._clock = clock
        self._size = MOST_AT_ONCE // 5
        self._announced = False

    async def run(self, tell: Callable[[int], None] = lambda _deleted: None) -> int:
        """Delete; return how many executions. `tell` hears the count after each transaction.

        An audit row stands in the first transaction, another one is added at the end. What was deleted before
        an interruption or a failure stays deleted; running it again goes on. Raises `storage_unavailable`.
        """
        ended = "interrupted"
        try:
            async for ids in _batches(self._database, self._rule, lambda: self._size):
                await self._some(ids)
                tell(self.deleted)
            ended = "done"
        finally:
            if self._announced:
                said = f"{ended}: {self.deleted:,} deleted; {self._rule}"
                await self._database.write(lambda transaction: self._audit(transaction, said))
        return self.deleted

    async def _some(self, ids: Sequence[int]) -> None:
        def unit(transaction: SqlTransaction) -> tuple[int, float]:
            began = time.monotonic()
            doomed = transaction.to_prune(ids, self._rule)
            if doomed:
                transaction.prune(doomed)
                if not self._announced:
                    self._audit(transaction, f"begun: {self._rule}")
            return len(doomed), time.monotonic() - began

        # Read once without the lock: where only failures stay behind there is nothing to write.
        if not await self._database.read(partial(_doomed, ids, self._rule)):
            return
        count, held = await self._database.write(unit)
        self._announced = self._announced or count > 0
        self.deleted += count
        if held > _LONG:
            self._size = max(_LEAST_AT_ONCE, self._size // 2)
        elif held < _LONG / 4:
            self._size = min(MOST_AT_ONCE, self._size * 2)
        await asyncio.sleep(min(max(_PAUSE, held), _LONGEST_PAUSE))

    def _audit(self, transaction: SqlTransaction, details: str) -> None:
        transaction.add_audit(
            NewAuditEntry(
                self._clock(), SYSTEM, SYSTEM_ROLE, ACTION, "allowed", None, None, None, self._origin, details
            )
        )
