"""What lists, counts and pages of executions ask, on any backend."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.ports import ExecutionFilter, StoredOutput
from jobmon_tui.storage.execution_rows import LIST, execution_of
from jobmon_tui.storage.listing_filter import narrowing
from jobmon_tui.storage.on_connection import OnConnection
from jobmon_tui.storage.tables import executions, outputs, reports, status_counts

_LINEAGE_LIMIT = 100
_MOST_PARTS = 20
"""Statuses and reports whose pages are read one by one and put together."""


class ListingQueries(OnConnection):
    """The part of a transaction that reads many executions at a time."""

    def _count(self, wanted: ExecutionFilter, above: int) -> int:
        narrow = narrowing(wanted, self._connection)
        if narrow.matches_nothing:
            return 0
        query = narrow.on(select(func.count()).select_from(executions).where(executions.c.id > above))
        return int(self._connection.execute(query).scalar_one())

    def executions(
        self,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        """Return executions newest first, by keyset."""
        narrow = narrowing(wanted, self._connection)
        if narrow.matches_nothing:
            return []
        parts = list(narrow.parts())
        if len(parts) == 1 or len(parts) > _MOST_PARTS:
            return self._page(narrow.on(LIST).offset(offset), limit, before, after)
        # An index gives one status of one report in order: of each its own page, not all of them sorted.
        found = [
            execution
            for part in parts
            for execution in self._page(part.on(LIST), limit + offset, before, after)
        ]
        found.sort(key=lambda each: each.id, reverse=after is None)
        page = found[offset : offset + limit]
        return page if after is None else page[::-1]

    def _page(
        self, query: Select[Any], limit: int, before: int | None, after: int | None
    ) -> Sequence[Execution]:
        query = query.limit(limit)
        if before is not None:
            query = query.where(executions.c.id < before)
        if after is not None:
            oldest_first = query.where(executions.c.id > after).order_by(executions.c.id)
            return [execution_of(row) for row in self._connection.execute(oldest_first)][::-1]
        newest_first = query.order_by(executions.c.id.desc())
        return [execution_of(row) for row in self._connection.execute(newest_first)]

    def latest_executions(self) -> Mapping[str, Execution]:
        """Return the newest execution of each report that there is."""
        # A look into the index for each report; grouped, it would read the whole index.
        newest = select(func.max(executions.c.id)).where(executions.c.report == reports.c.name)
        ids = select(newest.scalar_subquery()).select_from(reports)
        found = [execution_of(row) for row in self._connection.execute(LIST.where(executions.c.id.in_(ids)))]
        return {execution.report: execution for execution in found}

    def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        """Count the matching executions with a greater id."""
        return self._count(wanted, execution_id)

    def total(self, wanted: ExecutionFilter) -> int:
        """Count what matches; the counters know it where nothing but the status narrows."""
        if wanted == ExecutionFilter(wanted.statuses):
            counted = self.counts()
            return sum(counted[status] for status in wanted.statuses or Status)
        return self._count(wanted, 0)

    def output(self, execution_id: int) -> StoredOutput:
        """Return what an execution printed."""
        query = select(outputs).where(outputs.c.execution_id == execution_id)
        parts = {row.part: row for row in self._connection.execute(query)}
        head, tail = parts.get("head"), parts.get("tail")
        return StoredOutput(
            head=head.body if head else "",
            tail=tail.body if tail else "",
            tail_start=tail.start if tail else 0,
            total=head.total if head else 0,
        )

    def queued_before(self, execution_id: int, now: datetime) -> int:
        """Count the ready executions that will be claimed before this Queued one."""
        this = executions.alias("this")
        ahead = or_(
            executions.c.priority > this.c.priority,
            and_(executions.c.priority == this.c.priority, executions.c.id < this.c.id),
        )
        query = (
            select(func.count())
            .select_from(executions.join(this, ahead))
            .where(
                this.c.id == execution_id,
                executions.c.status == Status.QUEUED.value,
                or_(executions.c.not_before.is_(None), executions.c.not_before <= now),
            )
        )
        return int(self._connection.execute(query).scalar_one())

    def counts(self) -> dict[Status, int]:
        """Return the maintained counters."""
        query = select(status_counts.c.status, func.sum(status_counts.c.n)).group_by(status_counts.c.status)
        counted = {Status(status): int(n) for status, n in self._connection.execute(query)}
        return {status: counted.get(status, 0) for status in Status}

    def lineage(self, execution_id: int) -> Sequence[Execution]:
        """Return the line of retries that an execution stands in, oldest first, at most 100 of them."""
        steps = select(executions.c.id, executions.c.retry_of).where(executions.c.id == execution_id)
        up = steps.cte("ancestors", recursive=True)
        up = up.union_all(
            select(executions.c.id, executions.c.retry_of).join(up, executions.c.id == up.c.retry_of)
        )
        root = self._connection.execute(select(func.min(up.c.id))).scalar()
        down = select(executions.c.id).where(executions.c.id == root).cte("line", recursive=True)
        down = down.union_all(select(executions.c.id).join(down, executions.c.retry_of == down.c.id))
        query = (
            LIST.where(executions.c.id.in_(select(down.c.id))).order_by(executions.c.id).limit(_LINEAGE_LIMIT)
        )
        return [execution_of(row) for row in self._connection.execute(query)]
