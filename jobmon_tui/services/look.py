"""Looking: lists, one execution with its story, the audit log and its chain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jobmon_tui.domain.audit import GENESIS, AuditEntry, canonical, chain_hash
from jobmon_tui.domain.errors import execution_not_found
from jobmon_tui.domain.execution import Execution, ExecutionDetails
from jobmon_tui.domain.roles import Verb, require
from jobmon_tui.services.audited import Caller, signed_in, utc_now
from jobmon_tui.services.ports import Database, ExecutionFilter, Transaction

T = TypeVar("T")
_CHAIN_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class ExecutionStory:
    """One execution with what stands around it."""

    details: ExecutionDetails
    lineage: Sequence[Execution]
    audit: Sequence[AuditEntry]


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The result of verifying the audit log: the first bad entry, if any, and the head."""

    entries: int
    first_bad: int | None
    head: str


async def _look(database: Database, caller: Caller, work: Callable[[Transaction], T]) -> T:
    def unit(transaction: Transaction) -> T:
        require(signed_in(transaction, caller, utc_now()), Verb.VIEW)
        return work(transaction)

    return await database.read(unit)


async def list_executions(
    database: Database, caller: Caller, wanted: ExecutionFilter, limit: int, before: int | None = None
) -> Sequence[Execution]:
    """Return executions newest first."""
    return await _look(database, caller, lambda transaction: transaction.executions(wanted, limit, before))


async def show_execution(database: Database, caller: Caller, execution_id: int) -> ExecutionStory:
    """Return one execution with its lineage and its audit entries. Raises `execution_not_found`."""

    def work(transaction: Transaction) -> ExecutionStory:
        details = transaction.execution(execution_id)
        if details is None:
            raise execution_not_found(execution_id)
        return ExecutionStory(
            details, transaction.lineage(execution_id), transaction.audit_entries(100, None, execution_id)
        )

    return await _look(database, caller, work)


async def list_audit(
    database: Database, caller: Caller, limit: int, before: int | None = None
) -> Sequence[AuditEntry]:
    """Return audit entries newest first."""
    return await _look(database, caller, lambda transaction: transaction.audit_entries(limit, before, None))


async def verify_audit(database: Database, caller: Caller) -> ChainReport:
    """Recompute the whole chain and compare it with the rows and with the head."""

    def work(transaction: Transaction) -> ChainReport:
        previous, last = GENESIS, 0
        while page := transaction.audit_chain(last, _CHAIN_PAGE):
            for audited in page:
                expected = chain_hash(previous, canonical(audited.id, audited.entry))
                if (audited.id, audited.previous_hash, audited.hash) != (last + 1, previous, expected):
                    return ChainReport(last, audited.id, previous)
                previous, last = expected, audited.id
        head = transaction.audit_head()
        return ChainReport(last, None if head == (last, previous) else last + 1, previous)

    return await _look(database, caller, work)
