"""How far a list reaches whose rows no index finds: it is bounded, so that no look reads millions."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from jobmon_tui.domain.execution import GREATEST_ID, Execution
from jobmon_tui.services.records import ExecutionFilter, Extent
from jobmon_tui.storage.execution_rows import execution_of
from jobmon_tui.storage.listing.block_counts import Edge, count_above, newer_of, since_when
from jobmon_tui.storage.listing.filter import Narrowing, narrowing
from jobmon_tui.storage.listing.ids import (
    Parts,
    Reach,
    ids_of,
    in_order,
    newest_of,
    rounded,
    rows_behind,
    rows_of,
)
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.statements import Kept

MOST: Final = 10_000
"""Rows of a list whose total no counter knows: the newest. Their price: docs/decisions/0007-blocks.md."""
CANDIDATES: Final = 10_000
"""Rows, the newest, of which an error's text, or what else narrows a person's, is looked at."""


def page_of(rows: Iterable[Any], limit: int, *, ascends: bool = False) -> Sequence[Execution]:
    """Return what rows of `rows_of` stand for, newest first: so many of the end that was asked for."""
    found = sorted(map(execution_of, rows), key=lambda execution: execution.id, reverse=not ascends)[:limit]
    return found[::-1] if ascends else found


Edges = dict[tuple[Narrowing, Edge], int]
"""What matches of blocks in which a list's time lies."""
_EDGES_KEPT: Final = 100


class BoundedList:
    """One filter's list, as one snapshot has it: what was asked of it once is not asked again."""

    def __init__(self, wanted: ExecutionFilter, connection: Executes, edges: Edges | None = None) -> None:
        """`edges` remembers for longer what is dear to count, and does not change."""
        self._wanted = wanted
        self._connection = connection
        self._edges: Edges = {} if edges is None else edges
        self._newest: tuple[int | None] | None = None  # None: not asked yet

    @cached_property
    def narrow(self) -> Narrowing:
        """What the filter lets through."""
        return narrowing(self._wanted, self._connection)

    @cached_property
    def _since(self) -> tuple[int, Edge | None]:
        since = self.narrow.since
        return (0, None) if since is None else since_when(self._connection, since)

    @cached_property
    def floor(self) -> tuple[int, bool]:
        """The id below which it does not look; and whether that is because only the newest are looked at."""
        floor, is_cut = self._since[0], False
        for each in self.narrow.candidates():
            found = self._counted((each,), Reach(floor), CANDIDATES + 1)
            if found.n > CANDIDATES:
                floor, is_cut = int(found.least) + 1, True
        return floor, is_cut

    @cached_property
    def edge(self) -> tuple[int, int]:
        """What matches where its time lies in a block, and the id from which on the others are counted."""
        floor, edge = self._since
        if edge is None or not self.narrow.is_counted:
            return 0, floor
        key = self.narrow, edge
        if key not in self._edges:
            while len(self._edges) >= _EDGES_KEPT:
                del self._edges[next(iter(self._edges))]
            self._edges[key] = edge.count(self.narrow, self._connection)
        return self._edges[key], edge.end

    @cached_property
    def parts(self) -> Parts:
        """What is read in order, and merged; nothing where nothing can match."""
        return () if self.narrow.matches_nothing else in_order(self.narrow.kind, lambda: self._total)

    @cached_property
    def _total(self) -> int:
        at_edge, start = self.edge
        return at_edge + count_above(self._connection, self.narrow, start)

    def _counted(self, parts: Parts, reach: Reach, limit: int) -> Any:
        return self._connection.execute(Kept(newest_of, parts, reach.kind, limit), self._values(reach)).one()

    def _values(self, reach: Reach) -> Mapping[str, Any]:
        return {**self.narrow.values, **reach.values}

    def page(self, limit: int, before: int | None, after: int | None, offset: int) -> Sequence[Execution]:
        """Return executions newest first, by keyset."""
        if not self.parts:
            return []
        query, values = self.asked_page(limit, before, after, offset)
        rows = self._connection.execute(query, values)
        found = page_of(rows, limit, ascends=after is not None)
        if limit and not offset and before is None and after is None:
            self._newest = (found[0].id if found else None,)
        return found

    def asked_page(
        self, limit: int, before: int | None, after: int | None, offset: int
    ) -> tuple[Kept, Mapping[str, Any]]:
        """Return the query of the rows of `page`, with its values."""
        # One lower bound alone: of two SQLite begins at the one that stands first.
        low = self.floor[0] if after is None else max(self.floor[0], after + 1)
        # From the newest on as from any other id, so that both are one statement.
        upper = GREATEST_ID if after is None and before is None else before
        reach = Reach(low, upper, after is not None)
        values = self._values(reach)
        if not offset:
            return Kept(rows_of, self.parts, reach.kind, rounded(limit)), {**values, "most": limit}
        behind = {**values, "skip": offset, "until": offset + limit}
        return Kept(rows_behind, self.parts, reach.kind, rounded(offset + limit)), behind

    def newest(self) -> int | None:
        """Return the newest row's id; None where there is none."""
        if self._newest is None:
            reach = Reach(self.floor[0])
            ids = self._connection.execute(Kept(ids_of, self.parts, reach.kind, 1), self._values(reach))
            self._newest = (ids.scalar(),)
        return self._newest[0]

    def extent(self) -> Extent:
        """Return how many rows match: exactly where blocks are counted, else at most `MOST`."""
        if not self.parts:
            return Extent(0)
        if self.narrow.is_counted:
            return Extent(self._total, self.newest())
        return self.extent_of(*self._counted(self.parts, Reach(self.floor[0]), MOST))

    def extent_of(self, counted: int, least: int | None, greatest: int | None) -> Extent:
        """Return how many rows match, of a row of `newest_of` with `MOST`."""
        is_whole = counted < MOST
        return Extent(
            counted, greatest, 0 if is_whole else (least or 0), is_least=self.floor[1] or not is_whole
        )

    def newer(self, execution_id: int) -> int:
        """Return how many rows have a greater id, at most `MOST` where no counter knows."""
        if not self.parts:
            return 0
        query, values = self.asked_newer(execution_id)
        return int(self._connection.execute(query, values).one().n)

    def asked_newer(self, execution_id: int) -> tuple[Kept, Mapping[str, Any]]:
        """Return the query of one row whose `n` is how many rows have a greater id, with its values."""
        reach = Reach(max(self.floor[0], execution_id + 1))
        if self.narrow.is_counted:
            return Kept(newer_of, self.narrow.kind), {**self._values(reach), "start": reach.low}
        return Kept(newest_of, self.parts, reach.kind, MOST), self._values(reach)
