"""What a face may ask for: the one Protocol of the dashboard, the command line and the HTTP client.

Every method takes the caller's session token and plain values, and gives plain dataclasses back, so that the
same calls can be answered by this process or by a server far away. Every method may raise `JobmonError`, with
`storage_unavailable` where the database cannot be reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter
from jobmon_tui.domain.execution import Execution, ExecutionDetails
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.chain import ChainReport, Tell
from jobmon_tui.services.look import ExecutionStory, Glance, Overview
from jobmon_tui.services.problems import Problem
from jobmon_tui.services.records import AuditFound, ExecutionFilter, HourCount, SessionInfo, StoredOutput
from jobmon_tui.services.retry import RetryReceipt
from jobmon_tui.services.sign_in import SignedIn
from jobmon_tui.services.workers import WorkerState


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account as faces see it: without its hash."""

    name: str
    role: Role
    disabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did to one report: `added`, `changed` or `unchanged`."""

    name: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ReportOverview:
    """A report with what stands around it."""

    report: Report
    next_due: datetime | None
    """When it fires next, in UTC; None where it has no schedule, or is paused."""
    last: Execution | None
    """The newest execution under its name."""


@dataclass(frozen=True, slots=True)
class ReportCheck:
    """What is wrong with a report as somebody writes it, and when it would fire next."""

    problems: Sequence[Problem]
    firings: Sequence[datetime]
    """The next due times of its schedule, in UTC; none where it has no schedule that can be used."""


class Changes(Protocol):
    """One watcher's view of the change feed."""

    async def wait(self, timeout: float) -> bool:
        """Return True when something changed since the last return, False after `timeout` seconds.

        Level-triggered: a change between two calls makes the next one return at once.
        """
        ...

    def close(self) -> None:
        """Stop watching."""
        ...


class EmbeddedWorker(Protocol):
    """The scheduler that runs inside this process, as far as a face may know it."""

    @property
    def running(self) -> Sequence[int]:
        """The ids that run here now."""
        ...

    async def stop(self, grace: float, reason: str) -> None:
        """Claim no more, wait `grace` seconds for what runs, end the rest Failed with `reason`."""
        ...


class Services(Protocol):
    """Everything that can be asked of jobmon."""

    @property
    def database_name(self) -> str:
        """What the header calls the database, such as `SQLite jobmon.db`; never a credential in it."""
        ...

    def changes(self) -> Changes:
        """Start watching for changes."""
        ...

    async def has_accounts(self) -> bool:
        """Tell whether the first Administrator exists."""
        ...

    async def create_first_administrator(self, name: str, password: str, origin: str) -> SignedIn:
        """Create the first account and sign it in. Raises `invalid_input`, `already_exists`."""
        ...

    async def sign_in(self, name: str, password: str, origin: str, known: str | None = None) -> SignedIn:
        """Open a session; `origin` and `known` as in `Caller`.

        Raises `not_signed_in`, and `throttled` after many wrong passwords.
        """
        ...

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session."""
        ...

    async def whoami(self, caller: Caller) -> Actor:
        """Return who the caller is. Raises `not_signed_in`."""
        ...

    async def overview(self, caller: Caller, wanted: ExecutionFilter) -> Overview:
        """Return the counts, how many executions match, and who is alive to run them."""
        ...

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
        """Return executions newest first: `limit` of them from `offset` rows below id `before` (or the top).

        With `after`, those nearest above that id (0: the oldest of all), still newest first.
        """
        ...

    async def glance(
        self, caller: Caller, wanted: ExecutionFilter, limit: int, *, before: int | None = None
    ) -> Glance:
        """Return the overview, and `limit` executions newest first below id `before` (or the top).

        Both are of one moment, and one question: what a dashboard asks after every change.
        """
        ...

    async def newer(self, caller: Caller, wanted: ExecutionFilter, execution_id: int) -> int:
        """Return how many matching executions are newer than this one: its position in the table."""
        ...

    async def finished_by_hour(self, caller: Caller, since: datetime) -> Sequence[HourCount]:
        """Return how many executions ended in each hour from the one of `since` on, oldest first.

        Hours in which none ended are left out; some days back is as far as it is known.
        """
        ...

    async def show(self, caller: Caller, execution_id: int) -> ExecutionStory:
        """Return one execution with output, lineage and audit entries. Raises `execution_not_found`."""
        ...

    async def output(self, caller: Caller, execution_id: int) -> StoredOutput:
        """Return what an execution printed so far. Raises `execution_not_found`."""
        ...

    async def retry(self, caller: Caller, execution_id: int, *, key: str | None = None) -> RetryReceipt:
        """Queue a retry. Raises what `retry_execution` raises."""
        ...

    async def cancel(self, caller: Caller, execution_id: int) -> str:
        """Cancel; return one line that says what happened. Raises `not_cancellable`."""
        ...

    async def run(self, caller: Caller, report: str) -> ExecutionDetails:
        """Queue a report now. Raises `report_not_found`."""
        ...

    async def reports(self, caller: Caller) -> Sequence[Report]:
        """Return every report by name."""
        ...

    async def report(self, caller: Caller, name: str) -> Report:
        """Return one report. Raises `report_not_found`."""
        ...

    async def add_report(self, caller: Caller, draft: ReportDraft) -> Report:
        """Add a report. Raises `invalid_input`, `already_exists`."""
        ...

    async def edit_report(
        self, caller: Caller, name: str, draft: ReportDraft, *, version: int | None = None
    ) -> Report:
        """Replace a report's configuration, its name too. Raises `invalid_input`, `report_not_found`.

        `version` is the one that was edited: `changed_meanwhile` where the report has another by now.
        """
        ...

    async def check_report(self, caller: Caller, draft: ReportDraft, /) -> ReportCheck:
        """Return what is wrong with a report before it is saved, and when it would fire.

        Reads no database: it answers also while there is none.
        """
        ...

    async def delete_report(self, caller: Caller, name: str) -> None:
        """Really delete a report; its executions keep their snapshots. Raises `report_not_found`."""
        ...

    async def import_reports(self, caller: Caller, drafts: Sequence[ReportDraft]) -> Sequence[Imported]:
        """Add or replace each by name, all or none. Raises `invalid_input`."""
        ...

    async def report_overviews(self, caller: Caller, name: str | None = None) -> Sequence[ReportOverview]:
        """Return every report by name, or the named one: when it fires next, and how it went last.

        Raises `report_not_found`.
        """
        ...

    async def pause_report(self, caller: Caller, name: str, paused: bool) -> Report:
        """Stop a report's schedule, or go on with it from now. Raises `report_not_found`."""
        ...

    async def workers(self, caller: Caller) -> Sequence[WorkerState]:
        """Return every registered worker by name, with whether it is heard from."""
        ...

    async def accounts(self, caller: Caller) -> Sequence[AccountInfo]:
        """Return every account by name."""
        ...

    async def add_account(self, caller: Caller, name: str, role: Role, password: str) -> None:
        """Add an account. Raises `invalid_input`, `already_exists`."""
        ...

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
        """Change an account and end its sessions. Raises `user_not_found`, `last_administrator`.

        Everyone may change their own password, with `old_password`: that raises `not_permitted` where it is
        wrong, `throttled` after many. Who may change accounts may leave it out.
        """
        ...

    async def sessions(self, caller: Caller, name: str | None = None) -> Sequence[SessionInfo]:
        """Return open sessions, newest first: of the named account, else all that the caller may see."""
        ...

    async def revoke_session(self, caller: Caller, session_id: int) -> SessionInfo:
        """End a session and return what it was. Raises `session_not_found`.

        Everyone may end their own; another's, or one that is not there, needs the right for all of them.
        """
        ...

    async def revoke_sessions(self, caller: Caller, name: str) -> int:
        """End every session of an account and return how many those were. Raises `user_not_found`."""
        ...

    async def unlock(self, caller: Caller, password: str) -> None:
        """Return where it is the password of whoever has this session.

        Raises `not_permitted` for a wrong one, `throttled` after many, `not_signed_in` where the session is
        over.
        """
        ...

    async def audit(
        self, caller: Caller, limit: int, before: int | None = None, wanted: AuditFilter = EVERY_ENTRY
    ) -> Sequence[AuditEntry]:
        """Return audit entries newest first."""
        ...

    async def search_audit(
        self, caller: Caller, text: str, limit: int, *, before: int | None = None, after: int = 0
    ) -> AuditFound:
        """Return entries below `before` and above `after` that `text` asks for, newest first.

        Looks at 10,000 entries at most, and says how far it came.
        """
        ...

    async def verify_audit(self, caller: Caller, tell: Tell = lambda _done, _all: None) -> ChainReport:
        """Recompute the audit log's chain; `tell` hears how far it is, if anything."""
        ...
