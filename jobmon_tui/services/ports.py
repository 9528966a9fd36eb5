"""What the use cases need from the database.

A unit of work is a plain function that is given a `Transaction`; the backend decides where it runs (on SQLite
in one hop on the thread of its connection). It commits when the function returns, else rolls back.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from jobmon_tui.domain.audit import AuditEntry, NewAuditEntry
from jobmon_tui.domain.audit_filter import EVERY_ENTRY, AuditFilter, AuditSearch
from jobmon_tui.domain.execution import Execution, ExecutionDetails, NewExecution, Status
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.domain.throttling import Failures, RefusalBudget
from jobmon_tui.services.records import (
    Account,
    AuditFound,
    ExecutionFilter,
    Extent,
    HourCount,
    SessionInfo,
    StoredOutput,
    WorkerSeen,
)

T = TypeVar("T")


class Transaction(Protocol):
    """One unit of work. Every method runs inside it; what it reads is what it commits on."""

    @property
    def has_written(self) -> bool:
        """True once this unit of work has added, changed or deleted anything."""
        ...

    def actor(self, token_hash: str, now: datetime, about: int | None = None, /) -> Actor | None:
        """Whose session this is, with the role of this moment; None if unknown, expired or disabled.

        `about` is the execution that will be asked for next: where each question is a trip, both are one.
        """
        ...

    def foresee_page(
        self,
        wanted: ExecutionFilter,
        limit: int,
        before: int | None,
        after: int | None,
        offset: int,
        /,
    ) -> None:
        """Tell, before `actor`, that nothing is asked after it but these `executions`.

        Where each question is a trip, both are one.
        """
        ...

    def foresee_glance(self, wanted: ExecutionFilter, limit: int, before: int | None, /) -> None:
        """Tell the same of the newest page, or the one below an id, with counts, workers and extent."""
        ...

    def foresee_newer(self, wanted: ExecutionFilter, execution_id: int, /) -> None:
        """Tell the same of `newer`."""
        ...

    def foresee_story(self, execution_id: int, entries: int, /) -> None:
        """Tell, before `actor`, that an `execution` is asked for, its `lineage`, `output` and audit entries.

        So many of these; and of a Queued one what it waits for.
        """
        ...

    def execution(self, execution_id: int) -> ExecutionDetails | None:
        """One execution; its report is locked against deletion and edit until the commit."""
        ...

    def active_child(self, execution_id: int) -> Execution | None:
        """The Queued or Running retry of an execution."""
        ...

    def queued_with_key(self, actor: str, retry_of: int | None, key: str) -> Execution | None:
        """What this actor queued with this idempotency key: the retry of an execution, None for a new run."""
        ...

    def add_execution(self, new: NewExecution) -> int:
        """Queue an execution and return its id."""
        ...

    def add_audit(self, entry: NewAuditEntry) -> None:
        """Append to the audit log's chain; it is there once this unit of work is committed."""
        ...

    def cancel_queued(self, execution_id: int, reason: str, now: datetime) -> bool:
        """Move a Queued execution to Cancelled; False if it is no longer Queued."""
        ...

    def request_cancel(self, execution_id: int, actor: str, now: datetime) -> None:
        """Ask the worker that runs an execution to stop it."""
        ...

    def executions(
        self,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        """Executions newest first: those below the id `before`, or those nearest above the id `after`."""
        ...

    def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        """How many matching executions have a greater id, within the list's extent."""
        ...

    def extent(self, wanted: ExecutionFilter) -> Extent:
        """How many executions match, without counting millions."""
        ...

    def finished_by_hour(self, since: datetime) -> Sequence[HourCount]:
        """How many executions ended in each hour from the one of `since` on, at most some days ago.

        Oldest first; hours in which none ended are left out. Just after an upgrade an hour may lack some.
        """
        ...

    def workers(self) -> Sequence[WorkerSeen]:
        """Every registered worker by name, dead ones that nobody has reaped among them."""
        ...

    def output(self, execution_id: int) -> StoredOutput:
        """What an execution printed; empty where it printed nothing."""
        ...

    def queued_before(self, execution_id: int, now: datetime) -> int:
        """How many ready executions will be claimed before this Queued one."""
        ...

    def counts(self) -> dict[Status, int]:
        """How many executions stand in each status, from the maintained counters."""
        ...

    def lineage(self, execution_id: int) -> Sequence[Execution]:
        """The execution, what it retries and what retried it, oldest first."""
        ...

    def audit_entries(
        self, limit: int, before: int | None = None, wanted: AuditFilter = EVERY_ENTRY
    ) -> Sequence[AuditEntry]:
        """Audit entries newest first, below the id `before`."""
        ...

    def search_audit(
        self, search: AuditSearch, limit: int, *, before: int | None, after: int, span: int
    ) -> AuditFound:
        """Audit entries that are searched for, below the id `before` (or from the newest) and above `after`.

        Looks at `span` entries at most.
        """
        ...

    def audit_chain(self, after: int, limit: int) -> Sequence[AuditEntry]:
        """Audit entries oldest first, for verifying the chain."""
        ...

    def audit_head(self) -> tuple[int, str]:
        """The id and the hash of the last entry as the chain's head keeps them."""
        ...

    def audit_strays(self, last: int) -> int | None:
        """The id of an entry beside those of 1 to `last`, each of which is there; None without one."""
        ...

    def report(self, name: str) -> Report | None:
        """One report by its name."""
        ...

    def reports(self) -> Sequence[Report]:
        """Every report by name."""
        ...

    def add_report(self, draft: ReportDraft, now: datetime) -> int:
        """Add a report and return its id; raises `already_exists`."""
        ...

    def replace_report(self, name: str, draft: ReportDraft, now: datetime) -> None:
        """Replace a report's configuration and raise its version."""
        ...

    def delete_report(self, name: str) -> None:
        """Really delete a report; its executions keep their snapshots."""
        ...

    def set_paused(self, name: str, paused: bool, now: datetime) -> None:
        """Stop a report's schedule, or go on with it: what was due before `now` never fires then."""
        ...

    def latest_executions(self) -> Mapping[str, Execution]:
        """The newest execution of each report that there is, by the report's name."""
        ...

    def limit_of(self, execution: Execution) -> tuple[int, int] | None:
        """How many executions of the same report run, and how many may at once; None without a limit."""
        ...

    def next_execution_id(self) -> int:
        """The id that this unit of work's next `add_execution` will give; in a write only."""
        ...

    def account(self, name: str) -> Account | None:
        """One account."""
        ...

    def accounts(self) -> Sequence[Account]:
        """Every account by name."""
        ...

    def add_account(self, name: str, role: Role, password_hash: str, now: datetime) -> None:
        """Add an account; raises `already_exists`."""
        ...

    def change_account(
        self,
        name: str,
        *,
        role: Role | None = None,
        password_hash: str | None = None,
        disabled: bool | None = None,
    ) -> None:
        """Change an account; its sessions stay."""
        ...

    def add_session(
        self,
        name: str,
        token_hash: str,
        now: datetime,
        expires_at: datetime,
        *,
        idle_until: datetime | None = None,
        origin: str | None = None,
    ) -> None:
        """Open a session; from `idle_until` on it is over unless it was used (None: it may rest)."""
        ...

    def touch_session(
        self, token_hash: str, now: datetime, idle_until: datetime | None, unless_since: datetime, /
    ) -> None:
        """Note that a session is used, unless that was noted after `unless_since`."""
        ...

    def sessions(self, name: str | None, now: datetime, /) -> Sequence[SessionInfo]:
        """Every session that is open at `now`, or those of one account, the newest first."""
        ...

    def session_id(self, token_hash: str, /) -> int:
        """The id by which a session is known that has this token."""
        ...

    def end_session(self, token_hash: str) -> None:
        """End a session; unknown ones are ignored."""
        ...

    def end_sessions(self, name: str, why: str, now: datetime, only: int | None = None) -> int:
        """End an account's sessions, or the one with the id `only`; return how many ended.

        `why_ended` knows of it for a day.
        """
        ...

    def why_ended(self, token_hash: str, now: datetime) -> str | None:
        """Why a session is over, as its owner may read it; None where nothing is known of it."""
        ...

    def failures(self, name: str) -> Failures | None:
        """The wrong passwords for this name, whether or not there is such an account."""
        ...

    def keep_failures(self, name: str, failures: Failures | None) -> None:
        """Keep them in place of what was known (None: forget it); of unknown names only the latest stay."""
        ...

    def refusal_budget(self) -> RefusalBudget | None:
        """What is known of refusals without a session; in a write nobody else counts until the end."""
        ...

    def keep_refusal_budget(self, budget: RefusalBudget) -> None:
        """Keep it in place of what was known."""
        ...


class Database(Protocol):
    """Where units of work run."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent snapshot. Raises `storage_unavailable`."""
        ...

    async def write(self, work: Callable[[Transaction], T], *, repeatable: bool = False) -> T:
        """Run `work` with the write lock held from its first statement, and commit.

        Raises `storage_unavailable`: nothing was kept; or `UnclearOutcomeError`: it may have been. With
        `repeatable` that comes last: where it is unclear `work` runs again, and must know by itself what its
        first run has made. Any `work` may be run again after a run of which nothing was kept.

        Once begun it is not abandoned: cancelling the caller lets the commit or rollback finish first.
        """
        ...
