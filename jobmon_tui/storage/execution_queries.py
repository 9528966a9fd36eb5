"""Queries on executions, written once in SQLAlchemy Core on the SQLModel tables; they run on any backend."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, insert, select, update

from jobmon_tui.domain.execution import (
    ConfigurationState,
    Execution,
    ExecutionDetails,
    NewExecution,
    Status,
    Trigger,
)
from jobmon_tui.services.ports import ExecutionFilter
from jobmon_tui.storage.tables import cancel_requests, executions, reports, status_counts

_LINEAGE_LIMIT = 100
_state = case(
    (reports.c.id.is_(None), "deleted"),
    (reports.c.version == executions.c.configuration_version, "unchanged"),
    else_="changed",
).label("configuration_state")
_listed = (
    executions.c.id,
    executions.c.report,
    executions.c.status,
    executions.c.trigger,
    executions.c.requested_by,
    executions.c.retry_of,
    executions.c.attempt,
    executions.c.queued_at,
    executions.c.started_at,
    executions.c.finished_at,
    executions.c.duration_ms,
    executions.c.worker,
    executions.c.configuration_id,
    executions.c.configuration_version,
    _state,
    executions.c.error,
    executions.c.output_path,
)
_joined = executions.outerjoin(reports, reports.c.id == executions.c.configuration_id)
_list: Select[Any] = select(*_listed).select_from(_joined)
_details: Select[Any] = select(
    *_listed,
    executions.c.configuration,
    executions.c.error_detail,
    executions.c.queue,
    executions.c.priority,
).select_from(_joined)
_active = executions.c.status.in_([Status.QUEUED.value, Status.RUNNING.value])


def _execution(row: Row[Any]) -> Execution:
    values = row._mapping  # noqa: SLF001  # SQLAlchemy's documented name for a row as a mapping
    listed = {column.name: values[column.name] for column in _listed}
    listed["status"] = Status(listed["status"])
    listed["trigger"] = Trigger(listed["trigger"])
    listed["configuration_state"] = ConfigurationState(listed["configuration_state"])
    return Execution(**listed)


class ExecutionQueries:
    """The part of a transaction that reads and writes executions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _one(self, query: Select[Any]) -> Execution | None:
        row = self._connection.execute(query).first()
        return None if row is None else _execution(row)

    def execution(self, execution_id: int) -> ExecutionDetails | None:
        """Return one execution with its snapshot."""
        row = self._connection.execute(_details.where(executions.c.id == execution_id)).first()
        if row is None:
            return None
        return ExecutionDetails(_execution(row), row.configuration, row.error_detail, row.queue, row.priority)

    def active_child(self, execution_id: int) -> Execution | None:
        """Return the Queued or Running retry of an execution."""
        return self._one(_list.where(executions.c.retry_of == execution_id, _active))

    def retry_with_key(self, actor: str, execution_id: int, key: str) -> Execution | None:
        """Return what this actor's retry with this key made."""
        return self._one(
            _list.where(
                executions.c.retry_of == execution_id,
                executions.c.requested_by == actor,
                executions.c.idempotency_key == key,
            )
        )

    def add_execution(self, new: NewExecution) -> int:
        """Queue an execution and return its id."""
        values = {field: getattr(new, field) for field in new.__dataclass_fields__}
        added = self._connection.execute(
            insert(executions)
            .values(**values, status=Status.QUEUED.value, fencing_token=0)
            .returning(executions.c.id)
        )
        return int(added.scalar_one())

    def cancel_queued(self, execution_id: int, reason: str, now: datetime) -> bool:
        """Move a Queued execution to Cancelled."""
        done = self._connection.execute(
            update(executions)
            .where(executions.c.id == execution_id, executions.c.status == Status.QUEUED.value)
            .values(status=Status.CANCELLED.value, finished_at=now, error=reason)
        )
        return done.rowcount == 1

    def request_cancel(self, execution_id: int, actor: str, now: datetime) -> None:
        """Leave a request for the worker; a second one changes nothing."""
        asked = select(cancel_requests.c.execution_id).where(cancel_requests.c.execution_id == execution_id)
        if self._connection.execute(asked).first() is None:
            self._connection.execute(
                insert(cancel_requests).values(
                    execution_id=execution_id, requested_by=actor, requested_at=now
                )
            )

    def executions(self, wanted: ExecutionFilter, limit: int, before: int | None) -> Sequence[Execution]:
        """Return executions newest first, by keyset."""
        query = _list.order_by(executions.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(executions.c.id < before)
        if wanted.statuses:
            query = query.where(executions.c.status.in_(sorted(wanted.statuses)))
        if wanted.report is not None:
            query = query.where(executions.c.report == wanted.report)
        if wanted.search:
            query = query.where(
                func.lower(executions.c.report).contains(wanted.search.lower(), autoescape=True)
            )
        if wanted.since is not None:
            query = query.where(executions.c.queued_at >= wanted.since)
        return [_execution(row) for row in self._connection.execute(query)]

    def counts(self) -> dict[Status, int]:
        """Return the maintained counters."""
        query = select(status_counts.c.status, func.sum(status_counts.c.n)).group_by(status_counts.c.status)
        counted = {Status(status): int(n) for status, n in self._connection.execute(query)}
        return {status: counted.get(status, 0) for status in Status}

    def lineage(self, execution_id: int) -> Sequence[Execution]:
        """Return the line of retries that an execution stands in, oldest first, at most 100 of them."""
        steps = select(executions.c.id, executions.c.retry_of).where(executions.c.id == execution_id)
        up = steps.cte("ancestors", recursive=True)
        up = up.union_all(
            select(executions.c.id, executions.c.retry_of).join(up, executions.c.id == up.c.retry_of)
        )
        root = self._connection.execute(select(func.min(up.c.id))).scalar()
        down = select(executions.c.id).where(executions.c.id == root).cte("line", recursive=True)
        down = down.union_all(select(executions.c.id).join(down, executions.c.retry_of == down.c.id))
        query = (
            _list.where(executions.c.id.in_(select(down.c.id)))
            .order_by(executions.c.id)
            .limit(_LINEAGE_LIMIT)
        )
        return [_execution(row) for row in self._connection.execute(query)]
