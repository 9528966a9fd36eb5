"""A list's filter as the database understands it: which rows of `job_execution_log` it lets through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, text

from jobmon_tui.domain.execution import AUTOMATION, SYSTEM, Status
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.ports import ExecutionFilter
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import accounts, executions
from jobmon_tui.storage.text_match import HasPart

# Step by step from one report's name to the next: DISTINCT would read the whole index.
_NAMES = text(
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


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What narrows a list; None and an empty `statuses` do not. `names` and `people` are exact."""

    statuses: Sequence[Status] = ()
    names: Sequence[str] | None = None
    people: Sequence[str] | None = None
    since: datetime | None = None
    error: str | None = None

    @property
    def matches_nothing(self) -> bool:
        """True where no execution can match, so that nothing needs to be asked."""
        no_error = self.error is not None and not self.statuses
        return no_error or self.names == []

    def parts(self) -> Iterator["Narrowing"]:
        """Give it in parts of one status and one report each: an index has each of them in order."""
        for status in self.statuses or (None,):
            for name in self.names or (None,):
                yield replace(
                    self,
                    statuses=() if status is None else (status,),
                    names=None if name is None else (name,),
                )

    def on(self, query: Select[Any]) -> Select[Any]:
        """Narrow a query on executions."""
        return query.where(*self._conditions())

    def _conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.statuses:
            yield executions.c.status.in_([each.value for each in self.statuses])
        if self.names is not None:
            yield executions.c.report.in_(self.names)
        if self.people is not None:
            yield executions.c.requested_by.in_(self.people)
        if self.since is not None:
            yield executions.c.queued_at >= self.since
        if self.error is not None:
            yield HasPart(executions.c.error, self.error)


def narrowing(wanted: ExecutionFilter, connection: Executes) -> Narrowing:
    """Return what a filter lets through; names of reports and accounts are looked up."""
    statuses = wanted.statuses
    if wanted.error:
        statuses = (statuses or frozenset(Status)) & {Status.FAILED}
    return Narrowing(
        sorted(statuses),
        _names(wanted, connection),
        _people(wanted.by, connection) if wanted.by else None,
        wanted.since,
        # As it is stored: on one line.
        one_line(wanted.error) if wanted.error else None,
    )


def _names(wanted: ExecutionFilter, connection: Executes) -> Sequence[str] | None:
    if not wanted.search:
        return None if wanted.report is None else [clean(wanted.report)]
    # Compared here: SQLite knows the case of ASCII alone, and no index serves a part of a name.
    part = clean(wanted.search).casefold()
    known = (
        [str(row.report) for row in connection.execute(_NAMES)]
        if wanted.report is None
        else [clean(wanted.report)]
    )
    return [name for name in known if part in name.casefold()]


def _people(by: str, connection: Executes) -> Sequence[str]:
    # Accounts are never deleted, so that all who ever asked for one are there: few, next to executions.
    asked = one_line(by)
    known = [str(row.name) for row in connection.execute(select(accounts.c.name))]
    same = [name for name in (*known, AUTOMATION, SYSTEM) if name.casefold() == asked.casefold()]
    return sorted({asked, *same})
