"""Looking: lists, one execution with its story, the audit log."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter
from jobmon_tui.domain.errors import execution_not_found
from jobmon_tui.domain.execution import GREATEST_ID, Execution, ExecutionDetails, Status
from jobmon_tui.domain.roles import Verb
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller, may_look, utc_now
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.records import ExecutionFilter, HourCount, StoredOutput, WorkerSeen

T = TypeVar("T")
_ENTRIES: Final = 100
"""Of the audit log, that an execution's story shows at most."""


@dataclass(frozen=True, slots=True)
class ExecutionStory:
    """One execution with what stands around it."""

    details: ExecutionDetails
    lineage: Sequence[Execution]
    audit: Sequence[AuditEntry]
    output: StoredOutput
    waiting: str | None
    """Why a Queued execution waits; None for all others."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What the header shows: `counts` of everything, `total` and `newest` of what the filter matches.

    No row of the list has an id below `floor`; with `total_is_least` older ones may match too.
    """

    counts: Mapping[Status, int]
    total: int
    newest: int | None
    workers: Sequence[WorkerSeen]
    """The live ones only."""
    floor: int = 0
    total_is_least: bool = False


@dataclass(frozen=True, slots=True)
class Glance:
    """What a dashboard shows at one moment: the header, and rows of the list, newest first."""

    overview: Overview
    rows: Sequence[Execution]


async def _look(
    database: Database,
    caller: Caller,
    work: Callable[[Transaction], T],
    verb: Verb = Verb.VIEW,
    *,
    foresee: Callable[[Transaction], None] = lambda _transaction: None,
) -> T:
    """Ask who it is, then `work`; `foresee` tells beforehand what that will ask."""

    def unit(transaction: Transaction) -> T:
        foresee(transaction)
        may_look(transaction, caller, utc_now(), verb)
        return work(transaction)

    return await database.read(unit)


async def list_executions(
    database: Database,
    caller: Caller,
    wanted: ExecutionFilter,
    limit: int,
    *,
    before: int | None = None,
    after: int | None = None,
    offset: int = 0,
) -> Sequence[Execution]:
    """Return executions newest first, by keyset: below `before`, or the nearest above `after`."""

    return await _look(
        database,
        caller,
        lambda transaction: transaction.executions(wanted, limit, before=before, after=after, offset=offset),
        foresee=lambda transaction: transaction.foresee_page(wanted, limit, before, after, offset),
    )


async def count_newer(database: Database, caller: Caller, wanted: ExecutionFilter, execution_id: int) -> int:
    """Return how many matching executions are newer than this one."""
    # An id far beyond all others; what is counted by blocks looks some way beyond it.
    near = max(0, min(execution_id, GREATEST_ID // 2))
    return await _look(
        database,
        caller,
        lambda transaction: transaction.newer(wanted, near),
        foresee=lambda transaction: transaction.foresee_newer(wanted, near),
    )


async def overview(
    database: Database, caller: Caller, wanted: ExecutionFilter, liveness: Liveness
) -> Overview:
    """Return the counts, how many executions match, the newest of them, and the live workers."""
    return await _look(database, caller, lambda transaction: _overview(transaction, wanted, liveness))


def _overview(transaction: Transaction, wanted: ExecutionFilter, liveness: Liveness) -> Overview:
    extent = transaction.extent(wanted)
    return Overview(
        transaction.counts(),
        extent.total,
        extent.newest,
        liveness.alive(transaction.workers()),
        extent.floor,
        extent.is_least,
    )


async def glance(
    database: Database,
    caller: Caller,
    wanted: ExecutionFilter,
    limit: int,
    liveness: Liveness,
    *,
    before: int | None = None,
) -> Glance:
    """Return what `overview` and `list_executions` do, of one moment: neither contradicts the other."""

    def work(transaction: Transaction) -> Glance:
        # The rows first: the newest of them need not be asked for again.
        rows = transaction.executions(wanted, limit, before=before)
        return Glance(_overview(transaction, wanted, liveness), rows)

    return await _look(
        database,
        caller,
        work,
        foresee=lambda transaction: transaction.foresee_glance(wanted, limit, before),
    )


async def finished_by_hour(database: Database, caller: Caller, since: datetime) -> Sequence[HourCount]:
    """Return how many executions ended in each hour from the one of `since` on, oldest first."""
    return await _look(database, caller, lambda transaction: transaction.finished_by_hour(since))


def _backoff_over(at: datetime, now: datetime) -> str:
    when = at.astimezone(UTC)
    day = "" if when.date() == now.astimezone(UTC).date() else f"{when:%Y-%m-%d} "
    return f"It waits until {day}{when:%H:%M:%S} UTC for its automatic retry."


def _nobody(alive: Sequence[WorkerSeen], queue: str) -> str:
    if not alive:
        return "No worker is alive. Start one with: jobmon worker"
    name = one_line(queue, 60)
    start = f"jobmon worker --queue {shlex.quote(name)}"
    return f"No living worker serves its queue “{name}”. Start one with: {start}"


def _waiting(transaction: Transaction, details: ExecutionDetails, liveness: Liveness, now: datetime) -> str:
    queued = details.execution
    alive = liveness.alive(transaction.workers())
    workers = [worker for worker in alive if worker.serves(details.queue)]
    if queued.not_before is not None and queued.not_before > now:
        line = _backoff_over(queued.not_before, now)
        return line if workers else f"{line} {_nobody(alive, details.queue)}"
    if not workers:
        return _nobody(alive, details.queue)
    limit = transaction.limit_of(queued)
    if limit is not None and limit[0] >= limit[1]:
        running, most = limit
        return f"{running} of “{one_line(queued.report, 60)}” are running; its max_concurrent is {most}."
    ahead = transaction.queued_before(queued.id, now)
    busy = sum(worker.running for worker in workers)
    slots = sum(worker.concurrency for worker in workers)
    line = f"{ahead} before it" if ahead else "it is next"
    if busy >= slots:
        return f"All {slots} slots are taken by running reports; {line}."
    return f"A worker is about to take it; {line}."


async def show_execution(
    database: Database, caller: Caller, execution_id: int, liveness: Liveness
) -> ExecutionStory:
    """Return one execution with what stands around it. Raises `execution_not_found`."""

    def work(transaction: Transaction) -> ExecutionStory:
        details = transaction.execution(execution_id)
        if details is None:
            raise execution_not_found(execution_id)
        queued = details.execution.status is Status.QUEUED
        return ExecutionStory(
            details,
            transaction.lineage(execution_id),
            transaction.audit_entries(_ENTRIES, None, AuditFilter(execution_id=execution_id)),
            transaction.output(execution_id),
            _waiting(transaction, details, liveness, utc_now()) if queued else None,
        )

    return await _look(
        database,
        caller,
        work,
        foresee=lambda transaction: transaction.foresee_story(execution_id, _ENTRIES),
    )


async def show_output(database: Database, caller: Caller, execution_id: int) -> StoredOutput:
    """Return what an execution printed so far. Raises `execution_not_found`."""

    def work(transaction: Transaction) -> StoredOutput:
        if transaction.execution(execution_id) is None:
            raise execution_not_found(execution_id)
        return transaction.output(execution_id)

    return await _look(database, caller, work)


async def list_audit(
    database: Database,
    caller: Caller,
    limit: int,
    before: int | None = None,
    wanted: AuditFilter = EVERY_ENTRY,
) -> Sequence[AuditEntry]:
    """Return audit entries newest first."""
    return await _look(
        database,
        caller,
        lambda transaction: transaction.audit_entries(limit, before, wanted),
        Verb.READ_AUDIT,
    )
