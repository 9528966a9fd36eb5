"""What two units of work meet: a report with executions in every state, and what may happen to them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.report import ReportDraft, snapshot_text
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.report_schedule import pause_report
from jobmon_tui.services.reports import delete_report, edit_report
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.retention_queries import Rule
from jobmon_tui.storage.tables import executions
from jobmon_tui.storage.transaction import SqlTransaction
from scheduler.leases import WORKER_LOST
from scheduler.ports import Finished, Outcome, WorkerGone, WorkerInfo
from tests.conformance.world import ADMIN, NOW

DUE = datetime(2026, 5, 1, 6, tzinfo=UTC)
_PRUNED = Rule(NOW + timedelta(days=1), include_failed=True)


@dataclass(frozen=True, slots=True)
class Scene:
    """A report, and its executions' ids by their part."""

    draft: ReportDraft
    report: int
    failed: int
    queued: int
    running: int
    retried: int
    """Failed, and its automatic retry waits in its backoff."""
    waiting: int
    worker: str
    other: str
    idle: int
    """Another report, which has no executions yet."""

    @property
    def name(self) -> str:
        """The report's."""
        return self.draft.name

    @property
    def idle_name(self) -> str:
        """The other report's."""
        return self.draft.name.replace("Report", "Idle")


class Anything:
    """Every report may be kept: what can run is not the subject here."""

    def check(self, draft: ReportDraft) -> ReportDraft:
        """Return it."""
        return draft


def stage(number: int, **policies: Any) -> Callable[[SqlTransaction], Scene]:
    """Give a unit of work that sets a scene of its own."""
    draft = ReportDraft(
        f"Report {number}", "sql", {"query": "select 1"}, schedule="0 6 * * *", priority=number, **policies
    )

    def add(transaction: SqlTransaction) -> Scene:
        report = transaction.add_report(draft, NOW)

        def one(status: str, **more: object) -> int:
            values = {
                "report": draft.name, "status": status, "trigger": "schedule", "requested_by": "schedule",
                "queued_at": NOW, "priority": number, "configuration_id": report, "configuration_version": 1,
                "configuration": snapshot_text(draft), **more,
            }  # fmt: skip
            return int(
                transaction._connection.execute(
                    insert(executions).returning(executions.c.id), values
                ).scalar_one()
            )

        worker, other = f"one {number}", f"two {number}"
        for each in (worker, other):
            transaction.register(WorkerInfo(each, "host", 1, "0", 4), NOW)
        ended = {"started_at": NOW, "finished_at": NOW}
        retried = one("Failed", **ended)
        later = datetime.now(UTC) + timedelta(days=1)
        waiting = one("Queued", trigger="retry", retry_of=retried, not_before=later)
        transaction.add_audit(
            NewAuditEntry(
                NOW, "schedule", "System", "Job Retry", "allowed", None, retried, waiting, "scheduler", None
            )
        )
        return Scene(
            draft=draft,
            report=report,
            failed=one("Failed", **ended),
            queued=one("Queued"),
            running=one("Running", started_at=NOW, fencing_token=1, worker=worker),
            retried=retried,
            waiting=waiting,
            worker=worker,
            other=other,
            idle=transaction.add_report(replace(draft, name=f"Idle {number}", max_concurrent=None), NOW),
        )

    return add


Act = Callable[[PostgresDatabase, Scene], Awaitable[object]]


def _act(work: Callable[[PostgresDatabase, Scene], Awaitable[object]]) -> Act:
    async def act(store: PostgresDatabase, scene: Scene) -> object:
        try:
            return await work(store, scene)
        except (JobmonError, WorkerGone) as refusal:
            return refusal

    return act


def _ends(status: str) -> Act:
    def finish(store: PostgresDatabase, scene: Scene) -> Awaitable[object]:
        outcome = Finished(scene.running, 1, Outcome(status, "told"))  # type: ignore[arg-type]
        return DatabaseQueue(store).finish([outcome])

    return _act(finish)


def _edits(**changes: object) -> Act:
    return _act(
        lambda store, scene: edit_report(
            store, ADMIN, Anything(), scene.name, replace(scene.draft, **changes)
        )
    )


async def _prune(store: PostgresDatabase, scene: Scene) -> object:
    def unit(transaction: SqlTransaction) -> int:
        doomed = transaction.to_prune([scene.failed, scene.retried], _PRUNED)
        if doomed:
            transaction.prune(doomed)
        return len(doomed)

    return await store.write(unit)


ACTS: dict[str, Act] = {
    "retry": _act(lambda store, scene: retry_execution(store, ADMIN, scene.failed)),
    "retry with a key": _act(lambda store, scene: retry_execution(store, ADMIN, scene.failed, key="k")),
    "retry what ends": _act(lambda store, scene: retry_execution(store, ADMIN, scene.running)),
    "retry what waits": _act(lambda store, scene: retry_execution(store, ADMIN, scene.retried)),
    "run": _act(lambda store, scene: run_report(store, ADMIN, scene.name)),
    "delete": _act(lambda store, scene: delete_report(store, ADMIN, scene.name)),
    "edit": _edits(priority=7),
    "rename": _edits(name="Another"),
    "limit": _edits(max_concurrent=3),
    "pause": _act(lambda store, scene: pause_report(store, ADMIN, scene.name, paused=True)),
    "fire": _act(lambda store, scene: DatabaseQueue(store).fire(scene.report, DUE)),
    "fire the idle": _act(lambda store, scene: DatabaseQueue(store).fire(scene.idle, DUE)),
    "run the idle": _act(lambda store, scene: run_report(store, ADMIN, scene.idle_name)),
    "delete the idle": _act(lambda store, scene: delete_report(store, ADMIN, scene.idle_name)),
    "claim": _act(lambda store, scene: DatabaseQueue(store).start([scene.queued], scene.worker)),
    "claim by another": _act(lambda store, scene: DatabaseQueue(store).start([scene.queued], scene.other)),
    "claim what waits": _act(lambda store, scene: DatabaseQueue(store).start([scene.waiting], scene.worker)),
    "claim both": _act(
        lambda store, scene: DatabaseQueue(store).start([scene.waiting, scene.queued], scene.other)
    ),
    "take": _act(lambda store, scene: DatabaseQueue(store).take(4, scene.worker)),
    "fail": _ends("Failed"),
    "succeed": _ends("Succeeded"),
    "refill": _act(
        lambda store, scene: DatabaseQueue(store).refill(
            [Finished(scene.running, 1, Outcome("Failed", "told"))], 4, scene.worker
        )
    ),
    "cancel what is queued": _act(lambda store, scene: cancel_execution(store, ADMIN, scene.queued)),
    "cancel what runs": _act(lambda store, scene: cancel_execution(store, ADMIN, scene.running)),
    "cancel what waits": _act(lambda store, scene: cancel_execution(store, ADMIN, scene.waiting)),
    "reap": _act(lambda store, scene: DatabaseQueue(store).reap(scene.worker, WORKER_LOST)),
    "beat": _act(lambda store, scene: DatabaseQueue(store).beat(scene.worker)),
    "prune": _act(_prune),
}
