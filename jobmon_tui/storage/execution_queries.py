"""Queries on executions, written once in SQLAlchemy Core on the SQLModel tables; they run on any backend."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    FromClause,
    Label,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    update,
)

from jobmon_tui.domain.execution import (
    GREATEST_ID,
    ConfigurationState,
    Execution,
    ExecutionDetails,
    NewExecution,
    Status,
    Trigger,
)
from jobmon_tui.services.ports import ExecutionFilter, StoredOutput
from jobmon_tui.storage.on_connection import OnConnection
from jobmon_tui.storage.tables import cancel_requests, executions, outputs, reports, status_counts

_LINEAGE_LIMIT = 100
_children = executions.alias("child")
_retried_by = (
    select(func.max(_children.c.id))
    .where(_children.c.retry_of == executions.c.id)
    .correlate(executions)
    .scalar_subquery()
    .label("retried_by")
)


def _of_newest_retry(column: str) -> Label[Any]:
    return (
        select(_children.c[column])
        .where(_children.c.retry_of == executions.c.id)
        .order_by(_children.c.id.desc())
        .limit(1)
        .correlate(executions)
        .scalar_subquery()
        .label(f"retried_by_{column}")
    )


# Locked where a decision hangs on it: an edit or a deletion waits until this transaction has ended.
_held = (
    select(reports.c.id, reports.c.version)
    .where(reports.c.id == executions.c.configuration_id)
    .with_for_update(read=True)
    .lateral("held")
)


def _state(report: FromClause) -> Label[Any]:
    return case(
        (report.c.id.is_(None), "deleted"),
        (report.c.version == executions.c.configuration_version, "unchanged"),
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
    _state(reports),
    executions.c.error,
    executions.c.output_path,
    _retried_by,
    _of_newest_retry("status"),
    executions.c.not_before,
    _of_newest_retry("not_before"),
)
_joined = executions.outerjoin(reports, reports.c.id == executions.c.configuration_id)
_list: Select[Any] = select(*_listed).select_from(_joined)
_wide = (
    executions.c.configuration,
    executions.c.error_detail,
    executions.c.queue,
    executions.c.priority,
    executions.c.output_rows,
    executions.c.output_size,
    executions.c.output_sha256,
)
_LISTED = frozenset(column.name for column in _listed)
_details: Select[Any] = select(*_listed, *_wide).select_from(_joined)
# Written out, not bound: a partial index is used only where its own words stand in the query.
_active = or_(*[executions.c.status == literal_column(f"'{status}'") for status in ("Queued", "Running")])
# The statements of a retry are built once: putting one together costs more than running it.
_ONE = _details.where(executions.c.id == bindparam("wanted"))
ONE_LOCKED: Select[Any] = (
    select(*(_state(_held) if column.name == "configuration_state" else column for column in _listed), *_wide)
    .select_from(executions.outerjoin(_held, true()))
    .where(executions.c.id == bindparam("wanted"))
    .with_for_update(key_share=True, of=executions)
)
"""One execution that nobody else can change or retry meanwhile, of a report that nobody can edit or delete.

For a backend where others write at the same time.
"""
_ACTIVE_CHILD = _list.where(executions.c.retry_of == bindparam("wanted"), _active)
ACTIVE_CHILD_LOCKED: Select[Any] = _ACTIVE_CHILD.with_for_update(key_share=True, of=executions)
"""The same, which nobody else can start or cancel meanwhile."""
_WITH_KEY = _list.where(
    executions.c.requested_by == bindparam("actor"), executions.c.idempotency_key == bindparam("key")
)
_CHILD_WITH_KEY = _WITH_KEY.where(executions.c.retry_of == bindparam("wanted"))
_RUN_WITH_KEY = _WITH_KEY.where(executions.c.retry_of.is_(None))
_ADD = insert(executions).returning(executions.c.id)


def _execution(row: Any) -> Execution:
    values = row._mapping  # noqa: SLF001  # SQLAlchemy's documented name for a row as a mapping
    listed = {name: values[name] for name in _LISTED}
    listed["status"] = Status(listed["status"])
    listed["trigger"] = Trigger(listed["trigger"])
    child = listed["retried_by_status"]
    listed["retried_by_status"] = None if child is None else Status(child)
    listed["configuration_state"] = ConfigurationState(listed["configuration_state"])
    return Execution(**listed)


def details_of(row: Any) -> ExecutionDetails:
    """Build an execution with its snapshot from a row of `ONE_LOCKED`, or of the same without the lock."""
    return ExecutionDetails(
        _execution(row),
        row.configuration,
        row.error_detail,
        row.queue,
        row.priority,
        row.output_rows,
        row.output_size,
        row.output_sha256,
    )


def _matching(query: Select[Any], wanted: ExecutionFilter) -> Select[Any]:
    if wanted.statuses:
        query = query.where(executions.c.status.in_(sorted(wanted.statuses)))
    if wanted.report is not None:
        query = query.where(executions.c.report == wanted.report)
    if wanted.search:
        query = query.where(func.lower(executions.c.report).contains(wanted.search.lower(), autoescape=True))
    if wanted.since is not None:
        query = query.where(executions.c.queued_at >= wanted.since)
    return query


class ExecutionQueries(OnConnection):
    """The part of a transaction that reads and writes executions."""

    one_execution: Select[Any] = _ONE
    one_active_child: Select[Any] = _ACTIVE_CHILD

    def _one(self, query: Select[Any], **values: object) -> Execution | None:
        row = self._connection.execute(query, values).first()
        return None if row is None else _execution(row)

    def execution(self, execution_id: int) -> ExecutionDetails | None:
        """Return one execution with its snapshot."""
        if abs(execution_id) > GREATEST_ID:
            return None
        row = self._connection.execute(self.one_execution, {"wanted": execution_id}).first()
        return None if row is None else details_of(row)

    def active_child(self, execution_id: int) -> Execution | None:
        """Return the Queued or Running retry of an execution."""
        return self._one(self.one_active_child, wanted=execution_id)

    def queued_with_key(self, actor: str, retry_of: int | None, key: str) -> Execution | None:
        """Return what this actor queued with this key."""
        if retry_of is None:
            return self._one(_RUN_WITH_KEY, actor=actor, key=key)
        return self._one(_CHILD_WITH_KEY, wanted=retry_of, actor=actor, key=key)

    def add_execution(self, new: NewExecution) -> int:
        """Queue an execution and return its id."""
        return self._insert_execution(new, {})

    def _insert_execution(self, new: NewExecution, more: Mapping[str, object]) -> int:
        values: dict[str, object] = {field: getattr(new, field) for field in new.__dataclass_fields__}
        queued = {"status": Status.QUEUED.value, "fencing_token": 0}
        return int(self._connection.execute(_ADD, {**values, **queued, **more}).scalar_one())

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
        query = _matching(_list, wanted).limit(limit).offset(offset)
        if before is not None:
            query = query.where(executions.c.id < before)
        if after is not None:
            oldest_first = query.where(executions.c.id > after).order_by(executions.c.id)
            return [_execution(row) for row in self._connection.execute(oldest_first)][::-1]
        return [_execution(row) for row in self._connection.execute(query.order_by(executions.c.id.desc()))]

    def latest_executions(self) -> Mapping[str, Execution]:
        """Return the newest execution of each report that there is."""
        # A look into the index for each report; grouped, it would read the whole index.
        newest = select(func.max(executions.c.id)).where(executions.c.report == reports.c.name)
        ids = select(newest.scalar_subquery()).select_from(reports)
        found = [_execution(row) for row in self._connection.execute(_list.where(executions.c.id.in_(ids)))]
        return {execution.report: execution for execution in found}

    def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        """Count the matching executions with a greater id."""
        query = _matching(select(func.count()).select_from(executions), wanted)
        return int(self._connection.execute(query.where(executions.c.id > execution_id)).scalar_one())

    def total(self, wanted: ExecutionFilter) -> int:
        """Count what matches; the counters know it where nothing but the status narrows."""
        if wanted == ExecutionFilter(wanted.statuses):
            counted = self.counts()
            return sum(counted[status] for status in wanted.statuses or Status)
        query = _matching(select(func.count()).select_from(executions), wanted)
        return int(self._connection.execute(query).scalar_one())

    def output(self, execution_id: int) -> StoredOutput:
        """Return what an execution printed."""
        query = select(outputs).where(outputs.c.execution_id == execution_id)
        parts = {row.part: row for row in self._connection.execute(query)}
        head, tail = parts.get("head"), parts.get("tail")
        return StoredOutput(
            head=head.body if head else "",
            tail=tail.body if tail else "",
            tail_start=tail.start if tail else 0,
            total=head.total if head else 0,
        )

    def queued_before(self, execution_id: int, now: datetime) -> int:
        """Count the ready executions that will be claimed before this Queued one."""
        this = executions.alias("this")
        ahead = or_(
            executions.c.priority > this.c.priority,
            and_(executions.c.priority == this.c.priority, executions.c.id < this.c.id),
        )
        query = (
            select(func.count())
            .select_from(executions.join(this, ahead))
            .where(
                this.c.id == execution_id,
                executions.c.status == Status.QUEUED.value,
                or_(executions.c.not_before.is_(None), executions.c.not_before <= now),
            )
        )
        return int(self._connection.execute(query).scalar_one())

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
