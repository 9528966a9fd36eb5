"""A unit of work on PostgreSQL, where others write at the same time: what is decided on is locked first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ARRAY, BigInteger, Uuid, bindparam, select, text, true
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import Text

from jobmon_tui.domain.audit import NewAuditEntry, canonical, cleaned
from jobmon_tui.domain.execution import GREATEST_ID, ExecutionDetails, NewExecution
from jobmon_tui.domain.report import Report
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services.ports import Account
from jobmon_tui.storage.execution_queries import ACTIVE_CHILD_LOCKED
from jobmon_tui.storage.execution_rows import ONE_LOCKED, details_of
from jobmon_tui.storage.pg_connection import PgConnection
from jobmon_tui.storage.policy_queries import ANYBODY, Asker, Place, Ready, first_of_all
from jobmon_tui.storage.report_rows import HELD_REPORT_NAMED, report_of
from jobmon_tui.storage.retention_queries import HELD_EXECUTIONS, Rule
from jobmon_tui.storage.transaction import ACTOR, SqlTransaction
from jobmon_tui.storage.triggers_postgres import TICKETS
from scheduler.ports import Claimed

if TYPE_CHECKING:
    from jobmon_tui.storage.pg_queuer import Tickets

_asker = ACTOR.subquery("asker")
_found = ONE_LOCKED.lateral("found")
_ASKED_ABOUT = select(
    _asker.c.name.label("asker_name"), _asker.c.role.label("asker_role"), *_found.c
).select_from(_asker.outerjoin(_found, true()))
"""Who asks, and the execution that it is about."""
_NEXT_ID = text("SELECT nextval(pg_get_serial_sequence('job_execution_log', 'id'))")
_LIMITS_LOCK = text("SELECT pg_advisory_xact_lock(7091, 1)")
"""Two numbers of our own: whoever starts executions of reports with limits waits for the others here."""
# Step by step from one queue's name to the next: DISTINCT would read all that is queued.
_TICKETS_THERE = text(
    f"""
WITH RECURSIVE named (entrypoint) AS (
  (SELECT entrypoint FROM {TICKETS} WHERE status = 'queued' ORDER BY entrypoint LIMIT 1)
  UNION ALL
  SELECT (SELECT t.entrypoint FROM {TICKETS} AS t
          WHERE t.status = 'queued' AND t.entrypoint > named.entrypoint ORDER BY t.entrypoint LIMIT 1)
  FROM named WHERE named.entrypoint IS NOT NULL
)
SELECT CAST(NULL AS bigint) AS id, CAST(NULL AS integer) AS priority, entrypoint
FROM (SELECT entrypoint FROM named UNION SELECT entrypoint FROM {TICKETS} WHERE status = 'picked') AS each
WHERE entrypoint IS NOT NULL
UNION ALL
SELECT id, priority, entrypoint FROM {TICKETS} WHERE queue_manager_id = :by AND status = 'picked'
"""  # noqa: S608 - a constant
).bindparams(bindparam("by", type_=Uuid()))
_GIVE_BACK = text(
    f"UPDATE {TICKETS} SET status = 'queued', queue_manager_id = NULL "  # noqa: S608
    "WHERE queue_manager_id = :by AND status = 'picked' AND NOT id = ANY (:kept)"
).bindparams(bindparam("by", type_=Uuid()), bindparam("kept", type_=ARRAY(BigInteger())))
_ENDED: Final = (
    ("ended", BigInteger()),
    ("status", Text()),
    ("finished_at", TIMESTAMP(timezone=True)),
    ("duration_ms", BigInteger()),
    ("error", Text()),
    ("error_detail", Text()),
    ("output_path", Text()),
    ("output_rows", BigInteger()),
    ("output_size", BigInteger()),
    ("output_sha256", Text()),
)
# One statement for a whole group: the triggers that count and tell run once for each statement.
_END_ALL = text(
    f"UPDATE job_execution_log SET {', '.join(f'{name} = each.{name}' for name, _ in _ENDED[1:])} "  # noqa: S608
    f"FROM unnest({', '.join(f':{name}' for name, _ in _ENDED)}) "
    f"AS each ({', '.join(name for name, _ in _ENDED)}) WHERE id = each.ended"
).bindparams(*(bindparam(name, type_=ARRAY(kind)) for name, kind in _ENDED))
_LOCK_ACCOUNTS = text("LOCK TABLE user_account IN SHARE ROW EXCLUSIVE MODE")


class PgTransaction(SqlTransaction):
    """A `Transaction` on PostgreSQL. One that writes locks what it reads to decide on."""

    ready = Ready("")
    ready_in_queue = Ready("", in_queue=True)

    def __init__(self, connection: PgConnection, *, writes: bool) -> None:
        super().__init__(connection, lambda: connection.changes)
        self._lane = connection
        self._writes = writes
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
        rest = canonical(0, cleaned(entry)).removeprefix("[0").encode().hex()
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
        return Actor(row.asker_name, Role(row.asker_role))

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
        reserved, self._reserved = self._reserved, None
        return self._insert_execution(new, {} if reserved is None else {"id": reserved})

    def offer(self, limit: int, now: datetime, by: Asker = ANYBODY) -> Sequence[int]:
        """Return the ids that PgQueuer hands to this asker; of reports with limits those that may start."""
        found = self._handed_out(limit, by)
        if room := self._room():
            found |= {*self._with_limits(room, by, {"now": now, "most": limit})}
            offered = first_of_all(found, limit)
            # Handed out, and now no more among the first: others shall have them at once.
            self._connection.execute(_GIVE_BACK, {"by": by.id, "kept": offered})
            return offered
        return first_of_all(found, limit)

    def _handed_out(self, limit: int, by: Asker) -> set[Place]:
        known = self._connection.execute(_TICKETS_THERE, {"by": by.id}).all()
        # Handed to this asker by an earlier look, and not started yet.
        found = {(int(row.id), int(row.priority)) for row in known if row.id is not None}
        there = {str(row.entrypoint) for row in known if row.id is None}
        if queues := sorted(there.intersection(by.queues or there)):
            found.update(self._tickets.hand_out(limit, queues, by.id))
        return found

    @cached_property
    def _tickets(self) -> "Tickets":
        # A third of a second, which only who runs executions has to pay.
        from jobmon_tui.storage.pg_queuer import Tickets  # noqa: PLC0415

        return Tickets(self._lane)

    def start(self, ids: Sequence[int], worker: str, now: datetime) -> Sequence[Claimed] | None:
        """Move Queued executions to Running; None if the worker is not registered."""
        won = super().start(ids, worker, now)
        if won is not None:
            # All of them: what was not won is not Queued any more, or waits for its report's limit.
            self._tickets.take_back(ids)
        return won

    def _record(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write these outcomes."""
        self._connection.execute(_END_ALL, {name: [row[name] for row in rows] for name, _ in _ENDED})

    def within_limits(self, ids: Sequence[int]) -> Sequence[int]:
        """Return those of `ids` that may start now; whoever else starts waits until the end."""
        self._connection.execute(_LIMITS_LOCK)
        return super().within_limits(ids)

    def to_prune(self, ids: Sequence[int], rule: Rule) -> Sequence[int]:
        """Return what goes with `ids`; in a write nobody else retries any of it until the end."""
        doomed = super().to_prune(ids, rule)
        if not doomed or not self._writes:
            return doomed
        self._connection.execute(HELD_EXECUTIONS, {"wanted": doomed})
        # Who was about to retry one of them has ended by now, and that line stays.
        return super().to_prune(ids, rule)
