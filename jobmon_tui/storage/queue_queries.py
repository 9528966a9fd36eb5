"""What the scheduler asks of the database, as plain queries: claims, outcomes, workers, output."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite takes the same words

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import clean
from jobmon_tui.services.records import StoredOutput, WorkerSeen
from jobmon_tui.storage.column_types import OneOf
from jobmon_tui.storage.execution_rows import found_as
from jobmon_tui.storage.finish_queries import FinishQueries
from jobmon_tui.storage.policy_queries import NO_LIMITS, Asker
from jobmon_tui.storage.tables import cancel_requests, executions, outputs, workers
from scheduler.leases import WORKER_LOST
from scheduler.ports import Claimed, Finished, Outcome, WorkerInfo

# Written out, not bound: a partial index is used only where its own words stand in the query.
_running = executions.c.status == literal_column("'Running'")
# Built once: putting a statement together costs more than running it (docs/decisions/0001).
_START = (
    update(executions)
    .where(OneOf(executions.c.id, "wanted"), found_as(Status.QUEUED))
    .values(
        status=Status.RUNNING.value,
        worker=bindparam("by"),
        started_at=bindparam("now"),
        fencing_token=executions.c.fencing_token + 1,
    )
)
# Held, where others write at the same time: nobody takes this worker for lost while it starts something.
_REGISTERED = (
    select(workers.c.name).where(workers.c.name == bindparam("by")).with_for_update(read=True, key_share=True)
)
_DOOMED = select(workers.c.name).where(workers.c.name == bindparam("by")).with_for_update()
# One statement where nothing stands in the way: a registered worker, and no limits.
_START_FREELY = _START.where(_REGISTERED.exists(), text(NO_LIMITS)).returning(
    executions.c.id, executions.c.fencing_token, executions.c.configuration
)
_MINE = select(executions.c.id, executions.c.fencing_token, executions.c.configuration).where(
    OneOf(executions.c.id, "wanted"), _running, executions.c.worker == bindparam("by")
)
_TO_CANCEL = (
    select(executions.c.id)
    .join(cancel_requests, cancel_requests.c.execution_id == executions.c.id)
    .where(_running, executions.c.worker == bindparam("by"))
)
WORKERS = (
    select(workers, func.count(executions.c.id).label("running"))
    .select_from(workers.outerjoin(executions, and_(executions.c.worker == workers.c.name, _running)))
    .group_by(workers.c.name)
    .order_by(workers.c.name)
)
"""Every registered worker by name."""


def worker_seen(row: Any) -> WorkerSeen:
    """Build a worker from a row of `WORKERS`."""
    return WorkerSeen(
        row.name,
        row.host,
        row.pid,
        row.version,
        row.concurrency,
        row.beats,
        row.beat_at,
        row.running,
        row.started_at,
        tuple(json.loads(row.queues)) if row.queues else (),
    )


Refilled = tuple[Sequence[int], Sequence[Claimed]]
"""The ids whose outcomes were accepted, and what was started."""


def claimed_of(row: Any) -> Claimed:
    """Return what is given to the scheduler of a row that was started."""
    payload = json.loads(row.configuration)
    return Claimed(row.id, row.fencing_token, payload, payload.get("timeout"))


@dataclass(slots=True)
class Look:
    """A look for what is ready: at most how many, by whom, and what was found, also where it fails then."""

    limit: int
    by: Asker
    offered: Sequence[int] = ()


class QueueQueries(FinishQueries):
    """The part of a transaction that serves the scheduler."""

    def start(self, ids: Sequence[int], worker: str, now: datetime) -> Sequence[Claimed] | None:
        """Move Queued executions to Running; None if the worker is not registered."""
        values = {"by": worker, "now": now}
        started = self._connection.execute(_START_FREELY, {"wanted": ids, **values})
        won = {row.id: claimed_of(row) for row in started}
        if len(won) < len(ids):
            if not self._registered(worker):
                return None
            # Limits; or some were started by this very worker and the answer was lost; or others won some.
            self._connection.execute(_START, {"wanted": self.within_limits(ids), **values})
            mine = self._connection.execute(_MINE, {"wanted": ids, "by": worker})
            won = {row.id: claimed_of(row) for row in mine}
        return [won[each] for each in ids if each in won]

    def exchange(
        self, finished: Sequence[Finished], ids: Sequence[int], worker: str, now: datetime
    ) -> tuple[Sequence[int], Sequence[Claimed]] | None:
        """Record outcomes, then move Queued executions to Running; None if the worker is not registered."""
        if not self._registered(worker):
            return None
        accepted = self.finish(finished, now)
        # In this order: what has just ended counts no more against the limit of its report.
        return accepted, (self.start(ids, worker, now) or ()) if ids else ()

    def refill(self, finished: Sequence[Finished], look: Look, worker: str, now: datetime) -> Refilled | None:
        """Record outcomes, look for what is ready, and start it; None if the worker is not registered."""
        # Asks first whether the worker is registered, and then locks in the order in which a reap does.
        done = self.exchange(finished, (), worker, now)
        if done is None:
            return None
        look.offered = self.offer(look.limit, now, look.by)
        return done[0], (self.start(look.offered, worker, now) or ()) if look.offered else ()

    def _registered(self, worker: str) -> bool:
        return self._connection.execute(_REGISTERED, {"by": worker}).first() is not None

    def register(self, info: WorkerInfo, now: datetime, queues: Sequence[str] = ()) -> None:
        """Add a worker, or replace what is known of it; it serves these queues, all where none is named."""
        known = {
            "host": info.host,
            "pid": info.pid,
            "version": info.version,
            "concurrency": info.concurrency,
            "beat_at": now,
            "queues": json.dumps(list(queues)) if queues else None,
        }
        if self._registered(info.name):
            self._connection.execute(update(workers).where(workers.c.name == info.name).values(**known))
        else:
            self._connection.execute(insert(workers).values(name=info.name, beats=0, started_at=now, **known))

    def beat(self, worker: str, now: datetime) -> bool:
        """Raise the worker's counter; False if it is not registered."""
        done = self._connection.execute(
            update(workers).where(workers.c.name == worker).values(beats=workers.c.beats + 1, beat_at=now)
        )
        return done.rowcount == 1

    def to_cancel(self, worker: str) -> Sequence[int]:
        """Return the worker's Running executions that somebody asked to stop."""
        return [int(row.id) for row in self._connection.execute(_TO_CANCEL, {"by": worker})]

    def workers(self) -> Sequence[WorkerSeen]:
        """Return every registered worker by name."""
        return [worker_seen(row) for row in self._connection.execute(WORKERS)]

    def reap(self, worker: str, reason: str, now: datetime) -> Sequence[int]:
        """End what the worker has Running as Failed, and remove it."""
        self._connection.execute(_DOOMED, {"by": worker})
        lost = self._connection.execute(
            select(executions.c.id, executions.c.started_at)
            .where(_running, executions.c.worker == worker)
            .order_by(executions.c.id)
            .with_for_update()
        ).all()
        is_lost = reason == WORKER_LOST
        words = {row.id: self.lost_words(row.id, reason) if is_lost else reason for row in lost}
        self._end_all([(row.id, row.started_at, Outcome("Failed", words[row.id])) for row in lost], now)
        for row in lost:
            self.queue_again(row.id, now, lost=is_lost)
        self.leave(worker)
        return [int(row.id) for row in lost]

    def leave(self, worker: str) -> None:
        """Remove a worker."""
        self._connection.execute(delete(workers).where(workers.c.name == worker))

    def save_output(self, execution_id: int, token: int, output: StoredOutput) -> bool:
        """Keep what an execution printed so far; False where the token is stale."""
        current = select(executions.c.id).where(
            executions.c.id == execution_id, executions.c.fencing_token == token
        )
        if self._connection.execute(current).first() is None:
            return False
        parts: list[Mapping[str, Any]] = [{"part": "head", "start": 0, "body": output.head}]
        if output.is_cut:
            parts.append({"part": "tail", "start": output.tail_start, "body": output.tail})
        for part in parts:
            row = {
                **part,
                "body": clean(part["body"]),
                "execution_id": execution_id,
                "total": output.total,
            }
            self._connection.execute(
                upsert(outputs)
                .values(**row)
                .on_conflict_do_update(
                    index_elements=["execution_id", "part"],
                    set_={"start": row["start"], "body": row["body"], "total": row["total"]},
                )
            )
        return True
