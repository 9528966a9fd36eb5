"""A unit of work on PostgreSQL, where others write at the same time: what is decided on is locked first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text, true

from jobmon_tui.domain.audit import NewAuditEntry, canonical
from jobmon_tui.domain.execution import GREATEST_ID, ExecutionDetails, NewExecution
from jobmon_tui.domain.report import Report
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services.records import Account
from jobmon_tui.storage.audit_queries import as_kept
from jobmon_tui.storage.execution_queries import ACTIVE_CHILD_LOCKED
from jobmon_tui.storage.execution_rows import ONE_LOCKED, details_of
from jobmon_tui.storage.listing.block_queries import Horizon
from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.postgres.glance import PgGlance
from jobmon_tui.storage.report_rows import HELD_REPORT_NAMED, report_of
from jobmon_tui.storage.retention_queries import HELD_EXECUTIONS, Rule
from jobmon_tui.storage.session_queries import ACTOR
from jobmon_tui.storage.tables import accounts
from jobmon_tui.storage.triggers.blocks import BLOCKS_LOCK

# Held, as is what it is about: whoever disables the account, or takes its role, waits until this has ended.
_asker = ACTOR.with_for_update(read=True, of=accounts).subquery("asker")
_found = ONE_LOCKED.lateral("found")
_ASKED_ABOUT = select(
    *_found.c,
    _asker.c.name.label("asker_name"),
    _asker.c.role.label("asker_role"),
    _asker.c.last_used_at.label("asker_used_at"),
).select_from(_asker.outerjoin(_found, true()))
"""Who asks, and the execution that it is about."""
_NEXT_ID = text("SELECT nextval(pg_get_serial_sequence('job_execution_log', 'id'))")
_HORIZON = text(
    # A standby gives no number to a transaction: of ids to come it tells nothing.
    "SELECT CASE WHEN pg_is_in_recovery() THEN 0 "
    "ELSE (SELECT coalesce(max(id), 0) FROM job_execution_log) END AS greatest, "
    "pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS done, "
    "CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_current_xact_id()::text::bigint END AS begun"
)
_LOCK_BLOCKS = text(f"SELECT pg_try_advisory_xact_lock({BLOCKS_LOCK})")
_LOCK_ACCOUNTS = text("LOCK TABLE user_account IN SHARE ROW EXCLUSIVE MODE")


class PgTransaction(PgGlance):
    """A `Transaction` on PostgreSQL. One that writes locks what it reads to decide on."""

    def __init__(self, connection: PgConnection, *, writes: bool) -> None:
        super().__init__(connection)
        self._writes = writes
        self.brings_work = False
        """Something was queued or asked to stop; of whatever else concerns workers a note tells them."""
        self._reserved: int | None = None
        self._audits: list[str] = []
        self._at_hand: dict[int, ExecutionDetails | None] = {}
        if writes:
            self.one_execution = ONE_LOCKED
            self.one_active_child = ACTIVE_CHILD_LOCKED

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

    @property
    def has_written(self) -> bool:
        """True once any row was added, changed or deleted, or will be by the commit."""
        return bool(self._audits) or super().has_written

    @property
    def commit(self) -> str:
        """What ends this transaction: the audit entries, and the commit.

        In one trip, so that nobody waits for the chain's head longer than the server itself needs.
        """
        return "".join([*self._audits, "COMMIT"])

    def add_audit(self, entry: NewAuditEntry) -> None:
        """Append to the chain, with the commit."""
        # Of `[ID,...` only the database knows the id. In hexadecimal nothing of it can be taken for SQL.
        rest = canonical(0, as_kept(entry)).removeprefix("[0").encode().hex()
        self._audits.append(f"SELECT jobmon_audit('{rest}'); ")

    def actor(self, token_hash: str, now: datetime, about: int | None = None) -> Actor | None:
        """Return whose session this is; in a write the execution `about` comes in the same trip."""
        if about is None or not self._writes or abs(about) > GREATEST_ID:
            return super().actor(token_hash, now)
        asked = {"token": token_hash, "now": now, "wanted": about}
        row = self._connection.execute(_ASKED_ABOUT, asked).first()
        if row is None:
            return None
        self._at_hand[about] = None if row.id is None else details_of(row)
        return Actor(row.asker_name, Role(row.asker_role), used_at=row.asker_used_at)

    def execution(self, execution_id: int) -> ExecutionDetails | None:
        """Return one execution; in a write nobody else changes it or its report until the end."""
        # Once: whoever asks again may have changed it.
        if execution_id in self._at_hand:
            return self._at_hand.pop(execution_id)
        return super().execution(execution_id)

    def next_execution_id(self) -> int:
        """Take the id that the next `add_execution` of this transaction will give."""
        self._reserved = int(self._connection.execute(_NEXT_ID).scalar_one())
        return self._reserved

    def add_execution(self, new: NewExecution) -> int:
        """Queue an execution and return its id."""
        self.brings_work = True
        reserved, self._reserved = self._reserved, None
        return self._insert_execution(new, {} if reserved is None else {"id": reserved})

    def request_cancel(self, execution_id: int, actor: str, now: datetime) -> None:
        """Leave a request for the worker; a second one changes nothing."""
        self.brings_work = True
        super().request_cancel(execution_id, actor, now)

    def horizon(self) -> Horizon:
        """Return which transactions have ended, and which have begun, beside the greatest id."""
        row = self._connection.execute(_HORIZON).one()
        return Horizon(row.greatest, row.done, row.begun)

    def lock_blocks(self) -> bool:
        """Keep others from counting blocks and from deleting executions; False where somebody does."""
        return bool(self._connection.execute(_LOCK_BLOCKS).scalar_one())

    def to_prune(self, ids: Sequence[int], rule: Rule) -> Sequence[int]:
        """Return what goes with `ids`; in a write nobody else retries any of it until the end."""
        doomed = super().to_prune(ids, rule)
        if not doomed or not self._writes:
            return doomed
        self._connection.execute(HELD_EXECUTIONS, {"wanted": doomed})
        # Who was about to retry one of them has ended by now, and that line stays.
        return super().to_prune(ids, rule)
