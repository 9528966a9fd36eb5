"""The tables, in SQLModel's language. They never leave this room: queries build domain objects."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, false, text
from sqlmodel import Field, SQLModel

from jobmon_tui.storage.column_types import BIG, UtcText, where
from jobmon_tui.storage.late_indexes import LATE


def _time(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcText, nullable=nullable))


class ReportConfigurationRow(SQLModel, table=True):
    """A named report."""

    __tablename__ = "report_configuration"
    __table_args__ = (
        Index("ix_report_limited", "id", "max_concurrent", **where("max_concurrent IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    name: str = Field(unique=True)
    version: int = 1
    runner: str
    parameters: str
    schedule: str | None = None
    timezone: str = "UTC"
    timeout: float | None = None
    queue: str = "default"
    priority: int = 0
    created_at: datetime = _time()
    updated_at: datetime = _time()
    paused: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    misfire: str = Field(default="once", sa_column_kwargs={"server_default": "once"})
    overlap: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    max_concurrent: int | None = None
    max_retries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    retry_delay: float = Field(default=60.0, sa_column_kwargs={"server_default": "60"})
    on_lost: str = Field(default="fail", sa_column_kwargs={"server_default": "fail"})


class ReportStateRow(SQLModel, table=True):
    """What is remembered of a report beside its configuration; it outlives the report.

    `last_due` is the latest due time dealt with, fired or not. `max_concurrent` stands here only once the
    report was deleted: what is still Queued keeps to it.
    """

    __tablename__ = "report_state"
    __table_args__ = (
        Index(
            "ix_state_limited",
            "configuration_id",
            "max_concurrent",
            **where("max_concurrent IS NOT NULL"),
        ),
    )
    configuration_id: int = Field(primary_key=True, sa_type=BIG)
    last_due: datetime | None = _time(nullable=True)
    skipped_due: datetime | None = _time(nullable=True)
    skipped_reason: str | None = None
    max_concurrent: int | None = None


class JobExecutionLogRow(SQLModel, table=True):
    """One execution. The wide columns stand last, so that a list never reads their overflow pages."""

    __tablename__ = "job_execution_log"
    __table_args__ = (
        Index("ix_execution_status", "status", "id"),
        Index("ix_execution_report", "report", "id"),
        Index(
            "ux_execution_active_retry",
            "retry_of",
            unique=True,
            **where("status IN ('Queued', 'Running')"),
        ),
        Index("ix_execution_retry_of", "retry_of", **where("retry_of IS NOT NULL")),
        Index(
            "ux_execution_idempotency",
            "requested_by",
            "retry_of",
            "idempotency_key",
            unique=True,
            **where("idempotency_key IS NOT NULL"),
        ),
        Index("ix_execution_ready", text("priority DESC"), "id", **where("status = 'Queued'")),
        Index(
            "ix_execution_queue", "queue", text("priority DESC"), "id", **where("status = 'Queued'")
        ).ddl_if(dialect="sqlite"),
        Index("ix_execution_running", "worker", "id", **where("status = 'Running'")),
        Index(
            "ux_execution_firing",
            "configuration_id",
            "due_at",
            unique=True,
            **where("due_at IS NOT NULL"),
        ),
        Index(
            "ix_execution_active",
            "configuration_id",
            **where("status IN ('Queued', 'Running')"),
        ),
        *(Index(name, *columns, **where(condition)) for name, (columns, condition) in LATE.items()),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    report: str
    status: str
    trigger: str
    requested_by: str
    retry_of: int | None = Field(default=None, sa_type=BIG)
    attempt: int = 1
    queue: str = "default"
    priority: int = 0
    not_before: datetime | None = _time(nullable=True)
    due_at: datetime | None = _time(nullable=True)
    queued_at: datetime = _time()
    started_at: datetime | None = _time(nullable=True)
    finished_at: datetime | None = _time(nullable=True)
    duration_ms: int | None = Field(default=None, sa_type=BIG)
    worker: str | None = None
    fencing_token: int = Field(default=0, sa_type=BIG)
    configuration_id: int = Field(sa_type=BIG)
    configuration_version: int
    idempotency_key: str | None = None
    error: str | None = None
    output_path: str | None = None
    configuration: str
    error_detail: str | None = None
    output_rows: int | None = Field(default=None, sa_type=BIG)
    output_size: int | None = Field(default=None, sa_type=BIG)
    output_sha256: str | None = None


class CancelRequestRow(SQLModel, table=True):
    """Somebody asked for a Running execution to be stopped."""

    __tablename__ = "cancel_request"
    execution_id: int = Field(primary_key=True, sa_type=BIG)
    requested_by: str
    requested_at: datetime = _time()


class ExecutionOutputRow(SQLModel, table=True):
    """What an execution printed: its start and, where that is not all, its end."""

    __tablename__ = "execution_output"
    execution_id: int = Field(primary_key=True, sa_type=BIG)
    part: str = Field(primary_key=True)
    start: int = Field(default=0, sa_type=BIG)
    total: int = Field(default=0, sa_type=BIG)
    body: str = ""


class WorkerRow(SQLModel, table=True):
    """A worker that is alive, or that nobody has reaped yet."""

    __tablename__ = "worker"
    name: str = Field(primary_key=True)
    host: str
    pid: int
    version: str
    concurrency: int
    beats: int = Field(default=0, sa_type=BIG)
    started_at: datetime = _time()
    beat_at: datetime = _time()
    queues: str | None = None
    """A JSON list of the queues that it serves; NULL where it serves all."""


class RetentionPassRow(SQLModel, table=True):
    """While a row stands here, inside the transaction that put it there, executions may be deleted."""

    __tablename__ = "retention_pass"
    id: int = Field(primary_key=True)


class StatusCountRow(SQLModel, table=True):
    """How many executions stand in a status; kept by triggers."""

    __tablename__ = "status_count"
    status: str = Field(primary_key=True)
    slot: int = Field(default=0, primary_key=True)
    n: int = Field(default=0, sa_type=BIG)


class AuditLogRow(SQLModel, table=True):
    """Who did what: append-only, each row hashed with the one before it."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_execution", "execution_id"),
        Index("ix_audit_new_execution", "new_execution_id", **where("new_execution_id IS NOT NULL")),
        Index("ix_audit_actor", "actor", "id"),
        Index("ix_audit_action", "action", "id"),
        Index("ix_audit_at", "at", "id"),
        Index("ix_audit_refused", "id", **where("outcome = 'refused'")),
    )
    id: int = Field(primary_key=True, sa_type=BIG)
    at: datetime = _time()
    actor: str
    role: str
    action: str
    outcome: str
    code: str | None = None
    execution_id: int | None = Field(default=None, sa_type=BIG)
    new_execution_id: int | None = Field(default=None, sa_type=BIG)
    origin: str
    details: str | None = None
    previous_hash: str
    hash: str
    known: str | None = None


class AuditHeadRow(SQLModel, table=True):
    """The chain's head: one row, locked by whoever appends."""

    __tablename__ = "audit_head"
    id: int = Field(primary_key=True)
    audit_id: int = Field(sa_type=BIG)
    hash: str


class UserAccountRow(SQLModel, table=True):
    """An account."""

    __tablename__ = "user_account"
    __table_args__ = {"sqlite_autoincrement": True}
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    name: str = Field(unique=True)
    role: str
    password_hash: str
    disabled: bool = False
    created_at: datetime = _time()


class SessionRow(SQLModel, table=True):
    """A session; only the hash of its token is kept."""

    __tablename__ = "session"
    token_hash: str = Field(primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True, sa_type=BIG)
    created_at: datetime = _time()
    expires_at: datetime = _time()
    last_used_at: datetime | None = _time(nullable=True)
    idle_until: datetime | None = _time(nullable=True)
    origin: str | None = None


class EndedSessionRow(SQLModel, table=True):
    """Why a session is over that somebody else has ended: its owner is told, for a day."""

    __tablename__ = "ended_session"
    token_hash: str = Field(primary_key=True)
    why: str
    ended_at: datetime = _time()


class SignInFailureRow(SQLModel, table=True):
    """Wrong passwords for a name; the name itself is not kept, as it may be a password in the wrong field."""

    __tablename__ = "sign_in_failure"
    name_hash: str = Field(primary_key=True)
    is_known: bool
    """Whether there is such an account: what others type never makes anybody forget its failures."""
    failures: int
    last_at: datetime = _time()
    blocked_until: datetime | None = _time(nullable=True)
    is_told: bool


class RefusalBudgetRow(SQLModel, table=True):
    """How many refusals without a session the audit log has taken of late: one row."""

    __tablename__ = "refusal_budget"
    id: int = Field(primary_key=True)
    since: datetime = _time()
    noted: int
    dropped: int


executions = JobExecutionLogRow.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
reports = ReportConfigurationRow.__table__  # type: ignore[attr-defined]
report_states = ReportStateRow.__table__  # type: ignore[attr-defined]
cancel_requests = CancelRequestRow.__table__  # type: ignore[attr-defined]
status_counts = StatusCountRow.__table__  # type: ignore[attr-defined]
audit_log = AuditLogRow.__table__  # type: ignore[attr-defined]
audit_head = AuditHeadRow.__table__  # type: ignore[attr-defined]
accounts = UserAccountRow.__table__  # type: ignore[attr-defined]
sessions = SessionRow.__table__  # type: ignore[attr-defined]
ended_sessions = EndedSessionRow.__table__  # type: ignore[attr-defined]
sign_in_failures = SignInFailureRow.__table__  # type: ignore[attr-defined]
refusal_budgets = RefusalBudgetRow.__table__  # type: ignore[attr-defined]
outputs = ExecutionOutputRow.__table__  # type: ignore[attr-defined]
retention_passes = RetentionPassRow.__table__  # type: ignore[attr-defined]
workers = WorkerRow.__table__  # type: ignore[attr-defined]
