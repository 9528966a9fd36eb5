"""Counts of executions from few rows: whole blocks from what is kept of them, only the rest row by row.

How many there are of a status or a report above an id is a sum over the blocks above it, and a count of the
part that no final block covers: its own block from there on, what stands in no block yet, and blocks that
still have something Queued or Running.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    TextualSelect,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from jobmon_tui.domain.execution import GREATEST_ID, Status
from jobmon_tui.services.records import HourCount
from jobmon_tui.storage.column_types import BIG, UtcText
from jobmon_tui.storage.listing.block_tables import BLOCK, blocks, hour_blocks, report_blocks
from jobmon_tui.storage.listing.filter import SINCE, Narrowing, one_of
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.statements import Kept
from jobmon_tui.storage.tables import executions

FINAL: Final = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
_NEAR: Final = 1_000
"""Ids below the greatest that are counted without looking at any block."""
_MOST_GAPS: Final = 100
"""Blocks that stand open between final ones, of which the newest are looked at for the hours."""
_MOST_BY_HAND: Final = 10 * BLOCK
"""Ids that are looked at for the hours, where nobody has counted the blocks of a long history yet."""


_FIRST: Final = f"(:start + {BLOCK - 1}) / {BLOCK}"
"""The first block that begins at the id `start` or above."""


def _spans(known: str) -> TextualSelect:
    """Return the query of the ids from `start` on that no block knows: firsts, and those behind the lasts."""
    return (
        text(
            f"""
SELECT (before + 1) * {BLOCK} AS low, block * {BLOCK} AS high FROM (
  SELECT block, lag(block, 1, {_FIRST} - 1) OVER (ORDER BY block) AS before
  FROM execution_block WHERE ({known}) AND block >= {_FIRST}
) AS each WHERE block > before + 1
UNION ALL
SELECT (coalesce(max(block), {_FIRST} - 1) + 1) * {BLOCK}, {GREATEST_ID}
FROM execution_block WHERE ({known}) AND block >= {_FIRST}
UNION ALL
SELECT :start, {_FIRST} * {BLOCK} WHERE :start < {_FIRST} * {BLOCK}
"""  # noqa: S608
        )
        .bindparams(bindparam("start", type_=BIG))
        .columns(column("low", BIG), column("high", BIG))
    )


_SPANS: Final = _spans("is_final")
# Of a block that was queued before nothing counts; of one queued since then, all that was counted.
_SPANS_SINCE: Final = _spans("(is_final AND queued_from >= :since) OR queued_to < :since").bindparams(SINCE)
Span = tuple[int, int]
"""Ids from the first one up to, and without, the second."""


def within(span: tuple[Any, Any]) -> ColumnElement[bool]:
    """Return what is true of an execution whose id is in the span, of numbers or of what stands for them."""
    return and_(executions.c.id >= span[0], executions.c.id < span[1])


def count_above(connection: Executes, narrow: Narrowing, start: int) -> int:
    """Count what a filter of statuses, reports and a time matches from the id `start` on."""
    values = {**narrow.values, "start": start}
    return int(connection.execute(Kept(count_of, narrow.kind), values).scalar_one())


def newer_of(narrow: Narrowing) -> Select[Any]:
    """Return the query of what `count_of` counts from `low` on: near the newest end without any block."""
    low = bindparam("low", type_=BIG)
    greatest = select(func.max(executions.c.id)).scalar_subquery()
    near = narrow.on(select(func.count()).select_from(executions).where(executions.c.id >= low))
    # `start` is the same id, under the name that `count_of` has for it.
    is_near = greatest < low + literal_column(str(_NEAR), BIG)
    return select(
        case((is_near, near.scalar_subquery()), else_=count_of(narrow).scalar_subquery()).label("n")
    )


def count_of(narrow: Narrowing) -> Select[Any]:
    """Return the query of the count of what matches from the id `start` on: of blocks, and of ids by hand."""
    spans = _SPANS if narrow.since is None else _SPANS_SINCE
    span = spans.subquery("span")
    above = within((span.c.low, span.c.high))
    by_hand = narrow.on(select(func.count()).select_from(executions).where(above)).correlate(span)
    counts = [select(func.sum(by_hand.scalar_subquery())).select_from(span).scalar_subquery()]
    kept = [status for status in FINAL if not narrow.statuses or status in narrow.statuses]
    if kept:
        counts.append(_kept(kept, narrow).scalar_subquery())
    return select(sum(counts[1:], counts[0]).label("total"))


def _kept(statuses: Sequence[Status], narrow: Narrowing) -> Select[Any]:
    table = blocks if narrow.names is None else report_blocks
    # One sum: of 3,000 rows three of them take the server three times as long.
    each: Any = [table.c[status.value.lower()] for status in statuses]
    query = select(func.coalesce(func.sum(sum(each[1:], each[0])), 0)).where(table.c.block >= text(_FIRST))
    if narrow.names is not None:
        query = query.where(one_of(table.c.report, narrow.names))
    if narrow.since is None:
        return query
    since = blocks.c.queued_from >= SINCE
    return query.where(since if table is blocks else table.c.block.in_(select(blocks.c.block).where(since)))


_first_since = select(func.min(blocks.c.block).label("first")).where(blocks.c.queued_to >= SINCE).subquery()
LIST_SINCE: Final = select(
    _first_since.c.first,
    select(func.max(blocks.c.block)).scalar_subquery().label("last"),
    and_(blocks.c.is_final, blocks.c.queued_from < SINCE).label("is_edge"),
    *(blocks.c[each.value.lower()] for each in FINAL),
).select_from(_first_since.outerjoin(blocks, blocks.c.block == _first_since.c.first))


_FROM, _END = bindparam("from", type_=BIG), bindparam("end", type_=BIG)


def _count_within(narrow: Narrowing) -> Select[Any]:
    return narrow.on(select(func.count()).select_from(executions).where(within((_FROM, _END))))


@dataclass(frozen=True, slots=True)
class Edge:
    """A final block, queued in part before a time: what of it matches changes only as its counts do."""

    block: int
    counts: tuple[int, ...]

    def count(self, narrow: Narrowing, connection: Executes) -> int:
        """Count by hand what matches."""
        values = {**narrow.values, "from": self.block * BLOCK, "end": self.end}
        return int(connection.execute(Kept(_count_within, narrow.kind), values).scalar_one())

    @property
    def end(self) -> int:
        """The first id behind it."""
        return (self.block + 1) * BLOCK


def since_when(connection: Executes, since: datetime) -> tuple[int, Edge | None]:
    """Return an id below which none was queued at that time or later, and the edge there, if there is one."""
    row = connection.execute(LIST_SINCE, {"since": since}).one()
    if row.first is None:
        return (1 if row.last is None else (int(row.last) + 1) * BLOCK), None
    counts = tuple(int(row[3 + at]) for at in range(len(FINAL)))
    return max(1, int(row.first) * BLOCK), Edge(int(row.first), counts) if row.is_edge else None


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
    spans = sorted((int(row.low), int(row.high)) for row in connection.execute(_SPANS, {"start": 0}))
    hour = HourOf(executions.c.finished_at).label("hour")
    queries: list[Any] = [
        select(hour_blocks.c.hour, *(func.sum(hour_blocks.c[each.value.lower()]) for each in FINAL))
        .where(hour_blocks.c.hour >= begin)
        .group_by(hour_blocks.c.hour)
    ]
    for low, end in spans[-_MOST_GAPS:]:
        span = max(low, greatest - _MOST_BY_HAND), end
        if end > span[0]:
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
