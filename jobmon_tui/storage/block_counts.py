"""Counts of executions from few rows: whole blocks from what is kept of them, only the rest row by row.

How many there are of a status or a report above an id is a sum over the blocks above it, and a count of the
part that no final block covers: its own block from there on, what stands in no block yet, and blocks that
still have something Queued or Running.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    TextClause,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.records import HourCount
from jobmon_tui.storage.block_tables import BLOCK, blocks, hour_blocks, report_blocks
from jobmon_tui.storage.column_types import BIG, UtcText
from jobmon_tui.storage.listing_filter import Narrowing
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import executions

FINAL: Final = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
_NEAR: Final = 1_000
"""Ids below the greatest that are counted without looking at any block."""
_MOST_GAPS: Final = 100
"""Blocks that stand open between final ones, of which each is counted by itself."""
_MOST_BY_HAND: Final = 10 * BLOCK
"""Ids that are looked at for the hours, where nobody has counted the blocks of a long history yet."""


def _gaps(known: str) -> TextClause:
    return text(
        f"""
SELECT block, before FROM (
  SELECT block, lag(block, 1, :first - 1) OVER (ORDER BY block) AS before
  FROM execution_block WHERE ({known}) AND block >= :first
) AS each WHERE block > before + 1
UNION ALL
SELECT NULL, coalesce(max(block), :first - 1) FROM execution_block WHERE ({known}) AND block >= :first
ORDER BY 2
"""  # noqa: S608
    ).bindparams(bindparam("first", type_=BIG))


_GAPS: Final = _gaps("is_final")
# Of a block that was queued before nothing counts; of one queued since then, all that was counted.
_GAPS_SINCE: Final = _gaps("(is_final AND queued_from >= :since) OR queued_to < :since").bindparams(
    bindparam("since", type_=UtcText)
)
Span = tuple[int, int | None]
"""Ids from the first one up to, and without, the second."""


def uncounted(connection: Executes, low: int, since: datetime | None = None) -> tuple[int, Sequence[Span]]:
    """Return the first block that begins at `low` or above, and the ids from `low` on that no block knows."""
    first = -(-low // BLOCK)
    spans: list[Span] = [(low, first * BLOCK)] if low < first * BLOCK else []
    values: dict[str, object] = {"first": first} | ({} if since is None else {"since": since})
    for row in connection.execute(_GAPS if since is None else _GAPS_SINCE, values):
        begin, end = (row.before + 1) * BLOCK, None if row.block is None else row.block * BLOCK
        if spans and spans[-1][1] == begin:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    return first, spans


def within(span: Span) -> ColumnElement[bool]:
    """Return what is true of an execution whose id is in the span."""
    low, end = span
    above = executions.c.id >= low
    return above if end is None else and_(above, executions.c.id < end)


def count_above(connection: Executes, narrow: Narrowing, low: int) -> int:
    """Count what a filter of statuses, reports and a time matches from the id `low` on."""
    if low:
        # What a list asks after every change: how many rows are new. One trip, and next to no rows.
        greatest = select(func.max(executions.c.id)).scalar_subquery()
        query = narrow.on(select(func.count()).select_from(executions).where(executions.c.id >= low))
        near = case((greatest < literal(low + _NEAR, BIG), query.scalar_subquery()))
        found = connection.execute(select(near)).scalar()
        if found is not None:
            return int(found)
    first, spans = uncounted(connection, low, narrow.since)
    if len(spans) > _MOST_GAPS:
        query = narrow.on(select(func.count()).select_from(executions).where(executions.c.id >= low))
        return int(connection.execute(query).scalar_one())
    by_hand = [
        narrow.on(select(func.count()).select_from(executions).where(within(span))).scalar_subquery()
        for span in spans
    ]
    kept = [status for status in FINAL if not narrow.statuses or status in narrow.statuses]
    if kept:
        by_hand.append(_kept(kept, narrow, first).scalar_subquery())
    counted = connection.execute(select(*(each.label(f"n{at}") for at, each in enumerate(by_hand)))).one()
    return sum(int(each) for each in counted)


def _kept(statuses: Sequence[Status], narrow: Narrowing, first: int) -> Select[Any]:
    table = blocks if narrow.names is None else report_blocks
    total: Any = sum(func.coalesce(func.sum(table.c[status.value.lower()]), 0) for status in statuses)
    query = select(total).where(table.c.block >= first)
    if narrow.names is not None:
        query = query.where(table.c.report.in_(narrow.names))
    if narrow.since is None:
        return query
    since = blocks.c.queued_from >= narrow.since
    return query.where(since if table is blocks else table.c.block.in_(select(blocks.c.block).where(since)))


def first_id_since(connection: Executes, since: datetime) -> int:
    """Return an id below which no execution was queued at that time or later."""
    first = select(func.min(blocks.c.block)).where(blocks.c.queued_to >= since).scalar_subquery()
    last = select(func.max(blocks.c.block)).scalar_subquery()
    row = connection.execute(select(first.label("first"), last.label("last"))).one()
    if row.first is not None:
        return max(1, int(row.first) * BLOCK)
    return 1 if row.last is None else (int(row.last) + 1) * BLOCK


class HourOf(FunctionElement[datetime]):
    """The hour, in UTC, that a column's time lies in."""

    name = "hour_of"
    type = UtcText()
    inherit_cache = True


@compiles(HourOf)
def _in_text(element: HourOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 13) || ':00:00.000000Z'"


@compiles(HourOf, "postgresql")
def _truncated(element: HourOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"date_trunc('hour', {compiler.process(element.clauses, **options)}, 'UTC')"


def ended() -> Sequence[ColumnElement[int]]:
    """Return the counts of each final status, in the order of `FINAL`."""
    return [
        func.count().filter(executions.c.status == literal_column(f"'{status}'")).label(status.value.lower())
        for status in FINAL
    ]


def hours(connection: Executes, since: datetime) -> Sequence[HourCount]:
    """Return how many executions ended in each hour from the one of `since` on, oldest first."""
    begin = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    greatest = int(connection.execute(select(func.max(executions.c.id))).scalar() or 0)
    _, spans = uncounted(connection, 0)
    hour = HourOf(executions.c.finished_at).label("hour")
    queries: list[Any] = [
        select(hour_blocks.c.hour, *(func.sum(hour_blocks.c[each.value.lower()]) for each in FINAL))
        .where(hour_blocks.c.hour >= begin)
        .group_by(hour_blocks.c.hour)
    ]
    for low, end in spans[-_MOST_GAPS:]:
        span = max(low, greatest - _MOST_BY_HAND), end
        if end is None or end > span[0]:
            queries.append(
                select(hour, *ended())
                .where(within(span), executions.c.finished_at >= begin)
                .group_by(HourOf(executions.c.finished_at))
            )
    found: dict[datetime, list[int]] = {}
    for query in queries:
        for row in connection.execute(query):
            so_far = found.setdefault(row[0], [0] * len(FINAL))
            found[row[0]] = [n + int(more) for n, more in zip(so_far, row[1:], strict=True)]
    return [HourCount(at, *found[at]) for at in sorted(found)]
