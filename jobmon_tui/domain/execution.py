"""What an execution is: its status, how it may move, and the rules of retry and cancel as pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jobmon_tui.domain.errors import ErrorCode, JobmonError


class Status(StrEnum):
    """Where an execution is in its life."""

    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def is_final(self) -> bool:
        """True once nothing about the execution can change again."""
        return not TRANSITIONS[self]


class Trigger(StrEnum):
    """Why an execution was queued."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    RETRY = "retry"


class ConfigurationState(StrEnum):
    """How the report stands today, against the snapshot that the execution carries."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    DELETED = "deleted"


AUTOMATION = "schedule"
"""Who asked for what a schedule or a policy queued; no account may have this name."""
SYSTEM = "system"
"""Who did what needs no account, only the database file; no account may have this name."""
GREATEST_ID = 2**63 - 1
"""The greatest id that a database keeps; no execution has one beyond it."""

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.CANCELLED}),
    Status.RUNNING: frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution as lists show it: no snapshot, no error detail. Times are aware, in UTC."""

    id: int
    report: str
    status: Status
    trigger: Trigger
    requested_by: str
    retry_of: int | None
    attempt: int
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    worker: str | None
    configuration_id: int
    configuration_version: int
    configuration_state: ConfigurationState
    error: str | None
    output_path: str | None
    retried_by: int | None = None
    """The newest retry of this execution."""
    retried_by_status: Status | None = None
    not_before: datetime | None = None
    """Until then a Queued one waits: the backoff of an automatic retry."""
    retried_by_not_before: datetime | None = None
    """Until then the newest retry waits, if it is Queued."""

    def is_being_retried(self, now: datetime) -> bool:
        """Tell whether a retry of this one is under way; one that waits in its backoff is no hindrance."""
        status, waits_until = self.retried_by_status, self.retried_by_not_before
        if status is None or status.is_final:
            return False
        return status is Status.RUNNING or waits_until is None or waits_until <= now

    def waits_in_backoff(self, now: datetime) -> bool:
        """Tell whether this is an automatic retry whose time has not come."""
        return (
            self.status is Status.QUEUED
            and self.trigger is Trigger.RETRY
            and self.requested_by == AUTOMATION
            and self.not_before is not None
            and self.not_before > now
        )


@dataclass(frozen=True, slots=True)
class ExecutionDetails:
    """One execution with what lists leave out. `configuration` is the snapshot, byte for byte.

    `output_rows`, `output_size` (bytes) and `output_sha256` (hexadecimal) tell of the report file as it was
    when it was completed; None where there is none, or its runner did not say.
    """

    execution: Execution
    configuration: str
    error_detail: str | None
    queue: str
    priority: int
    output_rows: int | None = None
    output_size: int | None = None
    output_sha256: str | None = None

    @property
    def file_size_words(self) -> str:
        """How much the report file holds, such as `12 rows, 1,204 bytes`; empty where nothing is known."""
        rows, size = self.output_rows, self.output_size
        parts = [] if rows is None else [f"{rows:,} {'row' if rows == 1 else 'rows'}"]
        return ", ".join([*parts, *([] if size is None else [f"{size:,} bytes"])])


@dataclass(frozen=True, slots=True)
class NewExecution:
    """An execution that is about to be queued."""

    report: str
    trigger: Trigger
    requested_by: str
    configuration_id: int
    configuration_version: int
    configuration: str
    queued_at: datetime
    retry_of: int | None = None
    attempt: int = 1
    queue: str = "default"
    priority: int = 0
    idempotency_key: str | None = None
    not_before: datetime | None = None


def already_retried(execution_id: int, by: str) -> JobmonError:
    """A retry is under way already; `by` names it."""
    message = f"#{execution_id} is already being retried by {by}."
    return JobmonError(ErrorCode.ALREADY_RETRIED, message, execution_id=execution_id)


def retry_of(
    failed: ExecutionDetails,
    requested_by: str,
    now: datetime,
    *,
    key: str | None = None,
    not_before: datetime | None = None,
) -> NewExecution:
    """Return the execution that runs `failed` again: its exact snapshot, one attempt more.

    Whether it may be run again is for the caller to know.
    """
    old = failed.execution
    return NewExecution(
        report=old.report,
        trigger=Trigger.RETRY,
        requested_by=requested_by,
        configuration_id=old.configuration_id,
        configuration_version=old.configuration_version,
        configuration=failed.configuration,
        queued_at=now,
        retry_of=old.id,
        attempt=old.attempt + 1,
        queue=failed.queue,
        priority=failed.priority,
        not_before=not_before,
        idempotency_key=key,
    )


def plan_retry(
    failed: ExecutionDetails, child: Execution | None, actor: str, now: datetime, key: str | None = None
) -> NewExecution:
    """Return the execution that retries `failed`, with its exact snapshot.

    `child` is its Queued or Running retry, if there is one. An automatic one that waits in its backoff is no
    hindrance: the caller cancels it, and this one takes its place. Raises `not_retryable`, `already_retried`
    or `configuration_deleted`, tested in this order.
    """
    old = failed.execution
    if old.status is not Status.FAILED:
        raise JobmonError(
            ErrorCode.NOT_RETRYABLE,
            f"#{old.id} is {old.status.value}; only a Failed execution can be retried.",
            execution_id=old.id,
        )
    if child is not None and not child.waits_in_backoff(now):
        raise already_retried(old.id, f"#{child.id} ({child.status.value}), asked by {child.requested_by}")
    if old.configuration_state is ConfigurationState.DELETED:
        raise JobmonError(
            ErrorCode.CONFIGURATION_DELETED,
            f"The original configuration could not be found: “{old.report}” was deleted. Nothing was queued.",
            execution_id=old.id,
        )
    return retry_of(failed, actor, now, key=key)


def check_cancellable(execution: Execution) -> None:
    """Raise `not_cancellable` unless the execution is Queued or Running."""
    if execution.status.is_final:
        raise JobmonError(
            ErrorCode.NOT_CANCELLABLE,
            f"#{execution.id} is already {execution.status.value}; there is nothing to cancel.",
            execution_id=execution.id,
        )
