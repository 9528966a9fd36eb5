"""The services over a database of this process."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter
from jobmon_tui.domain.execution import Execution, ExecutionDetails
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services import (
    audit_search,
    chain,
    look,
    report_check,
    report_schedule,
    reports,
    sessions,
    sign_in,
    users,
)
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.facade import AccountInfo, Changes, Imported, ReportCheck, ReportOverview
from jobmon_tui.services.gate import Gate
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.passwords import PasswordHasher
from jobmon_tui.services.ports import Database
from jobmon_tui.services.records import AuditFound, ExecutionFilter, HourCount, SessionInfo, StoredOutput
from jobmon_tui.services.retry import RetryReceipt, retry_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.services.workers import WorkerState, list_workers


class LocalServices:
    """`Services`, each method one use case."""

    def __init__(
        self,
        database: Database,
        *,
        hasher: PasswordHasher,
        catalog: reports.ReportCatalog,
        watch: Callable[[], Changes],
        database_name: str,
        liveness: Liveness | None = None,
        read_only: bool = False,
        idle: timedelta | None = None,
    ) -> None:
        self._database = Gate(database, read_only=read_only, idle=idle)
        self._read_only = read_only
        self._idle = idle
        self._hasher = hasher
        self._catalog = catalog
        self._watch = watch
        self._database_name = database_name
        self._liveness = liveness or Liveness()

    async def settle(self) -> None:
        """Wait for what is noted beside the answers: before the database is closed."""
        await self._database.settle()

    @property
    def database_name(self) -> str:
        """What the header calls the database."""
        return self._database_name

    def changes(self) -> Changes:
        """Start watching for changes."""
        return self._watch()

    async def has_accounts(self) -> bool:
        """Tell whether the first Administrator exists."""
        return await sign_in.has_accounts(self._database)

    async def create_first_administrator(self, name: str, password: str, origin: str) -> sign_in.SignedIn:
        """Create the first account and sign it in."""
        return await sign_in.create_first_administrator(
            self._database,
            self._hasher,
            name,
            password,
            origin,
            idle=self._idle,
            read_only=self._read_only,
        )

    async def sign_in(
        self, name: str, password: str, origin: str, known: str | None = None
    ) -> sign_in.SignedIn:
        """Open a session."""
        return await sign_in.sign_in(
            self._database, self._hasher, name, password, origin, known=known, idle=self._idle
        )

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session."""
        await sign_in.sign_out(self._database, caller)

    async def whoami(self, caller: Caller) -> Actor:
        """Return who the caller is."""
        return await sign_in.whoami(self._database, caller)

    async def overview(self, caller: Caller, wanted: ExecutionFilter) -> look.Overview:
        """Return the counts, how many executions match, and who is alive to run them."""
        return await look.overview(self._database, caller, wanted, self._liveness)

    async def executions(
        self,
        caller: Caller,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        """Return executions newest first."""
        return await look.list_executions(
            self._database, caller, wanted, limit, before=before, after=after, offset=offset
        )

    async def glance(
        self, caller: Caller, wanted: ExecutionFilter, limit: int, *, before: int | None = None
    ) -> look.Glance:
        """Return the overview and some rows, of one moment."""
        return await look.glance(self._database, caller, wanted, limit, self._liveness, before=before)

    async def newer(self, caller: Caller, wanted: ExecutionFilter, execution_id: int) -> int:
        """Return how many matching executions are newer than this one."""
        return await look.count_newer(self._database, caller, wanted, execution_id)

    async def finished_by_hour(self, caller: Caller, since: datetime) -> Sequence[HourCount]:
        """Return how many executions ended in each hour."""
        return await look.finished_by_hour(self._database, caller, since)

    async def show(self, caller: Caller, execution_id: int) -> look.ExecutionStory:
        """Return one execution with what stands around it."""
        return await look.show_execution(self._database, caller, execution_id, self._liveness)

    async def output(self, caller: Caller, execution_id: int) -> StoredOutput:
        """Return what an execution printed so far."""
        return await look.show_output(self._database, caller, execution_id)

    async def retry(self, caller: Caller, execution_id: int, *, key: str | None = None) -> RetryReceipt:
        """Queue a retry."""
        return await retry_execution(self._database, caller, execution_id, key=key)

    async def cancel(self, caller: Caller, execution_id: int) -> str:
        """Cancel."""
        return await cancel_execution(self._database, caller, execution_id)

    async def run(self, caller: Caller, report: str) -> ExecutionDetails:
        """Queue a report now."""
        return await run_report(self._database, caller, report)

    async def reports(self, caller: Caller) -> Sequence[Report]:
        """Return every report by name."""
        return await reports.list_reports(self._database, caller)

    async def report(self, caller: Caller, name: str) -> Report:
        """Return one report."""
        return await reports.show_report(self._database, caller, name)

    async def add_report(self, caller: Caller, draft: ReportDraft) -> Report:
        """Add a report."""
        return await reports.add_report(self._database, caller, self._catalog, draft)

    async def edit_report(
        self, caller: Caller, name: str, draft: ReportDraft, *, version: int | None = None
    ) -> Report:
        """Replace a report's configuration."""
        return await reports.edit_report(self._database, caller, self._catalog, name, draft, version=version)

    async def check_report(self, _caller: Caller, draft: ReportDraft, /) -> ReportCheck:
        """Return what is wrong with a report, and when it would fire."""
        # In a thread: the first one imports the runner's model.
        return await asyncio.to_thread(report_check.check_report, self._catalog, draft)

    async def delete_report(self, caller: Caller, name: str) -> None:
        """Really delete a report."""
        await reports.delete_report(self._database, caller, name)

    async def import_reports(self, caller: Caller, drafts: Sequence[ReportDraft]) -> Sequence[Imported]:
        """Add or replace each by name, all or none."""
        return await reports.import_reports(self._database, caller, self._catalog, drafts)

    async def report_overviews(self, caller: Caller, name: str | None = None) -> Sequence[ReportOverview]:
        """Return every report by name, or the named one, with what stands around it."""
        return await report_schedule.report_overviews(self._database, caller, self._catalog, name)

    async def pause_report(self, caller: Caller, name: str, paused: bool) -> Report:
        """Stop a report's schedule, or go on with it."""
        return await report_schedule.pause_report(self._database, caller, name, paused)

    async def workers(self, caller: Caller) -> Sequence[WorkerState]:
        """Return every registered worker by name."""
        return await list_workers(self._database, caller, self._liveness)

    async def accounts(self, caller: Caller) -> Sequence[AccountInfo]:
        """Return every account by name."""
        return await users.list_accounts(self._database, caller)

    async def add_account(self, caller: Caller, name: str, role: Role, password: str) -> None:
        """Add an account."""
        await users.add_account(self._database, caller, self._hasher, name, role, password)

    async def change_account(
        self,
        caller: Caller,
        name: str,
        *,
        role: Role | None = None,
        password: str | None = None,
        disabled: bool | None = None,
        old_password: str | None = None,
    ) -> None:
        """Change an account and end its sessions."""
        await users.change_account(
            self._database,
            caller,
            self._hasher,
            name,
            role=role,
            password=password,
            disabled=disabled,
            old_password=old_password,
        )

    async def sessions(self, caller: Caller, name: str | None = None) -> Sequence[SessionInfo]:
        """Return open sessions."""
        return await sessions.list_sessions(self._database, caller, name)

    async def revoke_session(self, caller: Caller, session_id: int) -> SessionInfo:
        """End a session."""
        return await sessions.revoke_session(self._database, caller, session_id)

    async def revoke_sessions(self, caller: Caller, name: str) -> int:
        """End every session of an account."""
        return await sessions.revoke_sessions(self._database, caller, name)

    async def unlock(self, caller: Caller, password: str) -> None:
        """Return where it is the password of whoever has this session."""
        await sign_in.unlock(self._database, self._hasher, caller, password)

    async def audit(
        self, caller: Caller, limit: int, before: int | None = None, wanted: AuditFilter = EVERY_ENTRY
    ) -> Sequence[AuditEntry]:
        """Return audit entries newest first."""
        return await look.list_audit(self._database, caller, limit, before, wanted)

    async def search_audit(
        self, caller: Caller, text: str, limit: int, *, before: int | None = None, after: int = 0
    ) -> AuditFound:
        """Return the audit entries that hold all parts of a text."""
        return await audit_search.search_audit(
            self._database, caller, text, limit, before=before, after=after
        )

    async def verify_audit(
        self, caller: Caller, tell: chain.Tell = lambda _done, _all: None
    ) -> chain.ChainReport:
        """Recompute the audit log's chain."""
        return await chain.verify_audit(self._database, caller, tell)
