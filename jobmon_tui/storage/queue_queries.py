"""What the scheduler asks of the database, as plain queries: claims, outcomes, workers, output."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.services.ports import StoredOutput, WorkerSeen
from jobmon_tui.storage.policy_queries import PolicyQueries
from jobmon_tui.storage.tables import cancel_requests, executions, outputs, workers
from scheduler.leases import WORKER_LOST
from scheduler.ports import Claimed, Finished, Outcome, WorkerInfo

_SUMMARY_LIMIT = 500
_DETAIL_LIMIT = 256 * 1024
# Written out, not bound: a partial index is used only where its own words stand in the query.
_ready = executions.c.status == literal_column("'Queued'")
_running = executions.c.status == literal_column("'Running'")


def _claimed(row: Any) -> Claimed:
    payload = json.loads(row.configuration)
    return Claimed(row.id, row.fencing_token, payload, payload.get("timeout"))


def _milliseconds(start: datetime | None, end: datetime) -> int | None:
    return None if start is None else max(0, round((end - start).total_seconds() * 1000))


class QueueQueries(PolicyQueries):
    """The part of a transaction that serves the scheduler."""

    def start(self, ids: Sequence[int], worker: str, now: datetime) -> Sequence[Claimed] | None:
        """Move Queued executions to Running; None if the worker is not registered."""
        if not self._registered(worker):
            return None
        self._connection.execute(
            update(executions)
            .where(executions.c.id.in_(self.within_limits(ids)), _ready)
            .values(
                status=Status.RUNNING.value,
                worker=worker,
                started_at=now,
                fencing_token=executions.c.fencing_token + 1,
            )
        )
        mine = select(executions.c.id, executions.c.fencing_token, executions.c.configuration).where(
            executions.c.id.in_(ids), _running, executions.c.worker == worker
        )
        won = {row.id: _claimed(row) for row in self._connection.execute(mine)}
        return [won[each] for each in ids if each in won]

    def finish(self, finished: Sequence[Finished], now: datetime) -> Sequence[int]:
        """Record outcomes whose token is current; return the ids accepted."""
        return [each.id for each in finished if self._finish(each, now)]

    def _finish(self, finished: Finished, now: datetime) -> bool:
        current = self._connection.execute(
            select(executions.c.started_at).where(
                executions.c.id == finished.id,
                executions.c.fencing_token == finished.token,
                _running,
            )
        ).first()
        if current is None:
            return False
        self._end(finished.id, current.started_at, finished.outcome, now)
        if finished.outcome.status == Status.FAILED.value:
            self.queue_again(finished.id, now)
        return True

    def _end(self, execution_id: int, started_at: datetime | None, outcome: Outcome, now: datetime) -> None:
        asked = self._connection.execute(
            select(cancel_requests.c.requested_by).where(cancel_requests.c.execution_id == execution_id)
        ).scalar()
        summary = outcome.summary
        if asked is not None and outcome.status == Status.CANCELLED.value:
            summary = f"cancelled by {asked}"
        self._connection.execute(
            update(executions)
            .where(executions.c.id == execution_id)
            .values(
                status=outcome.status,
                finished_at=now,
                duration_ms=_milliseconds(started_at, now),
                error=None if summary is None else one_line(summary, _SUMMARY_LIMIT),
                error_detail=None if outcome.detail is None else clean(outcome.detail)[:_DETAIL_LIMIT],
                output_path=outcome.output_path,
                output_rows=outcome.output_rows,
                output_size=outcome.output_size,
                output_sha256=outcome.output_sha256,
            )
        )
        if asked is not None:
            self._connection.execute(
                delete(cancel_requests).where(cancel_requests.c.execution_id == execution_id)
            )

    def _registered(self, worker: str) -> bool:
        return (
            self._connection.execute(select(workers.c.name).where(workers.c.name == worker)).first()
            is not None
        )

    def register(self, info: WorkerInfo, now: datetime) -> None:
        """Add a worker, or replace what is known of it."""
        known = {
            "host": info.host,
            "pid": info.pid,
            "version": info.version,
            "concurrency": info.concurrency,
            "beat_at": now,
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
        query = (
            select(executions.c.id)
            .join(cancel_requests, cancel_requests.c.execution_id == executions.c.id)
            .where(_running, executions.c.worker == worker)
        )
        return [int(row.id) for row in self._connection.execute(query)]

    def workers(self) -> Sequence[WorkerSeen]:
        """Return every registered worker by name."""
        query = (
            select(workers, func.count(executions.c.id).label("running"))
            .select_from(workers.outerjoin(executions, and_(executions.c.worker == workers.c.name, _running)))
            .group_by(workers.c.name)
            .order_by(workers.c.name)
        )
        return [
            WorkerSeen(
                row.name,
                row.host,
                row.pid,
                row.version,
                row.concurrency,
                row.beats,
                row.beat_at,
                row.running,
                row.started_at,
            )
            for row in self._connection.execute(query)
        ]

    def reap(self, worker: str, reason: str, now: datetime) -> Sequence[int]:
        """End what the worker has Running as Failed, and remove it."""
        lost = self._connection.execute(
            select(executions.c.id, executions.c.started_at).where(_running, executions.c.worker == worker)
        ).all()
        is_lost = reason == WORKER_LOST
        for row in lost:
            words = self.lost_words(row.id, reason) if is_lost else reason
            self._end(row.id, row.started_at, Outcome("Failed", words), now)
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
