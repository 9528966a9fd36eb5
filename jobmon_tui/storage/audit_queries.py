"""The audit log: appended to, read, never changed."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, bindparam, func, insert, select, type_coerce, update
from sqlalchemy.exc import DBAPIError

from jobmon_tui.domain.audit import (
    AuditEntry,
    NewAuditEntry,
    canonical,
    chain_hash,
    cleaned,
    exact_time,
)
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter, AuditSearch
from jobmon_tui.services.known_origin import process_origin
from jobmon_tui.services.records import AuditFound
from jobmon_tui.storage.audit_listing import about, narrowed
from jobmon_tui.storage.column_types import BIG
from jobmon_tui.storage.on_connection import OnConnection
from jobmon_tui.storage.tables import audit_head, audit_log

_HEAD = 1
# Built once: putting a statement together costs more than running it (docs/decisions/0001).
_LOCK_HEAD = (
    select(audit_head.c.audit_id, audit_head.c.hash).where(audit_head.c.id == _HEAD).with_for_update()
)
_ADD_AUDIT = insert(audit_log)
_MOVE_HEAD = (
    update(audit_head)
    .where(audit_head.c.id == _HEAD)
    .values(audit_id=bindparam("new_id"), hash=bindparam("new_hash"))
)
_TEXTS = ("actor", "role", "action", "outcome", "code", "origin", "details", "known")
# No actor is bytes: there is no hash of it.
_UNREADABLE = NewAuditEntry(exact_time(""), b"", "", "", "", None, None, None, "")  # type: ignore[arg-type]
_CHAIN = select(*(type_coerce(each, Text) if each is audit_log.c.at else each for each in audit_log.c))
ABOUT: Final = _CHAIN.where(about(bindparam("wanted", type_=BIG))).order_by(audit_log.c.id.desc())
"""What is known of an execution, newest first."""
# What a search looks at, and no more: hashes and details are most of a row.
_LOOKED_AT = select(
    audit_log.c.id,
    audit_log.c.actor,
    audit_log.c.action,
    audit_log.c.outcome,
    audit_log.c.code,
    audit_log.c.execution_id,
    audit_log.c.new_execution_id,
)


def as_kept(entry: NewAuditEntry) -> NewAuditEntry:
    """Return the entry as it is kept: cleaned, and with who writes it."""
    return cleaned(entry if entry.known is not None else replace(entry, known=process_origin()))


def _as_it_stands(row: Any) -> AuditEntry:
    # SQLite keeps whatever text somebody puts there.
    return _audit_entry(row, row.at if isinstance(row.at, datetime) else exact_time(row.at))


def shown(row: Any) -> AuditEntry:
    """Build an entry from a row of the log, to be shown.

    What somebody put there past the rules becomes text: that it does not belong there, verifying says.
    """
    audited = _as_it_stands(row)
    entry = audited.entry
    texts = {name: getattr(entry, name) for name in _TEXTS}
    if all(isinstance(value, str | None) for value in texts.values()):
        return audited
    odd: dict[str, Any] = {
        name: str(value) for name, value in texts.items() if not isinstance(value, str | None)
    }
    return replace(audited, entry=replace(entry, **odd))


def _audit_entry(row: Any, at: datetime | None = None) -> AuditEntry:
    entry = NewAuditEntry(
        at or row.at,
        row.actor,
        row.role,
        row.action,
        row.outcome,
        row.code,
        row.execution_id,
        row.new_execution_id,
        row.origin,
        row.details,
        row.known,
    )
    return AuditEntry(row.id, entry, row.previous_hash, row.hash)


class AuditQueries(OnConnection):
    """The part of a transaction that appends to the audit log and reads it."""

    def add_audit(self, entry: NewAuditEntry) -> None:
        """Append to the chain; the head's row is locked while this is done."""
        entry = as_kept(entry)
        head = self._connection.execute(_LOCK_HEAD).one()
        entry_id = int(head.audit_id) + 1
        digest = chain_hash(head.hash, canonical(entry_id, entry))
        values = {field: getattr(entry, field) for field in entry.__dataclass_fields__}
        self._connection.execute(
            _ADD_AUDIT, {"id": entry_id, "previous_hash": head.hash, "hash": digest, **values}
        )
        self._connection.execute(_MOVE_HEAD, {"new_id": entry_id, "new_hash": digest})

    def audit_entries(
        self, limit: int, before: int | None = None, wanted: AuditFilter = EVERY_ENTRY
    ) -> Sequence[AuditEntry]:
        """Return audit entries newest first."""
        query = narrowed(self._connection, _CHAIN, wanted, before).limit(limit)
        return [shown(row) for row in self._connection.execute(query)]

    def search_audit(
        self, search: AuditSearch, limit: int, *, before: int | None, after: int, span: int
    ) -> AuditFound:
        """Look through at most `span` entries, newest first, for `limit` that are searched for."""
        query = narrowed(self._connection, _LOOKED_AT, search.wanted, before)
        rows = self._connection.execute(query.where(audit_log.c.id > after).limit(span))
        # Compared here: SQLite knows the case of ASCII alone.
        looked = search.look_through(((int(row.id), row) for row in rows), limit)
        entries = _CHAIN.where(audit_log.c.id.in_(looked.found)).order_by(audit_log.c.id.desc())
        return AuditFound(
            [shown(row) for row in self._connection.execute(entries)] if looked.found else [],
            looked.looked_to(limit, span),
        )

    def audit_chain(self, after: int, limit: int) -> Sequence[AuditEntry]:
        """Return audit entries oldest first, as they stand: whatever is none of ours fits no hash."""
        query = _CHAIN.where(audit_log.c.id > after).order_by(audit_log.c.id).limit(limit)
        try:
            return [_as_it_stands(row) for row in self._connection.execute(query)]
        except (sqlite3.OperationalError, DBAPIError) as error:
            if "decode" not in str(error):
                raise
            return self._to_the_unreadable(after, limit)

    def _to_the_unreadable(self, after: int, limit: int) -> Sequence[AuditEntry]:
        ids = select(audit_log.c.id).where(audit_log.c.id > after).order_by(audit_log.c.id).limit(limit)
        found: list[AuditEntry] = []
        for row in self._connection.execute(ids).all():
            try:
                one = self._connection.execute(_CHAIN.where(audit_log.c.id == row.id)).first()
            except (sqlite3.OperationalError, DBAPIError):
                found.append(AuditEntry(int(row.id), _UNREADABLE, "", ""))
                break
            found.append(_as_it_stands(one))
        return found

    def audit_strays(self, last: int) -> int | None:
        """Return the id of an entry beside the chain of `last` entries, which was walked."""
        ids = select(audit_log.c.id)
        count = self._connection.execute(select(func.count()).select_from(audit_log)).scalar_one()
        if count == last:
            return None
        least = self._connection.execute(ids.order_by(audit_log.c.id).limit(1)).scalar_one()
        if least < 1:
            return int(least)
        twice = ids.group_by(audit_log.c.id).having(func.count() > 1).order_by(audit_log.c.id).limit(1)
        return int(self._connection.execute(twice).scalar() or last)

    def audit_head(self) -> tuple[int, str]:
        """Return the chain's head."""
        row = self._connection.execute(select(audit_head).where(audit_head.c.id == _HEAD)).one()
        return int(row.audit_id), str(row.hash)
