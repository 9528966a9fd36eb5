"""The audit log of one process."""

from collections.abc import Sequence

from jobmon_tui.domain.audit import GENESIS, AuditEntry, NewAuditEntry, canonical, chain_hash, has_parts
from jobmon_tui.services.records import AuditFound
from tests.tui.memory_tables import MemoryTables


class MemoryAudit:
    """The part of `MemoryTransaction` that appends to the audit log and reads it."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    def add_audit(self, entry: NewAuditEntry) -> None:
        entry_id = len(self._tables.log) + 1
        previous = self.audit_head()[1]
        digest = chain_hash(previous, canonical(entry_id, entry))
        self._tables.log.append(AuditEntry(entry_id, entry, previous, digest))

    def audit_entries(self, limit: int, before: int | None, execution_id: int | None) -> Sequence[AuditEntry]:
        newest_first = (
            entry
            for entry in reversed(self._tables.log)
            if (before is None or entry.id < before)
            and (
                execution_id is None
                or execution_id in {entry.entry.execution_id, entry.entry.new_execution_id}
            )
        )
        return [entry for entry, _ in zip(newest_first, range(limit), strict=False)]

    def search_audit(
        self, parts: Sequence[str], limit: int, *, before: int | None, after: int, span: int
    ) -> AuditFound:
        looked = [
            each for each in reversed(self._tables.log)
            if each.id > after and (before is None or each.id < before)
        ][:span]  # fmt: skip
        found: list[AuditEntry] = []
        for each in looked:
            entry = each.entry
            if has_parts(
                parts,
                actor=entry.actor,
                action=entry.action,
                outcome=entry.outcome,
                code=entry.code,
                execution_id=entry.execution_id,
                new_execution_id=entry.new_execution_id,
            ):
                found.append(each)
            if len(found) == limit:
                return AuditFound(found, each.id)
        return AuditFound(found, looked[-1].id if len(looked) == span else None)

    def audit_chain(self, after: int, limit: int) -> Sequence[AuditEntry]:
        return self._tables.log[after : after + limit]

    def audit_head(self) -> tuple[int, str]:
        log = self._tables.log
        return (log[-1].id, log[-1].hash) if log else (0, GENESIS)

    def audit_strays(self, last: int) -> int | None:
        return None if len(self._tables.log) == last else len(self._tables.log)
