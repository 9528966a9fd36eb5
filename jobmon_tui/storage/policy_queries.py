"""What reports' policies ask of claims and outcomes: limits, automatic retries, lost ones queued anew."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import (
    BindParameter,
    Text,
    TextClause,
    bindparam,
    func,
    literal_column,
    select,
    text,
    union_all,
)

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.automation import Step, after_failure, follow_up, is_lost_too_often
from jobmon_tui.domain.execution import AUTOMATION, Execution, ExecutionDetails
from jobmon_tui.domain.roles import SYSTEM_ROLE, Verb
from jobmon_tui.storage.audit_queries import AuditQueries
from jobmon_tui.storage.column_types import BIG, UtcText
from jobmon_tui.storage.execution_queries import ExecutionQueries
from jobmon_tui.storage.schedule_queries import ScheduleQueries
from jobmon_tui.storage.tables import executions, report_states, reports

LOST_TOO_OFTEN = "lost too often in a row, not queued again"
_ORIGIN = "scheduler"
_spread = random.SystemRandom().uniform
# Written out: a partial index is used only where its own words stand in the query.
_queued = executions.c.status == literal_column("'Queued'")
_running = executions.c.status == literal_column("'Running'")
_LIMITS = union_all(
    select(reports.c.id, reports.c.max_concurrent).where(reports.c.max_concurrent.is_not(None)),
    select(report_states.c.configuration_id, report_states.c.max_concurrent).where(
        report_states.c.max_concurrent.is_not(None)
    ),
)
NO_LIMITS = " AND ".join(
    f"NOT EXISTS (SELECT 1 FROM {table} WHERE max_concurrent IS NOT NULL)"  # noqa: S608 - two constants
    for table in (reports.name, report_states.name)
)
"""No report has a limit. So it is most often, and then one statement is enough where it asks this itself."""


@dataclass(slots=True)
class Asker:
    """Who looks for work, and in which queues; in all of them where none is named.

    `sees` are the queues where something waited whenever this asker looked around; at `sees_until`, on the
    monotonic clock, it must do so again: on PostgreSQL that is a trip of its own. At `sweeps_at` it looks for
    what waits there and was never handed to anybody.
    """

    queues: tuple[str, ...] = ()
    id: UUID = field(default_factory=uuid4)
    sees: Sequence[str] = ()
    sees_until: float = 0.0
    sweeps_at: float = 0.0


ANYBODY: Final = Asker()
Place = tuple[int, int]
"""An execution's id and its priority, which say when its turn is."""


class Ready:
    """The ready executions in the order in which they are claimed.

    As text for INDEXED BY alone: left to itself SQLite sorts all that is Queued, 60 ms where 100,000 are.
    """

    def __init__(self, hint: str, in_queue: bool = False) -> None:
        """`hint` stands after the table's name. `in_queue` narrows it to the queue that is given."""
        self._hint = hint
        self._in_queue = "AND queue = :queue" if in_queue else ""
        self.without_limits = self._text(f"AND {NO_LIMITS}")
        self.but = self._text(
            "AND configuration_id NOT IN :reports", bindparam("reports", expanding=True, type_=BIG)
        )
        self.of = self._text("AND configuration_id = :report", bindparam("report", type_=BIG))

    def _text(self, narrowed: str, *bound: BindParameter[Any]) -> TextClause:
        head = f"SELECT id, priority FROM job_execution_log {self._hint} WHERE status = 'Queued'"  # noqa: S608
        rest = "AND (not_before IS NULL OR not_before <= :now) ORDER BY priority DESC, id LIMIT :most"
        values: list[BindParameter[Any]] = [
            bindparam("now", type_=UtcText),
            bindparam("most", type_=BIG),
            *bound,
        ]
        if self._in_queue:
            values.append(bindparam("queue", type_=Text()))
        return text(f"{head} {self._in_queue} {narrowed} {rest}").bindparams(*values)


def _order(place: Place) -> tuple[int, int]:
    execution_id, priority = place
    return -priority, execution_id


def first_of_all(places: Iterable[Place], most: int) -> Sequence[int]:
    """Return the ids of the first of these, highest priority first, then oldest first."""
    return [int(execution_id) for execution_id, _ in sorted(places, key=_order)[:most]]


_SNAPSHOT = select(executions.c.configuration).where(executions.c.id == bindparam("wanted"))
_NEXT_ID = text("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'job_execution_log'")


class PolicyQueries(ExecutionQueries, AuditQueries, ScheduleQueries):
    """The part of a transaction that keeps to reports' policies."""

    ready = Ready("INDEXED BY ix_execution_ready")
    ready_in_queue = Ready("INDEXED BY ix_execution_queue", in_queue=True)

    # Limits

    def _limits(self) -> Mapping[int, int]:
        """Return how many executions of a report run at once, by its id, where there is a limit."""
        return {int(report_id): int(most) for report_id, most in self._connection.execute(_LIMITS)}

    def _room(self) -> Mapping[int, int]:
        """Return how many more executions may start, by report, where there is a limit."""
        limits = self._limits()
        if not limits:
            return limits
        counted = (
            select(executions.c.configuration_id, func.count())
            .where(_running, executions.c.configuration_id.in_(limits))
            .group_by(executions.c.configuration_id)
        )
        running = {int(report_id): int(count) for report_id, count in self._connection.execute(counted)}
        return {report_id: max(0, most - running.get(report_id, 0)) for report_id, most in limits.items()}

    def limit_of(self, execution: Execution) -> tuple[int, int] | None:
        """Return how many executions of the same report run, and how many may; None without a limit."""
        most = self._limits().get(execution.configuration_id)
        if most is None:
            return None
        return most - self._room()[execution.configuration_id], most

    def offer(self, limit: int, now: datetime, by: Asker = ANYBODY) -> Sequence[int]:
        """Return the ids of ready executions, highest priority first, then oldest first.

        Of a report with a limit only as many as may start: others must not stand in the way.
        """
        values = {"now": now, "most": limit}
        found = self._each_queue("without_limits", by, values)
        if not found and (room := self._room()):
            found = self._each_queue("but", by, {**values, "reports": list(room)})
            found += self._with_limits(room, by, values)
        return first_of_all(found, limit)

    def _each_queue(self, which: str, by: Asker, values: Mapping[str, Any]) -> list[Place]:
        if not by.queues:
            return [*self._connection.execute(getattr(self.ready, which), values)]
        query = getattr(self.ready_in_queue, which)
        return [
            row for each in by.queues for row in self._connection.execute(query, {**values, "queue": each})
        ]

    def _with_limits(self, room: Mapping[int, int], by: Asker, values: Mapping[str, Any]) -> list[Place]:
        """Return what is ready of each report that has a limit, as many as there is room for."""
        found: list[Place] = []
        for report_id, more in room.items():
            if more:
                most = min(values["most"], more)
                of_report = self._each_queue("of", by, {**values, "most": most, "report": report_id})
                found += sorted(of_report, key=_order)[:most]
        return found

    def within_limits(self, ids: Sequence[int]) -> Sequence[int]:
        """Return those of `ids` that may start now, in their order; in the transaction that starts them."""
        room = dict(self._room())
        if not room:
            return ids
        query = select(executions.c.id, executions.c.configuration_id).where(
            executions.c.id.in_(ids), _queued, executions.c.configuration_id.in_(room)
        )
        limited = {int(row.id): int(row.configuration_id) for row in self._connection.execute(query)}
        allowed = []
        for each in ids:
            report_id = limited.get(each)
            if report_id is not None:
                if not room[report_id]:
                    continue
                room[report_id] -= 1
            allowed.append(each)
        return allowed

    # After a failure

    def _line(self, execution: Execution) -> Sequence[Step]:
        """Return an execution and what it retried, newest first."""
        if execution.retry_of is None:
            return [Step(execution.trigger.value, execution.requested_by, execution.not_before)]
        columns = (
            executions.c.id,
            executions.c.retry_of,
            executions.c.trigger,
            executions.c.requested_by,
            executions.c.not_before,
        )
        line = select(*columns).where(executions.c.id == execution.id).cte("line", recursive=True)
        line = line.union_all(select(*columns).join(line, executions.c.id == line.c.retry_of))
        query = select(line.c.trigger, line.c.requested_by, line.c.not_before).order_by(line.c.id.desc())
        return [
            Step(row.trigger, row.requested_by, row.not_before) for row in self._connection.execute(query)
        ]

    def lost_words(self, execution_id: int, reason: str) -> str:
        """Return what a lost execution's error says; it says so where it will not be queued anew."""
        details = self._known(execution_id)
        policies = after_failure(details.configuration)
        if policies.on_lost == "requeue" and is_lost_too_often(policies, self._line(details.execution)):
            return f"{reason}; {LOST_TOO_OFTEN}"
        return reason

    def queue_again(self, execution_id: int, now: datetime, *, lost: bool = False) -> int | None:
        """Queue what a report's policies say after this execution has failed, and audit it.

        Returns the new id, None where nothing was queued. In the transaction that ended it.
        """
        snapshot = self._connection.execute(_SNAPSHOT, {"wanted": execution_id}).scalar_one()
        policies = after_failure(snapshot)
        if not policies.max_retries and not (lost and policies.on_lost == "requeue"):
            return None
        details = self._known(execution_id)
        line = self._line(details.execution)
        following = follow_up(details, line, lost=lost, now=now, spread=_spread(-1.0, 1.0))
        if following is None:
            return None
        new_id = self.add_execution(following.new)
        self.add_audit(
            NewAuditEntry(
                now,
                AUTOMATION,
                SYSTEM_ROLE,
                Verb.RETRY.value,
                "allowed",
                None,
                execution_id,
                new_id,
                _ORIGIN,
                following.details,
            )
        )
        return new_id

    def _known(self, execution_id: int) -> ExecutionDetails:
        details = self.execution(execution_id)
        if details is None:
            raise RuntimeError("the execution that just ended is gone")
        return details

    # A manual retry in the place of an automatic one

    def next_execution_id(self) -> int:
        """Return the id that the next `add_execution` of this transaction will give."""
        return int(self._connection.execute(_NEXT_ID).scalar_one_or_none() or 1)
