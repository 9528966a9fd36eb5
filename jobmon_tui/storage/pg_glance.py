"""What a dashboard asks most often, in one statement: each of its parts alone would be a trip.

One statement sees one moment by itself. So where it is all that a unit of work asks, it needs no transaction
around it, which would be two trips more.
"""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services.records import ExecutionFilter, Extent, WorkerSeen
from jobmon_tui.storage.column_types import BIG
from jobmon_tui.storage.execution_rows import LIST, execution_of
from jobmon_tui.storage.listing_filter import Narrowing
from jobmon_tui.storage.listing_ids import page_of
from jobmon_tui.storage.listing_queries import COUNTS, counts_of
from jobmon_tui.storage.pg_claims import PgClaims
from jobmon_tui.storage.pg_connection import PgConnection
from jobmon_tui.storage.queue_queries import WORKERS, worker_seen
from jobmon_tui.storage.session_queries import ACTOR
from jobmon_tui.storage.tables import executions


def _rows(query: Select[Any]) -> Any:
    """Return all rows of a query as one value: an array of records, which asyncpg gives as tuples."""
    records = query.with_only_columns(func.row(*query.selected_columns), maintain_column_froms=True)
    return func.array(records.scalar_subquery())


_Worker = namedtuple("_Worker", [column.key for column in WORKERS.selected_columns])  # type: ignore[misc]
_AROUND: Final = (_rows(ACTOR).label("actor"), _rows(COUNTS).label("counts"), _rows(WORKERS).label("workers"))
_HEADER: Final = select(*_AROUND)


@cache
def _whole(status: Status | None, *, is_below: bool, with_header: bool) -> Select[Any]:
    """Return the statement for the lists that an index has in order: of all, or of one status."""
    narrow = Narrowing(() if status is None else (status,))
    below = executions.c.id < bindparam("before", type_=BIG)
    page = page_of(narrow, LIST, 1, None, None).limit(bindparam("wanted", type_=BIG))
    rows = _rows(page.where(below) if is_below else page).label("page")
    if not with_header:
        return select(_AROUND[0], rows)
    newest = page_of(narrow, select(executions.c.id), 1, None, None)
    return select(*_AROUND, newest.scalar_subquery().label("newest"), rows)


@dataclass(frozen=True, slots=True)
class _Asked:
    wanted: ExecutionFilter
    limit: int
    before: int | None

    @property
    def is_whole(self) -> bool:
        """Whether one statement answers all of it."""
        return len(self.wanted.statuses) <= 1 and self.wanted == ExecutionFilter(self.wanted.statuses)


class PgGlance(PgClaims):
    """The part of a transaction on PostgreSQL that has at hand what it was told of beforehand."""

    def __init__(self, connection: PgConnection) -> None:
        super().__init__(connection)
        self._asked: _Asked | None = None
        self._with_header = False
        self._seen: Any = None

    def foresee(self, wanted: ExecutionFilter, limit: int, before: int | None, *, header: bool) -> None:
        """Ask for all of it together with whose session it is; what else is asked then has another moment."""
        asked = _Asked(wanted, limit, before)
        if header or asked.is_whole:
            self._asked, self._with_header = asked, header

    def actor(self, token_hash: str, now: datetime, about: int | None = None) -> Actor | None:
        """Return whose session this is, and keep what was foreseen."""
        asked = self._asked
        if asked is None:
            return super().actor(token_hash, now, about)
        values: dict[str, Any] = {"token": token_hash, "now": now}
        statement = _HEADER
        if asked.is_whole:
            status = next(iter(asked.wanted.statuses), None)
            is_below = asked.before is not None
            statement = _whole(status, is_below=is_below, with_header=self._with_header)
            values |= {"wanted": asked.limit} | ({} if asked.before is None else {"before": asked.before})
            self._lane.goes_alone = True
        self._seen = self._connection.execute(statement, values).one()
        for name, role, used_at in self._seen.actor:
            return Actor(name, Role(role), used_at=used_at)
        return None

    def counts(self) -> dict[Status, int]:
        """Return the maintained counters."""
        return super().counts() if not self._has_header else counts_of(self._seen.counts)

    def workers(self) -> Sequence[WorkerSeen]:
        """Return every registered worker by name."""
        if not self._has_header:
            return super().workers()
        return [worker_seen(_Worker(*row)) for row in self._seen.workers]

    def extent(self, wanted: ExecutionFilter) -> Extent:
        """Count what matches."""
        if not (self._has_header and self._has(wanted)):
            return super().extent(wanted)
        counted: Mapping[Status, int] = self.counts()
        return Extent(sum(counted[status] for status in wanted.statuses or Status), self._seen.newest)

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
        if (
            self._has(wanted)
            and self._asked == _Asked(wanted, limit, before)
            and after is None
            and not offset
        ):
            return [execution_of(row) for row in self._seen.page]
        return super().executions(wanted, limit, before=before, after=after, offset=offset)

    @property
    def _has_header(self) -> bool:
        return self._seen is not None and self._with_header

    def _has(self, wanted: ExecutionFilter) -> bool:
        asked = self._asked
        return self._seen is not None and asked is not None and asked.is_whole and asked.wanted == wanted
