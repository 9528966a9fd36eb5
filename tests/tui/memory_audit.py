"""The audit log of one process."""

from collections.abc import Sequence

from jobmon_tui.domain.audit import GENESIS, AuditEntry, NewAuditEntry, canonical, chain_hash
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter, AuditSearch
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

    def audit_entries(
        self, limit: int, before: int | None = None, wanted: AuditFilter = EVERY_ENTRY
    ) -> Sequence[AuditEntry]:
        return self._newest(before, 0, wanted)[:limit]

    def _newest(self, before: int | None, after: int, wanted: AuditFilter) -> list[AuditEntry]:
        return [
            each
            for each in reversed(self._tables.log)
            if each.id > after and (before is None or each.id < before) and _is_wanted(each.entry, wanted)
        ]

    def search_audit(
        self, search: AuditSearch, limit: int, *, before: int | None, after: int, span: int
    ) -> AuditFound:
        newest = self._newest(before, after, search.wanted)[:span]
        looked = search.look_through(((each.id, each.entry) for each in newest), limit)
        return AuditFound([each for each in newest if each.id in looked.found], looked.looked_to(limit, span))

    def audit_chain(self, after: int, limit: int) -> Sequence[AuditEntry]:
        return self._tables.log[after : after + limit]

    def audit_head(self) -> tuple[int, str]:
        log = self._tables.log
        return (log[-1].id, log[-1].hash) if log else (0, GENESIS)

    def audit_strays(self, last: int) -> int | None:
        return None if len(self._tables.log) == last else len(self._tables.log)


def _is_wanted(entry: NewAuditEntry, wanted: AuditFilter) -> bool:
    named = (wanted.actor, entry.actor), (wanted.action, entry.action), (wanted.outcome, entry.outcome)
    return (
        all(name is None or name == held for name, held in named)
        and (
            wanted.execution_id is None or wanted.execution_id in (entry.execution_id, entry.new_execution_id)
        )
        and (wanted.since is None or entry.at >= wanted.since)
        and (wanted.until is None or entry.at <= wanted.until)
    )
