"""Which executions are old enough to go, and how they are deleted.

A line of retries is deleted whole or not at all: what stays never names an execution that is gone, and a
failure that stays keeps what came of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same words

from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.execution import Status
from jobmon_tui.storage.column_types import OneOf
from jobmon_tui.storage.on_connection import OnConnection
from jobmon_tui.storage.tables import cancel_requests, executions, outputs, retention_passes

_SLICE: Final = 500
HELD_EXECUTIONS: Select[Any] = (
    select(executions.c.id)
    .where(OneOf(executions.c.id, "wanted"))
    .order_by(executions.c.id)
    .with_for_update()
)
"""These executions, which nobody else can retry until the transaction ends."""


def _roots() -> Select[Any]:
    start = select(executions.c.id.label("start"), executions.c.id, executions.c.retry_of)
    up = start.where(OneOf(executions.c.id, "wanted")).cte("up", recursive=True)
    up = up.union_all(
        select(up.c.start, executions.c.id, executions.c.retry_of).join(up, executions.c.id == up.c.retry_of)
    )
    # A retry is younger than what it retries: its id is greater.
    return select(func.min(up.c.id).label("root")).group_by(up.c.start).distinct()


def _lines() -> Select[Any]:
    columns = (executions.c.id, executions.c.status, executions.c.finished_at)
    top = select(executions.c.id.label("root"), *columns).where(OneOf(executions.c.id, "wanted"))
    down = top.cte("down", recursive=True)
    return select(
        down.union_all(select(down.c.root, *columns).join(down, executions.c.retry_of == down.c.id))
    )


# Built once, each with one array on PostgreSQL: five hundred ids written out take longer than deleting them.
_ROOTS = _roots()
_LINES = _lines()
_GONE = (
    delete(outputs).where(OneOf(outputs.c.execution_id, "wanted")),
    delete(cancel_requests).where(OneOf(cancel_requests.c.execution_id, "wanted")),
    delete(executions).where(OneOf(executions.c.id, "wanted")),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which executions go: those that finished before `before`; Failed ones only with `include_failed`."""

    before: datetime
    include_failed: bool = False

    @property
    def statuses(self) -> Sequence[Status]:
        """The statuses that go. Queued and Running never do."""
        final = (Status.SUCCEEDED, Status.CANCELLED)
        return (*final, Status.FAILED) if self.include_failed else final

    def takes(self, status: str, finished_at: datetime | None) -> bool:
        """Tell whether an execution is old enough, looked at by itself."""
        return status in self.statuses and finished_at is not None and finished_at < self.before

    def __str__(self) -> str:
        kept = "Failed ones too" if self.include_failed else "Failed ones stay"
        return f"executions that finished before {rfc3339(self.before)}; {kept}"


def _slices(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(ids), _SLICE):
        yield ids[at : at + _SLICE]


class RetentionQueries(OnConnection):
    """The part of a transaction that deletes executions."""

    def old_executions(self, status: Status, before: datetime, after: int, limit: int) -> Sequence[int]:
        """Return ids above `after`, ascending, of executions with this status that finished before that."""
        query = (
            select(executions.c.id)
            .where(executions.c.status == status.value, executions.c.id > after)
            .where(executions.c.finished_at < before)
            .order_by(executions.c.id)
            .limit(limit)
        )
        return [int(row.id) for row in self._connection.execute(query)]

    def to_prune(self, ids: Sequence[int], rule: Rule) -> Sequence[int]:
        """Return those of `ids` that go, and with each of them the whole line of retries it stands in."""
        staying: set[int] = set()
        lines: dict[int, list[int]] = {}
        for row in self._lines(self._roots(ids)):
            lines.setdefault(row.root, []).append(int(row.id))
            if not rule.takes(row.status, row.finished_at):
                staying.add(row.root)
        return [each for root, line in lines.items() if root not in staying for each in line]

    def _roots(self, ids: Sequence[int]) -> Sequence[int]:
        return [int(row.root) for row in self._connection.execute(_ROOTS, {"wanted": ids})]

    def _lines(self, roots: Sequence[int]) -> Sequence[Any]:
        return self._connection.execute(_LINES, {"wanted": roots}).all()

    def prune(self, ids: Sequence[int]) -> None:
        """Delete these executions with what hangs on them; the counters follow by a trigger."""
        self._connection.execute(insert(retention_passes).values(id=1).on_conflict_do_nothing())
        for some in _slices(ids):
            for gone in _GONE:
                self._connection.execute(gone, {"wanted": some})
        # In the same transaction: no other one may ever see executions that can be deleted.
        self._connection.execute(delete(retention_passes))
