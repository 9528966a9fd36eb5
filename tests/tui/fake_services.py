"""`Services` in memory: the real use cases (`LocalServices`) over `MemoryDatabase`, and handles for tests.

services = FakeServices()                 # ada (Administrator) and vic (Viewer) are signed in
failed = services.add("Sales", Status.FAILED, error="boom")
JobmonApp(...) with services, services.admin, ...
services.move(failed, Status.SUCCEEDED)   # plays the worker; watchers are told
services.database.outage = "The database is locked."
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from jobmon_tui.domain.execution import (
    ConfigurationState,
    Execution,
    ExecutionDetails,
    Status,
    Trigger,
)
from jobmon_tui.domain.report import ReportDraft, snapshot_text
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services.audited import Caller, token_hash, utc_now
from jobmon_tui.services.facade import Services
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.local import LocalServices
from jobmon_tui.services.passwords import Verdict
from jobmon_tui.services.records import StoredOutput, WorkerSeen
from tests.tui.memory_database import MemoryDatabase, MemoryTransaction
from tests.tui.memory_tables import HISTORY_REPORTS, START

ADMIN = Caller("admin-token", "pts/1")
VIEWER = Caller("viewer-token", "pts/2")
ADA = Actor("ada", Role.ADMINISTRATOR)
VIC = Actor("vic", Role.VIEWER)
PASSWORD = "correct horse"


class PlainHasher:
    """`PasswordHasher` without the cost."""

    async def hash(self, password: str) -> str:
        return f"plain:{password}"

    async def check(self, hashed: str | None, password: str) -> Verdict:
        return Verdict(hashed == f"plain:{password}")


class AnyReport:
    """`ReportCatalog` that takes every draft."""

    def check(self, draft: ReportDraft) -> ReportDraft:
        return draft

    def next_due(self, draft: ReportDraft, after: datetime) -> datetime | None:
        # On the full hour, as a real schedule has it: not another one each time that it is asked.
        hour = after.replace(minute=0, second=0, microsecond=0)
        return None if draft.schedule is None else hour + timedelta(hours=1)


class FakeServices(LocalServices):
    """`Services` over memory. Rows are added in any state; what users do goes through the real rules."""

    def __init__(
        self,
        *,
        history: int = 0,
        accounts: bool = True,
        workers: int = 1,
        name: str = "SQLite jobmon.db",
        read_only: bool = False,
    ) -> None:
        self.database = MemoryDatabase(history)
        self.admin = ADMIN
        self.viewer = VIEWER
        super().__init__(
            self.database,
            hasher=PlainHasher(),
            catalog=AnyReport(),
            watch=self.database.feed.watch,
            database_name=name,
            read_only=read_only,
            liveness=Liveness(gone=lambda _host, _pid: False),
        )
        tables = self.database.tables
        if accounts:
            self._add_people()
        if history:
            for report in HISTORY_REPORTS:
                self.add_draft(report)
            tables.drafts = {
                name: replace(report, id=1 + HISTORY_REPORTS.index(name))
                for name, report in tables.drafts.items()
            }
        self.set_workers(workers)

    def _add_people(self) -> None:
        transaction = MemoryTransaction(self.database.tables)
        for actor, caller in ((ADA, ADMIN), (VIC, VIEWER)):
            transaction.add_account(actor.name, actor.role, f"plain:{PASSWORD}", START)
            transaction.add_session(
                actor.name, token_hash(caller.token), START, START + timedelta(days=40_000)
            )

    def set_workers(self, count: int, *, running: int = 0) -> None:
        """Let `count` workers be alive, and tell the watchers."""
        self.database.tables.registered = [
            WorkerSeen(f"w{at}", "host", at, "0.1.0", 2, 1, START, running, START) for at in range(count)
        ]
        self.database.feed.changed()

    def add_draft(self, name: str) -> ReportDraft:
        """Add a report's configuration, unless it is there."""
        known = self.database.tables.drafts.get(name)
        if known is not None:
            return known.draft
        draft = ReportDraft(name, "command", {"command": ["true"]})
        MemoryTransaction(self.database.tables).add_report(draft, START)
        return draft

    def add(
        self,
        report: str,
        status: Status = Status.FAILED,
        *,
        error: str | None = None,
        error_detail: str | None = None,
        output: str = "",
        queued_at: datetime | None = None,
        started_at: datetime | None = None,
        duration_ms: int | None = 1_500,
        retry_of: int | None = None,
        attempt: int = 1,
        trigger: Trigger = Trigger.MANUAL,
    ) -> int:
        """Add an execution in any state, with its report, tell the watchers, and return its id."""
        tables = self.database.tables
        draft = self.add_draft(report)
        queued = queued_at or utc_now()
        started = None if status is Status.QUEUED else started_at or queued
        ended = duration_ms is not None and status.is_final
        execution = Execution(
            id=tables.last_id + 1,
            report=report,
            status=status,
            trigger=Trigger.RETRY if retry_of is not None else trigger,
            requested_by="ada",
            retry_of=retry_of,
            attempt=attempt,
            queued_at=queued,
            started_at=started,
            finished_at=started + timedelta(milliseconds=duration_ms or 0) if ended and started else None,
            duration_ms=duration_ms if ended else None,
            worker=None if status is Status.QUEUED else "w0",
            configuration_id=tables.drafts[report].id,
            configuration_version=tables.drafts[report].version,
            configuration_state=ConfigurationState.UNCHANGED,
            error=error,
            output_path=None,
        )
        tables.put(ExecutionDetails(execution, snapshot_text(draft), error_detail, "default", 0))
        tables.outputs[execution.id] = StoredOutput(head=output, total=len(output.encode()))
        self.database.feed.changed()
        return execution.id

    def move(
        self,
        execution_id: int,
        status: Status,
        *,
        error: str | None = None,
        duration_ms: int | None = None,
    ) -> None:
        """Play the worker: move an execution, and tell the watchers."""
        tables = self.database.tables
        details = tables.details(execution_id)
        assert details is not None
        moved = replace(
            details.execution,
            status=status,
            error=error,
            started_at=details.execution.started_at or utc_now(),
            finished_at=utc_now() if status.is_final else None,
            duration_ms=(duration_ms or 1_000) if status.is_final else None,
            worker="w0",
        )
        tables.put(replace(details, execution=moved))
        self.database.feed.changed()

    def get(self, execution_id: int) -> Execution:
        """Return a row as it stands."""
        details = self.database.tables.details(execution_id)
        assert details is not None
        return details.execution

    def children(self, execution_id: int) -> Sequence[int]:
        """Return the ids of an execution's retries."""
        return sorted(self.database.tables.children.get(execution_id, ()))

    def forget_report(self, name: str) -> None:
        """Delete a report's configuration, and tell the watchers."""
        del self.database.tables.drafts[name]
        self.database.tables.revision += 1
        self.database.feed.changed()

    def edit(self, name: str) -> None:
        """Edit a report's configuration, and tell the watchers."""
        report = self.database.tables.drafts[name]
        self.database.tables.drafts[name] = replace(report, version=report.version + 1)
        self.database.feed.changed()

    def snapshot(self, execution_id: int) -> dict[str, object]:
        """Return an execution's configuration as an object."""
        details = self.database.tables.details(execution_id)
        assert details is not None
        return dict(json.loads(details.configuration))


class FakeWorker:
    """`EmbeddedWorker`: says what runs here, and remembers how it was stopped."""

    def __init__(self, running: Sequence[int] = ()) -> None:
        self.running: Sequence[int] = running
        self.stopped: tuple[float, str] | None = None

    async def stop(self, grace: float, reason: str) -> None:
        self.stopped = (grace, reason)
        self.running = ()


def as_services(services: FakeServices) -> Services:
    """Let the type checker say that the fake is whole."""
    return services
