"""The ids of a page, or of a bounded list: by indexes that have them in order, so that nothing is sorted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Select, func, select

from jobmon_tui.storage.block_counts import count_above
from jobmon_tui.storage.listing_filter import Narrowing
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import executions

_MOST_PARTS: Final = 20
"""Statuses, reports and people whose rows are read one by one and put together."""
_DENSE: Final = 50_000
"""Matching rows from which on a page of them is near wherever one begins to look, so that all are walked."""


def in_order(narrow: Narrowing, connection: Executes) -> Sequence[Narrowing]:
    """Return the parts of a filter, of which an index has each in the order of ids."""
    parts = list(narrow.parts())
    if len(parts) <= _MOST_PARTS:
        return parts
    is_dense = not narrow.is_counted or count_above(connection, narrow, 0) > _DENSE
    return [replace(narrow, walks=is_dense)]


def page_of(
    narrow: Narrowing, query: Select[Any], limit: int, before: int | None, after: int | None
) -> Select[Any]:
    """Return the query of one part's page: newest first, or with `after` the nearest above that id first."""
    # One lower bound alone: of two SQLite begins at the one that stands first.
    from_here = narrow if after is None else replace(narrow, floor=max(narrow.floor, after + 1))
    page = from_here.on(query).limit(limit)
    if before is not None:
        page = page.where(executions.c.id < before)
    return page.order_by(executions.c.id.desc() if after is None else executions.c.id)


def ids_of(
    parts: Sequence[Narrowing],
    connection: Executes,
    limit: int,
    *,
    before: int | None = None,
    after: int | None = None,
    offset: int = 0,
) -> Sequence[int]:
    """Return the ids of a page that is put together of parts, newest first."""
    only_ids = select(executions.c.id)
    found = {
        int(row.id)
        for part in parts
        for row in connection.execute(page_of(part, only_ids, limit + offset, before, after))
    }
    page = sorted(found, reverse=after is None)[offset : offset + limit]
    return page if after is None else page[::-1]


def newest(narrow: Narrowing, low: int, limit: int, connection: Executes) -> tuple[int, int, int]:
    """Return how many match from the id `low` on, at most `limit`, and their least and greatest id, or 0."""
    parts = in_order(replace(narrow, floor=max(narrow.floor, low)), connection)
    if len(parts) > 1:
        ids = ids_of(parts, connection, limit)
        return len(ids), (ids[-1] if ids else 0), (ids[0] if ids else 0)
    found = page_of(parts[0], select(executions.c.id), limit, None, None).subquery()
    row = connection.execute(
        select(
            func.count().label("n"),
            func.min(found.c.id).label("least"),
            func.max(found.c.id).label("greatest"),
        )
    ).one()
    return int(row.n), int(row.least or 0), int(row.greatest or 0)
