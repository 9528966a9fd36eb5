"""A list's filter as the database understands it: which rows of `job_execution_log` it lets through."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    column,
    literal,
    literal_column,
    select,
    text,
)

from jobmon_tui.domain.execution import AUTOMATION, SYSTEM, Status
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage.column_types import UtcText
from jobmon_tui.storage.late_indexes import LATE, AsIndexed
from jobmon_tui.storage.listing.text_match import HasPart
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import accounts, executions

SINCE: Final = bindparam("since", type_=UtcText)
"""The time of a filter that has one."""
_SOME_TIME = datetime.min.replace(tzinfo=UTC)
_SELDOM_ONES = frozenset({Status.FAILED, Status.CANCELLED})
# Step by step from one report's name to the next: DISTINCT would read the whole index.
NAMES: Final = select(
    text(
        """
WITH RECURSIVE named (report) AS (
  SELECT min(report) FROM job_execution_log
  UNION ALL
  SELECT (SELECT min(e.report) FROM job_execution_log AS e WHERE e.report > named.report)
  FROM named WHERE named.report IS NOT NULL
)
SELECT report FROM named WHERE report IS NOT NULL
"""
    )
    .columns(column("report", String))
    .subquery("each_name")
)
"""The names of all reports that ever ran."""
PEOPLE: Final = select(accounts.c.name)
"""All who have an account."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What narrows a list; None and an empty `statuses` do not. `names` and `people` are exact.

    One that `walks` looks at the reports' names of rows that it finds otherwise.
    """

    statuses: tuple[Status, ...] = ()
    names: tuple[str, ...] | None = None
    people: tuple[str, ...] | None = None
    since: datetime | None = None
    error: str | None = None
    walks: bool = False

    @property
    def values(self) -> Mapping[str, Any]:
        """What a statement of this `kind` wants to be told."""
        return {} if self.since is None else {"since": self.since}

    @property
    def kind(self) -> "Narrowing":
        """All that is alike has the same statement: the time of most filters moves along with the clock."""
        return self if self.since is None else replace(self, since=_SOME_TIME)

    @property
    def is_counted(self) -> bool:
        """True where the counts of blocks tell how many match: neither who asked nor an error narrows."""
        return self.people is None and self.error is None

    @property
    def is_plain(self) -> bool:
        """True where nothing but the status narrows: the counters of statuses know how many match."""
        return self.is_counted and self.names is None and self.since is None

    @property
    def matches_nothing(self) -> bool:
        """True where no execution can match, so that nothing needs to be asked."""
        no_error = self.error is not None and not self.statuses
        return no_error or self.names == ()

    def parts(self) -> Iterator["Narrowing"]:
        """Give it in parts of one status, report and person each: an index has each of them in order."""
        for status, name, person in product(
            self.statuses or (None,), self.names or (None,), self.people or (None,)
        ):
            yield replace(
                self,
                statuses=() if status is None else (status,),
                names=None if name is None else (name,),
                people=None if person is None else (person,),
            )

    def on(self, query: Select[Any]) -> Select[Any]:
        """Narrow a query on executions."""
        return query.where(*self._conditions())

    def _conditions(self) -> Iterator[ColumnElement[bool]]:
        if len(self.statuses) == 1:
            # Written out, so that an index of these alone serves (late_indexes), whatever the parameters.
            yield executions.c.status == literal_column(f"'{self.statuses[0]}'")
            if self.statuses[0] in _SELDOM_ONES and self.names is not None and not self.walks:
                yield AsIndexed(f"job_execution_log.{LATE['ix_execution_seldom'][1]}")
        elif self.statuses:
            yield executions.c.status.in_([literal_column(f"'{each}'") for each in self.statuses])
        if self.names is not None:
            # Written so, no index of reports serves.
            report = executions.c.report + literal_column("''") if self.walks else executions.c.report
            yield one_of(report, self.names)
        if self.people is not None:
            if AUTOMATION not in self.people:
                yield executions.c.requested_by != literal_column(f"'{AUTOMATION}'")
            yield one_of(executions.c.requested_by, self.people)
        if self.since is not None:
            yield executions.c.queued_at >= SINCE
        if self.error is not None:
            yield HasPart(executions.c.error, self.error)

    def candidates(self) -> "Iterator[Narrowing]":
        """Give what has to be read row by row, each in an index's order; nothing where no row has to be."""
        if self.people is not None:
            if self == Narrowing(people=self.people) and AUTOMATION not in self.people:
                return  # an index has just these
            # What schedules have asked for has no index: of it, as of all, the newest are looked at.
            for each in self.people:
                yield Narrowing(people=None if each == AUTOMATION else (each,))
        elif self.error is not None:
            one = self.names if self.names is not None and len(self.names) == 1 else None
            yield Narrowing((Status.FAILED,), names=one)


def one_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Return what is true where a column has one of these values, which are written out."""
    known = [_known(each) for each in values]
    return column == known[0] if len(known) == 1 else column.in_(known)


def _known(value: str) -> ColumnElement[str]:
    """Return a value that is written into the statement: how many rows it has decides on the index.

    PostgreSQL plans a statement that is asked again for values that it does not know: for a report without
    failures it walked over all that Failed, 1.2 s among 5,000,000 rows.
    """
    # A backslash means something where `standard_conforming_strings` is off, and "__[" to SQLAlchemy.
    is_plain = "\\" not in value and "__[" not in value
    return literal_column("'" + value.replace("'", "''") + "'", String) if is_plain else literal(value)


def narrowing(wanted: ExecutionFilter, connection: Executes) -> Narrowing:
    """Return what a filter lets through, without bounds; names are looked up."""
    statuses = wanted.statuses
    if wanted.error:
        statuses = (statuses or frozenset(Status)) & {Status.FAILED}
    return Narrowing(
        tuple(sorted(statuses)),
        _names(wanted, connection),
        _people(wanted.by, connection) if wanted.by else None,
        wanted.since,
        # As it is stored: on one line.
        one_line(wanted.error) if wanted.error else None,
    )


def _names(wanted: ExecutionFilter, connection: Executes) -> tuple[str, ...] | None:
    if not wanted.search:
        return None if wanted.report is None else (clean(wanted.report),)
    # Compared here: SQLite knows the case of ASCII alone, and no index serves a part of a name.
    part = clean(wanted.search).casefold()
    known = (
        [str(row.report) for row in connection.execute(NAMES)]
        if wanted.report is None
        else [clean(wanted.report)]
    )
    return tuple(name for name in known if part in name.casefold())


def _people(by: str, connection: Executes) -> tuple[str, ...]:
    # Accounts are never deleted, so that all who ever asked for one are there: few, next to executions.
    asked = one_line(by)
    known = [str(row.name) for row in connection.execute(PEOPLE)]
    same = [name for name in (*known, AUTOMATION, SYSTEM) if name.casefold() == asked.casefold()]
    return tuple(sorted({asked, *same}))
