"""What lists, counts and pages of executions ask, on any backend."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, func, literal_column, or_, select

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.records import ExecutionFilter, Extent, HourCount, StoredOutput
from jobmon_tui.storage.column_types import BIG
from jobmon_tui.storage.execution_rows import LIST, execution_of
from jobmon_tui.storage.listing.block_counts import hours
from jobmon_tui.storage.listing.bounds import BoundedList
from jobmon_tui.storage.on_connection import OnConnection
from jobmon_tui.storage.rows import Executes
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


def _lineage() -> Select[Any]:
    ids = executions.c.id
    steps = select(ids, executions.c.retry_of)
    up = steps.where(ids == bindparam("wanted", type_=BIG)).cte("ancestors", recursive=True)
    up = up.union_all(steps.join(up, ids == up.c.retry_of))
    root = select(func.min(up.c.id)).scalar_subquery()
    down = select(ids).where(ids == root).cte("line", recursive=True)
    down = down.union_all(select(ids).join(down, executions.c.retry_of == down.c.id))
    return LIST.where(ids.in_(select(down.c.id))).order_by(ids).limit(_LINEAGE_LIMIT)


LINEAGE: Final = _lineage()
"""The line of retries that an execution stands in, oldest first."""
OUTPUT: Final = select(outputs).where(outputs.c.execution_id == bindparam("wanted", type_=BIG))
"""What it printed, in its parts."""


def output_of(rows: Iterable[Any]) -> StoredOutput:
    """Build what an execution printed from rows of `OUTPUT`."""
    parts = {row.part: row for row in rows}
    head, tail = parts.get("head"), parts.get("tail")
    return StoredOutput(
        head=head.body if head else "",
        tail=tail.body if tail else "",
        tail_start=tail.start if tail else 0,
        total=head.total if head else 0,
    )


def counts_of(rows: Iterable[Any]) -> dict[Status, int]:
    """Build the counts of every status from rows of `COUNTS`."""
    counted = {Status(status): int(n) for status, n in rows}
    return {status: counted.get(status, 0) for status in Status}


class ListingQueries(OnConnection):
    """The part of a transaction that reads many executions at a time, of what a snapshot has."""

    def __init__(self, connection: Executes) -> None:
        super().__init__(connection)
        self._lists: dict[ExecutionFilter, BoundedList] = {}

    def _list(self, wanted: ExecutionFilter) -> BoundedList:
        return self._lists.setdefault(wanted, BoundedList(wanted, self._connection))

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
        return self._list(wanted).page(limit, before, after, offset)

    def latest_executions(self) -> Mapping[str, Execution]:
        """Return the newest execution of each report that there is."""
        # A look into the index for each report; grouped, it would read the whole index.
        newest = select(func.max(executions.c.id)).where(executions.c.report == reports.c.name)
        ids = select(newest.scalar_subquery()).select_from(reports)
        found = [execution_of(row) for row in self._connection.execute(LIST.where(executions.c.id.in_(ids)))]
        return {execution.report: execution for execution in found}

    def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        """Count the matching executions with a greater id."""
        return self._list(wanted).newer(execution_id)

    def extent(self, wanted: ExecutionFilter) -> Extent:
        """Count what matches; the counters know it where nothing but the status narrows."""
        if wanted != ExecutionFilter(wanted.statuses):
            return self._list(wanted).extent()
        counted = self.counts()
        total = sum(counted[status] for status in wanted.statuses or Status)
        return Extent(total, self._list(wanted).newest())

    def finished_by_hour(self, since: datetime) -> Sequence[HourCount]:
        """Return how many executions ended in each hour."""
        return hours(self._connection, since)

    def output(self, execution_id: int) -> StoredOutput:
        """Return what an execution printed."""
        return output_of(self._connection.execute(OUTPUT, {"wanted": execution_id}))

    def queued_before(self, execution_id: int, now: datetime) -> int:
        """Count the ready executions of the same queue that will be claimed before this Queued one."""
        ahead = self._connection.execute(_AHEAD, {"wanted": execution_id, "now": now}).scalar()
        return int(ahead or 0)

    def counts(self) -> dict[Status, int]:
        """Return the maintained counters."""
        return counts_of(self._connection.execute(COUNTS))

    def lineage(self, execution_id: int) -> Sequence[Execution]:
        """Return the line of retries that an execution stands in, oldest first, at most 100 of them."""
        return [execution_of(row) for row in self._connection.execute(LINEAGE, {"wanted": execution_id})]
