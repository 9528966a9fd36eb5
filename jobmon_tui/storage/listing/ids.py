"""The ids of a page, or of a bounded list: by indexes that have them in order, however many parts it has.

Putting one together takes as long as its answer: whoever asks again has it kept (`statements.Kept`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, literal_column, select, union_all

from jobmon_tui.storage.column_types import BIG
from jobmon_tui.storage.execution_rows import LIST
from jobmon_tui.storage.listing.filter import Narrowing
from jobmon_tui.storage.tables import executions

Parts = tuple[Narrowing, ...]
_MOST_PARTS: Final = 20
"""Statuses, reports and people whose rows are each read in order and then merged."""
_DENSE: Final = 50_000
"""Matching rows from which on a page of them is near wherever one begins to look, so that all are walked."""
_LEAST: Final = 125
"""Rows for which a statement is put together at least: what a screen of 50 lines reads again, some more."""
_ONLY_IDS: Final = select(executions.c.id)


@dataclass(frozen=True, slots=True)
class Reach:
    """From which id on a page is looked for, and below which one; and whether its oldest rows come first."""

    low: int = 0
    before: int | None = None
    ascends: bool = False

    @property
    def values(self) -> Mapping[str, int]:
        """What a statement of this `kind` wants to be told."""
        return {"low": self.low} | ({} if self.before is None else {"before": self.before})

    @property
    def kind(self) -> "Reach":
        """All that is alike has the same statement."""
        return Reach(min(1, self.low), None if self.before is None else 0, self.ascends)


def in_order(narrow: Narrowing, total: Callable[[], int]) -> Parts:
    """Return the parts of a filter, of which an index has each in the order of ids.

    `total` counts what matches, where the counts of blocks know it.
    """
    parts = tuple(narrow.parts())
    if len(parts) <= _MOST_PARTS:
        return parts
    is_dense = not narrow.is_counted or total() > _DENSE
    return (replace(narrow, walks=is_dense),)


def rounded(limit: int) -> int:
    """Return how many rows to look for, at most, where so many are wanted.

    The number stands in the statement itself: PostgreSQL plans one that it does not know anew each time. Few
    numbers make few statements, each of which is put together and planned when it is first asked.
    """
    most = _LEAST
    while most < limit:
        most *= 2
    return most


def _page_of(narrow: Narrowing, query: Select[Any], kind: Reach, limit: int) -> Select[Any]:
    page = narrow.on(query).limit(literal_column(str(limit), BIG))
    if kind.low:
        page = page.where(executions.c.id >= bindparam("low", type_=BIG))
    if kind.before is not None:
        page = page.where(executions.c.id < bindparam("before", type_=BIG))
    return page.order_by(executions.c.id if kind.ascends else executions.c.id.desc())


def ids_of(parts: Parts, kind: Reach, limit: int) -> Select[Any]:
    """Return the query of the ids of a page, newest first unless it ascends."""
    pages = [_page_of(part, _ONLY_IDS, kind, limit) for part in parts]
    if len(pages) == 1:
        return pages[0]
    # A row has one status, one report, one person: no id comes twice.
    most = literal_column(str(limit), BIG)
    found = union_all(*(select(page.subquery().c.id) for page in pages)).subquery()
    return select(found.c.id).order_by(found.c.id if kind.ascends else found.c.id.desc()).limit(most)


def rows_of(parts: Parts, kind: Reach, limit: int) -> Select[Any]:
    """Return the query of a page's rows, `most` of them, which are no more than `limit`; in any order."""
    most = bindparam("most", type_=BIG)
    if len(parts) > 1:
        return LIST.where(executions.c.id.in_(_in_turn(ids_of(parts, kind, limit), kind).limit(most)))
    return _in_turn(_page_of(parts[0], LIST, kind, limit), kind).limit(most)


def _in_turn(query: Select[Any], kind: Reach) -> Select[Any]:
    found = query.subquery()
    return select(*found.c).order_by(found.c.id if kind.ascends else found.c.id.desc())


def rows_behind(parts: Parts, kind: Reach, limit: int) -> Select[Any]:
    """Return the query of the rows of a page behind the first `skip` of its ids, up to the one at `until`."""
    ids = ids_of(parts, kind, limit).subquery()
    order = ids.c.id if kind.ascends else ids.c.id.desc()
    numbered = select(ids.c.id, func.row_number().over(order_by=order).label("at")).subquery()
    behind = numbered.c.at.between(bindparam("skip", type_=BIG) + 1, bindparam("until", type_=BIG))
    return LIST.where(executions.c.id.in_(select(numbered.c.id).where(behind)))


def newest_of(parts: Parts, kind: Reach, limit: int) -> Select[Any]:
    """Return the query of how many a page has, and of its least and greatest id."""
    found = ids_of(parts, kind, limit).subquery()
    least, greatest = func.min(found.c.id), func.max(found.c.id)
    query: Select[Any] = select(func.count().label("n"))
    return query.add_columns(least.label("least"), greatest.label("greatest"))
