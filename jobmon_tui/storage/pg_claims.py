"""Claims and outcomes on PostgreSQL: what PgQueuer hands out, what waits for a limit, and how groups end."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from jobmon_tui.storage.pg_connection import PgConnection
from jobmon_tui.storage.policy_queries import ANYBODY, NO_LIMITS, Asker, Place, Ready, first_of_all
from jobmon_tui.storage.transaction import SqlTransaction
from jobmon_tui.storage.triggers_postgres import HAS_LIMIT, TICKETS
from scheduler.ports import Claimed

if TYPE_CHECKING:
    from jobmon_tui.storage.pg_queuer import Tickets

_LOOK_AROUND: Final = 1.0
"""Seconds for which is believed what was seen of queues and limits, as long as something is handed out."""
_SWEEP_EVERY: Final = 30.0
_SWEEP_AT_LEAST: Final = 300.0
"""Seconds between two sweeps of a worker that finds nothing else to do, and of one that always does."""
_SWEPT: Final = 10_000
"""Executions that one sweep gives tickets to at most; the next follows with the next look then."""
_LIMITS_LOCK = text("SELECT pg_advisory_xact_lock(7091, 1)")
"""Two numbers of our own: whoever starts executions of reports with limits waits for the others here."""
# Step by step from one queue's name to the next: DISTINCT would read all that is queued.
_AROUND = text(
    f"""
WITH RECURSIVE named (entrypoint) AS (
  (SELECT entrypoint FROM {TICKETS} WHERE status = 'queued' ORDER BY entrypoint LIMIT 1)
  UNION ALL
  SELECT (SELECT t.entrypoint FROM {TICKETS} AS t
          WHERE t.status = 'queued' AND t.entrypoint > named.entrypoint ORDER BY t.entrypoint LIMIT 1)
  FROM named WHERE named.entrypoint IS NOT NULL
)
SELECT 'queue' AS kind, CAST(NULL AS bigint) AS id, CAST(NULL AS integer) AS priority, entrypoint
FROM (SELECT entrypoint FROM named UNION SELECT entrypoint FROM {TICKETS} WHERE status = 'picked') AS each
WHERE entrypoint IS NOT NULL
UNION ALL
SELECT CASE (SELECT e.status FROM job_execution_log AS e WHERE e.id = t.id)
         WHEN 'Queued' THEN 'mine' ELSE 'used' END,
  id, priority, entrypoint FROM {TICKETS} AS t WHERE queue_manager_id = :by AND status = 'picked'
UNION ALL
SELECT 'limits', NULL, NULL, NULL WHERE NOT ({NO_LIMITS})
"""  # noqa: S608 - constants
).bindparams(bindparam("by", type_=Uuid()))
_VOID = text("SELECT jobmon_void(:used)").bindparams(bindparam("used", type_=ARRAY(BigInteger())))
# By one worker at a time. A database that was restored without PgQueuer's table is whole again after it.
_SWEEP = text(
    f"""
SELECT jobmon_ticket(ARRAY(
  SELECT e.id FROM job_execution_log AS e
  WHERE e.status = 'Queued' AND NOT ({HAS_LIMIT})
    AND NOT EXISTS (SELECT 1 FROM {TICKETS} AS t WHERE t.id = e.id)
  ORDER BY e.priority DESC, e.id LIMIT {_SWEPT}
)) AS made WHERE pg_try_advisory_xact_lock(7091, 2)
"""  # noqa: S608 - constants
)
_GIVE_BACK = text(
    f"UPDATE {TICKETS} SET status = 'queued', queue_manager_id = NULL "  # noqa: S608
    "WHERE queue_manager_id = :by AND status = 'picked' AND NOT id = ANY (:kept)"
).bindparams(bindparam("by", type_=Uuid()), bindparam("kept", type_=ARRAY(BigInteger())))
_ENDED: Final = {
    "status": "text",
    "duration_ms": "bigint",
    "error": "text",
    "error_detail": "text",
    "output_path": "text",
    "output_rows": "bigint",
    "output_size": "bigint",
    "output_sha256": "text",
}
# One statement for a whole group: the triggers that count and tell run once for each. As JSON: asyncpg looks
# at every element of an array, and there would be nine of them.
_END_ALL = text(
    f"UPDATE job_execution_log SET finished_at = :at, {', '.join(f'{each} = e.{each}' for each in _ENDED)} "  # noqa: S608
    "FROM json_to_recordset(CAST(:rows AS json)) "
    f"AS e (ended bigint, {', '.join(f'{name} {kind}' for name, kind in _ENDED.items())}) WHERE id = e.ended"
).bindparams(bindparam("at", type_=TIMESTAMP(timezone=True)), bindparam("rows", type_=Text()))


class PgClaims(SqlTransaction):
    """The part of a transaction on PostgreSQL that serves the scheduler."""

    ready = Ready("")
    ready_in_queue = Ready("", in_queue=True)

    def __init__(self, connection: PgConnection) -> None:
        super().__init__(connection, lambda: connection.changes)
        self._lane = connection
        self._asker = ANYBODY

    def offer(self, limit: int, now: datetime, by: Asker = ANYBODY) -> Sequence[int]:
        """Return the ids that PgQueuer hands to this asker; of reports with limits those that may start."""
        self._asker = by
        if time.monotonic() < by.sees_until and (found := self._handed_out(limit, by.sees, by)):
            return first_of_all(found, limit)
        return self._look_around(limit, now, by)

    def _look_around(self, limit: int, now: datetime, by: Asker, *, may_sweep: bool = True) -> Sequence[int]:
        around = self._connection.execute(_AROUND, {"by": by.id}).all()
        there = {str(row.entrypoint) for row in around if row.kind == "queue"}
        by.sees = sorted(there.union(by.sees).intersection(by.queues or {*there, *by.sees}))
        # Handed to this asker by an earlier look, and not started yet.
        found = {(int(row.id), int(row.priority)) for row in around if row.kind == "mine"}
        # Started, while another look had its ticket locked, which came too late for it and left it there.
        if used := [int(row.id) for row in around if row.kind == "used"]:
            self._connection.execute(_VOID, {"used": used})
        has_limits = any(row.kind == "limits" for row in around)
        is_plain = not found and not has_limits
        by.sees_until = time.monotonic() + _LOOK_AROUND if is_plain else 0.0
        found |= self._handed_out(limit, by.sees, by)
        if may_sweep and self._swept(by, is_idle=not found):
            return self._look_around(limit, now, by, may_sweep=False)
        if not has_limits:
            return first_of_all(found, limit)
        found |= {*self._with_limits(self._room(), by, {"now": now, "most": limit})}
        offered = first_of_all(found, limit)
        # Handed out, and now no more among the first: others shall have them at once.
        self._connection.execute(_GIVE_BACK, {"by": by.id, "kept": offered})
        return offered

    def _swept(self, by: Asker, *, is_idle: bool) -> int:
        """Give tickets to what waits without one, where it is time for that; return to how many."""
        now = time.monotonic()
        if now < by.sweeps_at + (0.0 if is_idle else _SWEEP_AT_LEAST - _SWEEP_EVERY):
            return 0
        made = int(self._connection.execute(_SWEEP).scalar() or 0)
        by.sweeps_at = now + (0.0 if made == _SWEPT else _SWEEP_EVERY)
        return made

    def _handed_out(self, limit: int, queues: Sequence[str], by: Asker) -> set[Place]:
        return set(self._tickets.hand_out(limit, queues, by.id)) if queues else set()

    @cached_property
    def _tickets(self) -> "Tickets":
        # A third of a second, which only who runs executions has to pay.
        from jobmon_tui.storage.pg_queuer import Tickets  # noqa: PLC0415

        return Tickets(self._lane)

    def start(self, ids: Sequence[int], worker: str, now: datetime) -> Sequence[Claimed] | None:
        """Move Queued executions to Running; None if the worker is not registered."""
        won = super().start(ids, worker, now)
        if won is not None and len(won) < len(ids):
            # Those of what was won are gone with the start. The others are not Queued, or wait for a limit.
            self._tickets.take_back([*set(ids).difference(each.id for each in won)])
        return won

    def within_limits(self, ids: Sequence[int]) -> Sequence[int]:
        """Return those of `ids` that may start now; whoever else starts waits until the end."""
        self._asker.sees_until = 0.0
        self._connection.execute(_LIMITS_LOCK)
        return super().within_limits(ids)

    def _record(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write these outcomes."""
        told = json.dumps([{name: row[name] for name in ("ended", *_ENDED)} for row in rows])
        self._connection.execute(_END_ALL, {"at": rows[0]["finished_at"], "rows": told})
