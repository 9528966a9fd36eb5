"""Following executions: each look tells what has changed since the last one."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Protocol

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.domain.following import MOST_GAPS, Following, Step, in_order
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.records import ExecutionFilter

PAGE = 500
_NEWEST = 500
"""Of so many executions it is seen at first which ids between them were skipped."""
GAP_SECONDS = 60.0
"""How long a skipped id may still come: far more than a transaction may take."""
_ACTIVE = ExecutionFilter(frozenset({Status.QUEUED, Status.RUNNING}))
_ALL = ExecutionFilter()


class Lists(Protocol):
    """What can list executions, as `Services.executions` does."""

    async def executions(
        self,
        caller: Caller,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
    ) -> Sequence[Execution]:
        """Return executions newest first: below id `before`, or the nearest above id `after`."""
        ...


class Follower:
    """Looks, and tells each step of each execution once.

    What it holds grows with what is Queued or Running, never with what has ended.
    """

    def __init__(
        self,
        services: Lists,
        caller: Caller,
        *,
        since: datetime | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """What is there at the first look is known, and not told; with `since` what was queued then is."""
        self._services = services
        self._caller = caller
        self._since = since
        self._clock = clock
        self._known: Following | None = None

    async def look(self) -> AsyncIterator[Sequence[Step]]:
        """Give the steps made since the last look, in parts; in each they stand as they happened.

        Raises `JobmonError`; what was given until then is not given again, and nothing is left out.
        """
        if self._known is None:
            self._known = await self._begin()
        known = self._known
        while True:
            rows = await self._services.executions(self._caller, _ALL, PAGE, after=known.mark)
            if found := known.take_new(rows, self._clock() + GAP_SECONDS):
                yield in_order(found)
            if len(rows) < PAGE:
                break
        now: set[int] = set()
        async for page in self._active_pages():
            now.update(row.id for row in page)
            if found := known.take_active(page):
                yield in_order(found)
        async for rows, asked in self._by_id(known.unsettled(now, self._clock())):
            wanted = set(asked)
            known.forget(wanted - {row.id for row in rows})
            if found := [step for row in rows if row.id in wanted for step in known.take(row)]:
                yield in_order(found)

    async def _begin(self) -> Following:
        newest = await self._services.executions(self._caller, _ALL, _NEWEST)
        top = newest[0].id if newest else 0
        if self._since is not None:
            since = ExecutionFilter(since=self._since)
            first = await self._services.executions(self._caller, since, 1, after=0)
            top = first[0].id - 1 if first else top
            newest = await self._services.executions(self._caller, _ALL, _NEWEST, before=top + 1)
        lowest = newest[-1].id if len(newest) == _NEWEST else 0
        old = {row.id for row in newest if self._since is None or row.queued_at < self._since}
        known = Following(top)
        known.skipped(
            set(range(max(lowest, top - MOST_GAPS, 1), top + 1)) - old,
            self._clock() + GAP_SECONDS,
        )
        async for page in self._active_pages():
            # What has come into a gap since is new.
            known.take_active(row for row in page if row.id not in known.gaps)
        return known

    async def _active_pages(self) -> AsyncIterator[Sequence[Execution]]:
        before: int | None = None
        while page := await self._services.executions(self._caller, _ACTIVE, PAGE, before=before):
            yield page
            if len(page) < PAGE:
                return
            before = page[-1].id

    async def _by_id(self, ids: Sequence[int]) -> AsyncIterator[tuple[Sequence[Execution], Sequence[int]]]:
        """Read executions by their ids, greatest first: those that are near each other in one page."""
        left = list(ids)
        while left:
            limit = min(PAGE, left[0] - left[-1] + 1)
            rows = await self._services.executions(self._caller, _ALL, limit, before=left[0] + 1)
            lowest = rows[-1].id if len(rows) == limit else 0
            yield rows, [each for each in left if each >= lowest]
            left = [each for each in left if each < lowest]
