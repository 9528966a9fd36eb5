"""How far a list reaches whose rows no index finds: it is bounded, so that no look reads millions."""

from dataclasses import replace
from typing import Final

from sqlalchemy import func, select

from jobmon_tui.services.records import ExecutionFilter, Extent
from jobmon_tui.storage.block_counts import count_above, first_id_since
from jobmon_tui.storage.listing_filter import Narrowing, narrowing
from jobmon_tui.storage.listing_ids import ids_of, in_order, newest
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import executions

MOST: Final = 10_000
"""Rows of a list whose total no counter knows: the newest. Their price: docs/decisions/0007-blocks.md."""
CANDIDATES: Final = 10_000
"""Rows, the newest, of which an error's text, or what else narrows a person's, is looked at."""


def bounded(wanted: ExecutionFilter, connection: Executes) -> Narrowing:
    """Return what a filter lets through, with the id below which it does not look."""
    narrow = narrowing(wanted, connection)
    if narrow.matches_nothing:
        return narrow
    if narrow.since is not None:
        narrow = replace(narrow, floor=first_id_since(connection, narrow.since))
    for each in narrow.candidates():
        query = each.on(select(executions.c.id)).order_by(executions.c.id.desc()).limit(CANDIDATES + 1)
        looked_at = query.subquery()
        row = connection.execute(
            select(func.count().label("n"), func.min(looked_at.c.id).label("least"))
        ).one()
        if row.n > CANDIDATES:
            narrow = replace(narrow, floor=max(narrow.floor, int(row.least) + 1), is_cut=True)
    return narrow


def extent_of(narrow: Narrowing, connection: Executes) -> Extent:
    """Return how many rows a filter matches: exactly where blocks are counted, else at most `MOST`."""
    if narrow.matches_nothing:
        return Extent(0)
    if narrow.is_counted:
        ids = ids_of(in_order(narrow, connection), connection, 1)
        return Extent(count_above(connection, narrow, 0), ids[0] if ids else None)
    total, least, greatest = newest(narrow, 0, MOST, connection)
    is_whole = total < MOST
    return Extent(total, greatest or None, 0 if is_whole else least, is_least=narrow.is_cut or not is_whole)


def count_newer(narrow: Narrowing, execution_id: int, connection: Executes) -> int:
    """Return how many rows have a greater id, at most `MOST` where no counter knows."""
    if narrow.matches_nothing:
        return 0
    if narrow.is_counted:
        return count_above(connection, narrow, execution_id + 1)
    return newest(narrow, execution_id + 1, MOST, connection)[0]
