"""Queries on single executions, written once in SQLAlchemy Core on the SQLModel tables, for any backend."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, insert, or_, select, update

from jobmon_tui.domain.execution import GREATEST_ID, Execution, ExecutionDetails, NewExecution, Status
from jobmon_tui.storage.execution_rows import DETAILS, LIST, details_of, execution_of, found_as
from jobmon_tui.storage.listing.queries import ListingQueries
from jobmon_tui.storage.tables import cancel_requests, executions

# The statements of a retry are built once: putting one together costs more than running it.
ONE: Select[Any] = DETAILS.where(executions.c.id == bindparam("wanted"))
"""One execution with its snapshot."""
_ACTIVE_CHILD = LIST.where(
    executions.c.retry_of == bindparam("wanted"), or_(found_as(Status.QUEUED), found_as(Status.RUNNING))
)
ACTIVE_CHILD_LOCKED: Select[Any] = _ACTIVE_CHILD.with_for_update(key_share=True, of=executions)
"""The same, which nobody else can start or cancel meanwhile."""
_WITH_KEY = LIST.where(
    executions.c.requested_by == bindparam("actor"), executions.c.idempotency_key == bindparam("key")
)
_CHILD_WITH_KEY = _WITH_KEY.where(executions.c.retry_of == bindparam("wanted"))
_RUN_WITH_KEY = _WITH_KEY.where(executions.c.retry_of.is_(None))
_ADD = insert(executions).returning(executions.c.id)


class ExecutionQueries(ListingQueries):
    """The part of a transaction that reads and writes executions."""

    one_execution: Select[Any] = ONE
    one_active_child: Select[Any] = _ACTIVE_CHILD

    def _one(self, query: Select[Any], **values: object) -> Execution | None:
        row = self._connection.execute(query, values).first()
        return None if row is None else execution_of(row)

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
