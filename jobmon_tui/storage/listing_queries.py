"""What lists, counts and pages of executions ask, on any backend."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, literal_column, or_, select

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.records import ExecutionFilter, Extent, HourCount, StoredOutput
from jobmon_tui.storage.block_counts import hours
from jobmon_tui.storage.column_types import OneOf
from jobmon_tui.storage.execution_rows import LIST, execution_of
from jobmon_tui.storage.listing_bounds import bounded, count_newer, extent_of
from jobmon_tui.storage.listing_ids import ids_of, in_order, page_of
from jobmon_tui.storage.on_connection import OnConnection
from jobmon_tui.storage.tables import executions, outputs, reports, status_counts

_LINEAGE_LIMIT = 100


_this = executions.alias("this")


def _ready_where(*ahead: ColumnElement[bool]) -> ScalarSelect[int]:
    return (
        select(func.count())
        .where(
            # Written out: a partial index is used only where its own words stand in the query.
            executions.c.status == literal_column("'Queued'"),
            executions.c.queue == _this.c.queue,
            or_(executions.c.not_before.is_(None), executions.c.not_before <= bindparam("now")),
            *ahead,
        )
        .correlate(_this)
        .scalar_subquery()
    )


# Two ranges of an index; with OR between them all that is queued would be read.
_AHEAD = select(
    _ready_where(executions.c.priority > _this.c.priority)
    + _ready_where(executions.c.priority == _this.c.priority, executions.c.id < _this.c.id)
).where(_this.c.id == bindparam("wanted"))

COUNTS = select(status_counts.c.status, func.sum(status_counts.c.n)).group_by(status_counts.c.status)
"""The maintained counters."""


def counts_of(rows: Iterable[Any]) -> dict[Status, int]:
    """Build the counts of every status from rows of `COUNTS`."""
    counted = {Status(status): int(n) for status, n in rows}
    return {status: counted.get(status, 0) for status in Status}


class ListingQueries(OnConnection):
    """The part of a transaction that reads many executions at a time."""

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
        narrow = bounded(wanted, self._connection)
        if narrow.matches_nothing:
            return []
        parts = in_order(narrow, self._connection)
        if len(parts) == 1 and not offset:
            page = page_of(parts[0], LIST, limit, before, after)
            found = [execution_of(row) for row in self._connection.execute(page)]
            return found if after is None else found[::-1]
        ids = ids_of(parts, self._connection, limit, before=before, after=after, offset=offset)
        page = LIST.where(OneOf(executions.c.id, "wanted")).order_by(executions.c.id.desc())
        return [execution_of(row) for row in self._connection.execute(page, {"wanted": ids})]

    def latest_executions(self) -> Mapping[str, Execution]:
        """Return the newest execution of each report that there is."""
        # A look into the index for each report; grouped, it would read the whole index.
        newest = select(func.max(executions.c.id)).where(executions.c.report == reports.c.name)
        ids = select(newest.scalar_subquery()).select_from(reports)
        found = [execution_of(row) for row in self._connection.execute(LIST.where(executions.c.id.in_(ids)))]
        return {execution.report: execution for execution in found}

    def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        """Count the matching executions with a greater id."""
        return count_newer(bounded(wanted, self._connection), execution_id, self._connection)

    def extent(self, wanted: ExecutionFilter) -> Extent:
        """Count what matches; the counters know it where nothing but the status narrows."""
        if wanted != ExecutionFilter(wanted.statuses):
            return extent_of(bounded(wanted, self._connection), self._connection)
        newest = self.executions(wanted, 1)
        counted = self.counts()
        total = sum(counted[status] for status in wanted.statuses or Status)
        return Extent(total, newest[0].id if newest else None)

    def finished_by_hour(self, since: datetime) -> Sequence[HourCount]:
        """Return how many executions ended in each hour."""
        return hours(self._connection, since)

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
        """Count the ready executions of the same queue that will be claimed before this Queued one."""
        ahead = self._connection.execute(_AHEAD, {"wanted": execution_id, "now": now}).scalar()
        return int(ahead or 0)

    def counts(self) -> dict[Status, int]:
        """Return the maintained counters."""
        return counts_of(self._connection.execute(COUNTS))

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
