"""What must be true of the rows themselves, whatever the backend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Executable, Select, and_, func, or_, select

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.chain import ChainReport
from jobmon_tui.storage.listing.block_rules import wrong_blocks
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import executions, outputs, status_counts

_FINISHED: Final = sorted({Status.SUCCEEDED.value, Status.FAILED.value, Status.CANCELLED.value})
_ACTIVE: Final = sorted({Status.QUEUED.value, Status.RUNNING.value})
_parent = executions.alias("parent")


def _bad(condition: Any, column: Any = executions.c.id) -> Select[Any]:
    return select(func.count().label("n"), func.min(column).label("first")).where(condition)


_active_retries = (
    select(executions.c.retry_of)
    .where(executions.c.retry_of.is_not(None), executions.c.status.in_(_ACTIVE))
    .group_by(executions.c.retry_of)
    .having(func.count() > 1)
    .subquery()
)
_RULES: Final[Sequence[tuple[str, Executable]]] = (
    (
        "finished executions without the time when they ended",
        _bad(executions.c.status.in_(_FINISHED) & executions.c.finished_at.is_(None)),
    ),
    (
        "Running executions without a worker",
        _bad((executions.c.status == Status.RUNNING.value) & executions.c.worker.is_(None)),
    ),
    (
        "retries of an execution that is not there, or did not fail",
        _bad(
            and_(
                executions.c.retry_of.is_not(None),
                or_(_parent.c.id.is_(None), _parent.c.status != Status.FAILED.value),
            )
        ).select_from(executions.outerjoin(_parent, _parent.c.id == executions.c.retry_of)),
    ),
    (
        "executions with more than one retry under way",
        select(func.count().label("n"), func.min(_active_retries.c.retry_of).label("first")),
    ),
    (
        "parts of output that belong to no execution",
        _bad(outputs.c.execution_id.not_in(select(executions.c.id)), outputs.c.execution_id),
    ),
)


def counted_rows(connection: Executes) -> Mapping[str, int]:
    """Return how many executions there are, by status; statuses without any are left out."""
    query = select(executions.c.status, func.count().label("n")).group_by(executions.c.status)
    return {row.status: int(row.n) for row in connection.execute(query)}


def counters(connection: Executes) -> Mapping[str, int]:
    """Return what the counters say of the same."""
    n = func.sum(status_counts.c.n)
    query = select(status_counts.c.status, n.label("n")).group_by(status_counts.c.status).having(n != 0)
    return {row.status: int(row.n) for row in connection.execute(query)}


def broken_rules(connection: Executes) -> list[str]:
    """Return one line for each thing that is wrong. To be asked on a snapshot."""
    found: list[str] = []
    for what, query in _RULES:
        row = connection.execute(query).one()
        if row.n:
            found.append(f"{row.n:,} {what}, the first is #{row.first}")
    rows, counts = counted_rows(connection), counters(connection)
    found += wrong_blocks(connection)
    return found + [
        f"{rows.get(status, 0):,} executions are {status}, the counter says {counts.get(status, 0):,}"
        for status in sorted({*rows, *counts})
        if rows.get(status, 0) != counts.get(status, 0)
    ]


@dataclass(frozen=True, slots=True)
class Health:
    """What was found: one line for each problem, and the audit log's chain where it could be read."""

    problems: Sequence[str]
    chain: ChainReport | None

    @property
    def is_good(self) -> bool:
        """True where nothing is wrong."""
        return not self.problems and self.chain is not None and self.chain.first_bad is None
