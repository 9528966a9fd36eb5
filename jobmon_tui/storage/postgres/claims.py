"""Claims and outcomes on PostgreSQL: what PgQueuer hands out, what waits for a limit, and how groups end."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ARRAY, BigInteger, Uuid, bindparam, text

from jobmon_tui.storage.finish_queries import Ending, accepted, outcome_rows
from jobmon_tui.storage.policy_queries import ANYBODY, NO_LIMITS, Asker, Place, Ready, first_of_all
from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.postgres.groups import END_ALL, END_AND_START, ENDED, HELD
from jobmon_tui.storage.queue_queries import Look, Refilled, claimed_of
from jobmon_tui.storage.transaction import SqlTransaction
from jobmon_tui.storage.triggers.postgres import HAS_LIMIT, TICKETS
from scheduler.ports import Claimed, Finished

if TYPE_CHECKING:
    from jobmon_tui.storage.postgres.queuer import Tickets

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
        from jobmon_tui.storage.postgres.queuer import Tickets  # noqa: PLC0415

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

    def exchange(
        self, finished: Sequence[Finished], ids: Sequence[int], worker: str, now: datetime
    ) -> tuple[Sequence[int], Sequence[Claimed]] | None:
        """Record outcomes, then move Queued executions to Running; None if the worker is not registered."""
        endings = self._held(finished, worker)
        if endings is None:
            return None
        self._end_all(endings, now)
        done = self._followed_up(endings, now)
        # In this order: what has just ended counts no more against the limit of its report.
        return done, (self.start(ids, worker, now) or ()) if ids else ()

    def refill(self, finished: Sequence[Finished], look: Look, worker: str, now: datetime) -> Refilled | None:
        """Record outcomes, look for what is ready, and start it; None if the worker is not registered.

        While no report has a limit the outcomes and the starts are one statement, whose triggers run once.
        """
        by = self._asker = look.by
        if time.monotonic() >= by.sees_until:
            return super().refill(finished, look, worker, now)
        endings = self._held(finished, worker)
        if endings is None:
            return None
        look.offered = first_of_all(self._handed_out(look.limit, by.sees, by), look.limit)
        if not (look.offered and endings):
            self._end_all(endings, now)
            done = self._followed_up(endings, now)
            look.offered = look.offered or self._look_around(look.limit, now, by)
            return done, (self.start(look.offered, worker, now) or ()) if look.offered else ()
        values = {**_written(endings, now), "wanted": look.offered, "by": worker}
        started = self._connection.execute(END_AND_START, values)
        won = {row.id: claimed_of(row) for row in started}
        done = self._followed_up(endings, now)
        if len(won) < len(look.offered):
            return done, self.start(look.offered, worker, now) or ()
        return done, [won[each] for each in look.offered]

    def _held(self, finished: Sequence[Finished], worker: str) -> Sequence[Ending] | None:
        """Lock the worker, then what has ended, and return what may; None if it is not registered."""
        values = {"by": worker, "wanted": [each.id for each in finished]}
        rows = self._connection.execute(HELD, values).all()
        return accepted(finished, rows) if rows else None

    def _end_all(self, endings: Sequence[Ending], now: datetime) -> None:
        """End these, which are Running and locked."""
        if endings:
            self._connection.execute(END_ALL, _written(endings, now))


def _written(endings: Sequence[Ending], now: datetime) -> Mapping[str, Any]:
    rows = outcome_rows(endings, now, {})
    told = json.dumps([{name: row[name] for name in ("ended", *ENDED)} for row in rows])
    return {"at": now, "rows": told, "ids": [row["ended"] for row in rows]}
