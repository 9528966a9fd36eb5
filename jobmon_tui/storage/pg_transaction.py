"""A unit of work on PostgreSQL, where others write at the same time: what is decided on is locked first."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import Text

from jobmon_tui.domain.audit import NewAuditEntry, canonical
from jobmon_tui.domain.execution import NewExecution
from jobmon_tui.domain.report import Report
from jobmon_tui.services.ports import Account
from jobmon_tui.storage.execution_queries import ONE_LOCKED
from jobmon_tui.storage.pg_connection import PgConnection
from jobmon_tui.storage.policy_queries import Ready
from jobmon_tui.storage.report_rows import HELD_REPORT_NAMED, report_of
from jobmon_tui.storage.transaction import SqlTransaction

_AUDIT_FIELDS: Final = (
    ("at", TIMESTAMP(timezone=True)),
    ("actor", Text()),
    ("role", Text()),
    ("action", Text()),
    ("outcome", Text()),
    ("code", Text()),
    ("execution_id", BigInteger()),
    ("new_execution_id", BigInteger()),
    ("origin", Text()),
    ("details", Text()),
)
_ADD_AUDIT = text(
    f"SELECT jobmon_audit({', '.join(f':{name}' for name, _ in _AUDIT_FIELDS)}, :rest)"
).bindparams(*(bindparam(name, type_=kind) for name, kind in _AUDIT_FIELDS), bindparam("rest", type_=Text()))
_NEXT_ID = text("SELECT nextval(pg_get_serial_sequence('job_execution_log', 'id'))")
_LIMITS_LOCK = text("SELECT pg_advisory_xact_lock(7091, 1)")
"""Two numbers of our own: whoever starts executions of reports with limits waits for the others here."""
_LOCK_ACCOUNTS = text("LOCK TABLE user_account IN SHARE ROW EXCLUSIVE MODE")


class PgTransaction(SqlTransaction):
    """A `Transaction` on PostgreSQL. One that writes locks what it reads to decide on."""

    ready = Ready("")

    def __init__(self, connection: PgConnection, *, writes: bool) -> None:
        super().__init__(connection, lambda: connection.changes)
        self._writes = writes
        self._reserved: int | None = None
        if writes:
            self.one_execution = ONE_LOCKED

    def report(self, name: str) -> Report | None:
        """Return one report; in a write nobody else edits, deletes or retries it until the end."""
        if not self._writes:
            return super().report(name)
        row = self._connection.execute(HELD_REPORT_NAMED, {"wanted": name}).first()
        return None if row is None else report_of(row)

    def account(self, name: str) -> Account | None:
        """Return one account; in a write nobody else changes accounts until the end."""
        self._lock_accounts()
        return super().account(name)

    def accounts(self) -> Sequence[Account]:
        """Return every account; in a write nobody else changes accounts until the end."""
        self._lock_accounts()
        return super().accounts()

    def _lock_accounts(self) -> None:
        # The whole table: whether there is another Administrator, or anybody at all, hangs on every row.
        if self._writes:
            self._connection.execute(_LOCK_ACCOUNTS)

    def add_audit(self, entry: NewAuditEntry) -> int:
        """Append to the chain in one call; its head is locked from here to the commit."""
        values = {name: getattr(entry, name) for name, _ in _AUDIT_FIELDS}
        # Of `[ID,...` only the database knows the id.
        rest = canonical(0, entry).removeprefix("[0")
        return int(self._connection.execute(_ADD_AUDIT, {**values, "rest": rest}).scalar_one())

    def next_execution_id(self) -> int:
        """Take the id that the next `add_execution` of this transaction will give."""
        self._reserved = int(self._connection.execute(_NEXT_ID).scalar_one())
        return self._reserved

    def add_execution(self, new: NewExecution) -> int:
        """Queue an execution and return its id."""
        reserved, self._reserved = self._reserved, None
        return self._insert_execution(new, {} if reserved is None else {"id": reserved})

    def within_limits(self, ids: Sequence[int]) -> Sequence[int]:
        """Return those of `ids` that may start now; whoever else starts waits until the end."""
        self._connection.execute(_LIMITS_LOCK)
        return super().within_limits(ids)
