"""Reports that run by the clock: what is due, what was dealt with, and what fired nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite takes the same words

from jobmon_tui.domain.execution import AUTOMATION, Status, Trigger
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.storage.on_connection import OnConnection
from jobmon_tui.storage.report_rows import HELD_REPORT, report_of
from jobmon_tui.storage.tables import executions, report_states, reports
from scheduler.ports import AHEAD, MISSED, Misfire, Schedule

# Written out: a partial index is used only where its own words stand in the query.
ACTIVE: ColumnElement[bool] = literal_column("status IN ('Queued', 'Running')")


class ScheduleQueries(OnConnection):
    """The part of a transaction that fires schedules."""

    def schedules(self) -> Sequence[Schedule]:
        """Return every schedule in force, with the latest due time dealt with or the last edit's time."""
        query = (
            select(
                reports.c.id,
                reports.c.schedule,
                reports.c.timezone,
                reports.c.updated_at,
                reports.c.misfire,
                report_states.c.last_due,
            )
            .select_from(reports.outerjoin(report_states, report_states.c.configuration_id == reports.c.id))
            .where(reports.c.schedule.is_not(None), reports.c.paused.is_(False))
        )
        return [
            Schedule(
                row.id,
                row.schedule,
                row.timezone,
                max(row.updated_at, row.last_due or row.updated_at),
                _misfire(row.misfire),
            )
            for row in self._connection.execute(query)
        ]

    def fire(self, report_id: int, due_at: datetime, now: datetime) -> int | None:
        """Queue a report for a due time, once; not while it is paused, nor over an active one of it."""
        row = self._connection.execute(HELD_REPORT, {"wanted": report_id}).first()
        if row is None or row.paused or not self.move_cursor(report_id, due_at, now):
            return None
        report = report_of(row)
        if not report.draft.overlap and (before := self._active_one(report_id)) is not None:
            execution_id, status = before
            self._remember_skip(report_id, due_at, f"#{execution_id} was still {status}")
            return None
        added = self._connection.execute(
            upsert(executions)
            .values(
                report=report.draft.name,
                status=Status.QUEUED.value,
                trigger=Trigger.SCHEDULE.value,
                requested_by=AUTOMATION,
                attempt=1,
                queue=report.draft.queue,
                priority=report.draft.priority,
                due_at=due_at.astimezone(UTC),
                queued_at=now,
                fencing_token=0,
                configuration_id=report.id,
                configuration_version=report.version,
                configuration=snapshot_text(report.draft),
            )
            .on_conflict_do_nothing(
                index_elements=["configuration_id", "due_at"], index_where=executions.c.due_at.is_not(None)
            )
            .returning(executions.c.id)
        ).scalar()
        return None if added is None else int(added)

    def skip(self, report_id: int, due_at: datetime, now: datetime) -> None:
        """Let a due time that was missed pass."""
        known = self._connection.execute(HELD_REPORT, {"wanted": report_id}).first()
        if known is not None and self.move_cursor(report_id, due_at, now):
            self._remember_skip(report_id, due_at, MISSED)

    def move_cursor(self, report_id: int, due_at: datetime, now: datetime) -> bool:
        """Count everything up to `due_at` as dealt with; False where it was already.

        A cursor that a clock far ahead has left goes back, but not for a due time that has fired.
        """
        moved = upsert(report_states).values(configuration_id=report_id, last_due=due_at)
        fired = select(executions.c.id).where(
            executions.c.configuration_id == report_id, executions.c.due_at == due_at
        )
        last = report_states.c.last_due
        done = self._connection.execute(
            moved.on_conflict_do_update(
                index_elements=["configuration_id"],
                set_={"last_due": due_at},
                where=or_(
                    last.is_(None), last < moved.excluded.last_due, and_(last > now + AHEAD, ~fired.exists())
                ),
            )
        )
        return done.rowcount == 1

    def keep_limit(self, report_id: int, most: int) -> None:
        """Keep the limit of a report that is deleted."""
        self._remember(report_id, max_concurrent=most)

    def _remember_skip(self, report_id: int, due_at: datetime, reason: str) -> None:
        self._remember(report_id, skipped_due=due_at, skipped_reason=reason)

    def _remember(self, report_id: int, **values: object) -> None:
        self._connection.execute(
            upsert(report_states)
            .values(configuration_id=report_id, **values)
            .on_conflict_do_update(index_elements=["configuration_id"], set_=values)
        )

    def _active_one(self, report_id: int) -> tuple[int, str] | None:
        """Return the oldest Queued or Running execution of a report."""
        query = (
            select(executions.c.id, executions.c.status)
            .where(executions.c.configuration_id == report_id, ACTIVE)
            .order_by(executions.c.id)
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return None if row is None else (int(row.id), str(row.status))


def _misfire(word: str) -> Misfire:
    return "skip" if word == "skip" else "once"
