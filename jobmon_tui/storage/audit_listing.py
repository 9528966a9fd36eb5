"""Which rows of the audit log a filter means, so that each is found by an index."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.execution import GREATEST_ID
from jobmon_tui.storage.column_types import BIG
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import audit_log

NEAR: Final = 10_000
"""With up to so many entries since a time the oldest is looked up; so many after a time are passed over."""
_SINCE = (
    select(audit_log.c.id)
    .where(audit_log.c.at >= bindparam("since", type_=audit_log.c.at.type))
    .order_by(audit_log.c.at.desc())
    .limit(NEAR + 1)
    .subquery()
)
_LEAST_SINCE = select(func.min(_SINCE.c.id).label("least"), func.count().label("n"))
_AFTER = (
    select(audit_log.c.id)
    .where(audit_log.c.at > bindparam("until", type_=audit_log.c.at.type))
    .order_by(audit_log.c.at.desc())
    .limit(NEAR + 1)
    .subquery()
)
_COUNT_AFTER = select(func.count()).select_from(_AFTER)
# Added to, for else PostgreSQL would walk back through the whole log by its key.
_GREATEST_UNTIL = select(func.max(audit_log.c.id + 0)).where(
    audit_log.c.at <= bindparam("until", type_=audit_log.c.at.type)
)


class _Unindexed(ColumnElement[datetime]):
    """The time of an entry where rows come in the order of their ids: of no use for an index by time."""

    inherit_cache = True
    type = audit_log.c.at.type
    _traverse_internals: list[Any] = []  # noqa: RUF012 - SQLAlchemy's own type


@compiles(_Unindexed)
def _plus(_element: _Unindexed, _compiler: SQLCompiler, **_options: Any) -> str:
    return "+audit_log.at"


@compiles(_Unindexed, "postgresql")
def _plus_nothing(_element: _Unindexed, _compiler: SQLCompiler, **_options: Any) -> str:
    return "(audit_log.at + interval '0')"


def about(execution_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return what is true of an entry that is about an execution, or about the one that made it."""
    log = audit_log.c
    # Each by its own index; joined with OR, SQLite reads the whole log.
    old = select(log.id).where(log.execution_id == execution_id)
    new = select(log.id).where(log.new_execution_id == execution_id)
    is_one: ColumnElement[bool] = log.id.in_(old.union(new))
    return is_one


def narrowed(
    connection: Executes, query: Select[Any], wanted: AuditFilter, before: int | None
) -> Select[Any]:
    """Return the query, of the newest first, with the filter's conditions and below the id `before`.

    Entries are numbered as they are committed, and have the time of the clock of whoever wrote them, so that
    the one follows the other only roughly: within how many ids a time lies is asked of the index by time.
    """
    log = audit_log.c
    greatest = GREATEST_ID if before is None else before - 1
    if wanted.since is not None:
        query = query.where(_Unindexed() >= wanted.since)
        since = connection.execute(_LEAST_SINCE, {"since": wanted.since}).one()
        if since.n <= NEAR:
            query = query.where(log.id >= (GREATEST_ID if since.least is None else int(since.least)))
    if wanted.until is not None:
        query = query.where(_Unindexed() <= wanted.until)
        # Of the pages that follow each begins where the one before it has ended.
        if before is None and connection.execute(_COUNT_AFTER, {"until": wanted.until}).scalar_one() > NEAR:
            greatest = int(connection.execute(_GREATEST_UNTIL, {"until": wanted.until}).scalar() or 0)
    if wanted.actor is not None:
        query = query.where(log.actor == wanted.actor)
    if wanted.action is not None:
        query = query.where(log.action == wanted.action)
    if wanted.outcome == "refused":
        # In the words of its index.
        query = query.where(log.outcome == literal_column("'refused'"))
    elif wanted.outcome is not None:
        query = query.where(log.outcome == wanted.outcome)
    if wanted.execution_id is not None:
        query = query.where(about(literal(wanted.execution_id, BIG)))
    return query.where(log.id <= greatest).order_by(log.id.desc())
