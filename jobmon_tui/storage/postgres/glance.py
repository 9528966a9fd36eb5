"""What a dashboard asks most often, in one statement: each of its parts alone would be a trip.

One statement sees one moment by itself. So where it is all that a unit of work asks, it needs no transaction
around it, which would be two trips more.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Executable, Select, bindparam, select

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter
from jobmon_tui.domain.execution import GREATEST_ID, Execution, ExecutionDetails, Status
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services.records import ExecutionFilter, Extent, StoredOutput, WorkerSeen
from jobmon_tui.storage.audit_queries import ABOUT, shown
from jobmon_tui.storage.column_types import BIG
from jobmon_tui.storage.execution_queries import ONE
from jobmon_tui.storage.execution_rows import details_of, execution_of
from jobmon_tui.storage.listing.block_counts import count_of
from jobmon_tui.storage.listing.bounds import MOST, BoundedList, page_of
from jobmon_tui.storage.listing.filter import Narrowing
from jobmon_tui.storage.listing.ids import Parts, Reach, ids_of, newest_of
from jobmon_tui.storage.listing.queries import COUNTS, LINEAGE, OUTPUT, counts_of, output_of
from jobmon_tui.storage.postgres.assumed import Assuming, rows_as_one
from jobmon_tui.storage.postgres.claims import PgClaims
from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.queue_queries import WORKERS, worker_seen
from jobmon_tui.storage.rows import Executes, Rows
from jobmon_tui.storage.session_queries import ACTOR
from jobmon_tui.storage.statements import Kept
from jobmon_tui.storage.tables import audit_log

_Worker = namedtuple("_Worker", [column.key for column in WORKERS.selected_columns])  # type: ignore[misc]
_ACTOR: Final = rows_as_one(ACTOR).label("actor")
_AROUND: Final = (rows_as_one(COUNTS).label("counts"), rows_as_one(WORKERS).label("workers"))


def _with_actor(query: Kept | None) -> Select[Any]:
    """Return the statement of whose session it is, and of what is asked for."""
    return select(_ACTOR) if query is None else select(_ACTOR, rows_as_one(query.statement()).label("found"))


def _with_header(page: Kept | None, narrow: Narrowing, parts: Parts, kind: Reach) -> Select[Any]:
    """Return the statement of whose session it is, of a page, and of all that the header shows."""
    query = _with_actor(page).add_columns(*_AROUND)
    if page is None:
        return query
    if not narrow.is_counted:
        return query.add_columns(rows_as_one(newest_of(parts, kind, MOST)).label("extent"))
    query = query.add_columns(ids_of(parts, kind, 1).scalar_subquery().label("newest"))
    if narrow.is_plain:
        return query
    return query.add_columns(count_of(narrow).scalar_subquery().label("total"))


_Part = namedtuple("_Part", [column.key for column in OUTPUT.selected_columns])  # type: ignore[misc]
_Entry = namedtuple("_Entry", [column.key for column in audit_log.c])  # type: ignore[misc]
_STORY: Final = select(
    _ACTOR,
    rows_as_one(ONE).label("details"),
    rows_as_one(LINEAGE).label("lineage"),
    rows_as_one(OUTPUT).label("output"),
    rows_as_one(ABOUT.limit(bindparam("entries", type_=BIG))).label("audit"),
)


_TRIES: Final = 3
"""Times that a list is asked for whose reports or people change meanwhile; after that, as they just were."""
_Values = Mapping[str, Any]
_Asks = Callable[[BoundedList], tuple[Kept, _Values]]
_Told = tuple[BoundedList, Any]


class _Alone:
    """A connection whose every statement goes without a transaction around it."""

    def __init__(self, lane: PgConnection, connection: Executes) -> None:
        self._lane = lane
        self._connection = connection

    def execute(self, statement: Executable, parameters: Any = None, /) -> Rows:
        """Run a statement."""
        self._lane.goes_alone = True
        return self._connection.execute(statement, parameters)


class PgGlance(PgClaims):
    """The part of a transaction on PostgreSQL that has at hand what it was told of beforehand.

    How far back a bounded list looks may be of a moment before; all that is shown is of one.
    """

    def __init__(self, connection: PgConnection) -> None:
        super().__init__(connection)
        self._ask: Callable[[Mapping[str, Any]], Any] | None = None
        self._answers: dict[tuple[Any, ...], Any] = {}

    def foresee_glance(self, wanted: ExecutionFilter, limit: int, before: int | None) -> None:
        """Ask for all of it together with whose session it is."""
        self._ask = partial(self._ask_glance, wanted, limit, before)

    def foresee_page(
        self, wanted: ExecutionFilter, limit: int, before: int | None, after: int | None, offset: int
    ) -> None:
        """Ask for it together with whose session it is."""
        self._ask = partial(self._ask_page, wanted, limit, before, after, offset)

    def foresee_newer(self, wanted: ExecutionFilter, execution_id: int) -> None:
        """Ask for it together with whose session it is."""
        self._ask = partial(self._ask_newer, wanted, execution_id)

    def foresee_story(self, execution_id: int, entries: int) -> None:
        """Ask for it together with whose session it is."""
        if abs(execution_id) <= GREATEST_ID:
            self._ask = partial(self._ask_story, execution_id, entries)

    def actor(self, token_hash: str, now: datetime, about: int | None = None) -> Actor | None:
        """Return whose session this is, and keep what was foreseen."""
        ask, self._ask = self._ask, None
        if ask is None:
            return super().actor(token_hash, now, about)
        for name, role, used_at in ask({"token": token_hash, "now": now}).actor:
            return Actor(name, Role(role), used_at=used_at)
        return None

    @property
    def _alone(self) -> Executes:
        return _Alone(self._lane, self._connection)

    def _told(self, wanted: ExecutionFilter, ask: _Asks) -> _Told:
        """Return a list, and the row that is the answer to what `ask` makes of it."""
        for _ in range(_TRIES):
            assuming = Assuming(self._alone, self._lane.known)
            ahead = BoundedList(wanted, assuming, self._lane.edges)
            row = assuming.ask(*ask(ahead))
            if assuming.held(row):
                break
        return ahead, row

    def _told_alone(self, wanted: ExecutionFilter, values: _Values, asked: _Asks) -> _Told:
        """Return the same for what is asked of a list with nothing around it but whose session it is."""

        def ask(ahead: BoundedList) -> tuple[Kept, _Values]:
            query, more = asked(ahead) if ahead.parts else (None, {})
            return Kept(_with_actor, query), {**values, **more}

        return self._told(wanted, ask)

    def _ask_page(self, *asked: Any) -> Any:
        wanted, limit, before, after, offset, values = asked
        ahead, row = self._told_alone(
            wanted, values, lambda ahead: ahead.asked_page(limit, before, after, offset)
        )
        found = page_of(row.found, limit, ascends=after is not None) if ahead.parts else []
        self._answers[wanted, limit, before, after, offset] = found
        return row

    def _ask_newer(self, wanted: ExecutionFilter, execution_id: int, values: _Values) -> Any:
        ahead, row = self._told_alone(wanted, values, lambda ahead: ahead.asked_newer(execution_id))
        self._answers["newer", wanted, execution_id] = int(row.found[0][0]) if ahead.parts else 0
        return row

    def _ask_glance(self, wanted: ExecutionFilter, limit: int, before: int | None, values: _Values) -> Any:
        def ask(ahead: BoundedList) -> tuple[Kept, _Values]:
            page, more = ahead.asked_page(limit, before, None, 0) if ahead.parts else (None, {})
            kind = Reach(ahead.floor[0]).kind
            statement = Kept(_with_header, page, ahead.narrow.kind, ahead.parts, kind)
            return statement, {**values, **more, **({"start": ahead.edge[1]} if ahead.parts else {})}

        ahead, row = self._told(wanted, ask)
        counts = counts_of(row.counts)
        self._answers |= {
            ("counts",): counts,
            ("workers",): [worker_seen(_Worker(*each)) for each in row.workers],
            ("extent", wanted): _extent(ahead, wanted, counts, row),
            (wanted, limit, before, None, 0): page_of(row.found, limit) if ahead.parts else [],
        }
        return row

    def _ask_story(self, execution_id: int, entries: int, values: _Values) -> Any:
        asked = {**values, "wanted": execution_id, "entries": entries}
        row = self._alone.execute(_STORY, asked).one()
        about = AuditFilter(execution_id=execution_id)
        self._answers |= {
            ("execution", execution_id): [details_of(each) for each in row.details],
            ("lineage", execution_id): [execution_of(each) for each in row.lineage],
            ("output", execution_id): output_of(_Part(*each) for each in row.output),
            ("audit", entries, None, about): [shown(_Entry(*each)) for each in row.audit],
        }
        return row

    def execution(self, execution_id: int) -> ExecutionDetails | None:
        """Return one execution with its snapshot."""
        known: list[ExecutionDetails] | None = self._answers.get(("execution", execution_id))
        return super().execution(execution_id) if known is None else next(iter(known), None)

    def lineage(self, execution_id: int) -> Sequence[Execution]:
        """Return the line of retries that an execution stands in, oldest first."""
        known: Sequence[Execution] | None = self._answers.get(("lineage", execution_id))
        return super().lineage(execution_id) if known is None else known

    def output(self, execution_id: int) -> StoredOutput:
        """Return what an execution printed."""
        known: StoredOutput | None = self._answers.get(("output", execution_id))
        return super().output(execution_id) if known is None else known

    def audit_entries(
        self, limit: int, before: int | None = None, wanted: AuditFilter = EVERY_ENTRY
    ) -> Sequence[AuditEntry]:
        """Return audit entries newest first."""
        known: Sequence[AuditEntry] | None = self._answers.get(("audit", limit, before, wanted))
        return super().audit_entries(limit, before, wanted) if known is None else known

    def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        """Count the matching executions with a greater id."""
        known: int | None = self._answers.get(("newer", wanted, execution_id))
        return super().newer(wanted, execution_id) if known is None else known

    def counts(self) -> dict[Status, int]:
        """Return the maintained counters."""
        known: dict[Status, int] | None = self._answers.get(("counts",))
        return super().counts() if known is None else known

    def workers(self) -> Sequence[WorkerSeen]:
        """Return every registered worker by name."""
        known: Sequence[WorkerSeen] | None = self._answers.get(("workers",))
        return super().workers() if known is None else known

    def extent(self, wanted: ExecutionFilter) -> Extent:
        """Count what matches."""
        known: Extent | None = self._answers.get(("extent", wanted))
        return super().extent(wanted) if known is None else known

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
        known: Sequence[Execution] | None = self._answers.get((wanted, limit, before, after, offset))
        if known is not None:
            return known
        return super().executions(wanted, limit, before=before, after=after, offset=offset)


def _extent(ahead: BoundedList, wanted: ExecutionFilter, counts: Mapping[Status, int], row: Any) -> Extent:
    if not ahead.parts:
        return Extent(0)
    if not ahead.narrow.is_counted:
        [counted] = row.extent
        return ahead.extent_of(*counted)
    if ahead.narrow.is_plain:
        return Extent(sum(counts[status] for status in wanted.statuses or Status), row.newest)
    return Extent(ahead.edge[0] + int(row.total), row.newest)
