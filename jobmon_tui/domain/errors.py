"""Refusals and failures, each typed once with a stable code that every face shows."""

import math
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum


class ErrorCode(StrEnum):
    """The codes that scripts rely on."""

    NOT_SIGNED_IN = "not_signed_in"
    NOT_PERMITTED = "not_permitted"
    EXECUTION_NOT_FOUND = "execution_not_found"
    REPORT_NOT_FOUND = "report_not_found"
    USER_NOT_FOUND = "user_not_found"
    SESSION_NOT_FOUND = "session_not_found"
    CONFIGURATION_DELETED = "configuration_deleted"
    NOT_RETRYABLE = "not_retryable"
    ALREADY_RETRIED = "already_retried"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_CANCELLABLE = "not_cancellable"
    ALREADY_EXISTS = "already_exists"
    LAST_ADMINISTRATOR = "last_administrator"
    READ_ONLY = "read_only"
    THROTTLED = "throttled"
    INVALID_INPUT = "invalid_input"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    UNFORESEEN = "unforeseen"


EXIT_CODES: Mapping[ErrorCode, int] = {
    ErrorCode.NOT_SIGNED_IN: 3,
    ErrorCode.NOT_PERMITTED: 3,
    ErrorCode.READ_ONLY: 3,
    ErrorCode.THROTTLED: 3,
    ErrorCode.EXECUTION_NOT_FOUND: 4,
    ErrorCode.REPORT_NOT_FOUND: 4,
    ErrorCode.USER_NOT_FOUND: 4,
    ErrorCode.SESSION_NOT_FOUND: 4,
    ErrorCode.CONFIGURATION_DELETED: 5,
    ErrorCode.NOT_RETRYABLE: 5,
    ErrorCode.ALREADY_RETRIED: 5,
    ErrorCode.CHANGED_MEANWHILE: 5,
    ErrorCode.NOT_CANCELLABLE: 5,
    ErrorCode.ALREADY_EXISTS: 5,
    ErrorCode.LAST_ADMINISTRATOR: 5,
    ErrorCode.INVALID_INPUT: 2,
    ErrorCode.STORAGE_UNAVAILABLE: 6,
    ErrorCode.UNFORESEEN: 1,
}
"""The exit code of the command line for each error code."""


class JobmonError(Exception):
    """A refusal or failure that a face shows as it stands: `code` for scripts, `message` for people."""

    def __init__(self, code: ErrorCode, message: str, *, execution_id: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.execution_id = execution_id


def not_signed_in(why_ended: str | None = None) -> JobmonError:
    """Nobody is signed in, or the session has ended; `why_ended` is what is known of that."""
    if why_ended is not None:
        return JobmonError(ErrorCode.NOT_SIGNED_IN, f"Your session has ended: {why_ended}. Sign in again.")
    return JobmonError(ErrorCode.NOT_SIGNED_IN, "You are not signed in. Sign in with: jobmon login NAME")


def read_only(what: str) -> JobmonError:
    """Nothing may be changed through this way to the database; `what` is the verb that was asked for."""
    return JobmonError(ErrorCode.READ_ONLY, f"“{what}” is refused: this jobmon is read-only, it only looks.")


class Throttled(JobmonError):  # noqa: N818  # named as the refusals are
    """Too many wrong passwords in a row (`throttled`); `retry_after` is how many seconds to wait."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(ErrorCode.THROTTLED, message)
        self.retry_after = retry_after


def throttled(until: datetime, now: datetime) -> JobmonError:
    """Too many wrong passwords in a row; `until` is when the next one is looked at."""
    left = max(1, math.ceil((until - now).total_seconds()))
    wait = f"{left} s" if left < 60 else f"{-(-left // 60)} min"  # seconds in a minute
    return Throttled(f"Too many wrong passwords. Try again in {wait}, at {until:%H:%M:%S} UTC.", left)


def execution_not_found(execution_id: int) -> JobmonError:
    """No execution has this id."""
    return JobmonError(ErrorCode.EXECUTION_NOT_FOUND, f"There is no execution #{execution_id}.")


def report_not_found(name: str) -> JobmonError:
    """No report has this name."""
    return JobmonError(ErrorCode.REPORT_NOT_FOUND, f"There is no report named “{name}”.")


def changed_meanwhile(name: str, version: int) -> JobmonError:
    """Somebody else has edited the report since it was read; `version` is the one that it has now."""
    return JobmonError(
        ErrorCode.CHANGED_MEANWHILE,
        f"“{name}” was changed meanwhile: it is version {version} now. Nothing was saved; look at it, "
        "and edit it again.",
    )


def user_not_found(name: str) -> JobmonError:
    """No account has this name."""
    return JobmonError(ErrorCode.USER_NOT_FOUND, f"There is no account named “{name}”.")


def session_not_found(session_id: int) -> JobmonError:
    """No open session has this id."""
    return JobmonError(ErrorCode.SESSION_NOT_FOUND, f"There is no open session {session_id}.")


def invalid_input(message: str) -> JobmonError:
    """What was typed or read cannot be used; `message` says where and why."""
    return JobmonError(ErrorCode.INVALID_INPUT, message)


def storage_unavailable(message: str) -> JobmonError:
    """The database cannot be read or written; `message` says why, without paths of credentials."""
    return JobmonError(ErrorCode.STORAGE_UNAVAILABLE, message)


class UnclearOutcomeError(JobmonError):
    """The connection broke while a change was being saved: it may have been saved, or not."""

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.STORAGE_UNAVAILABLE,
            "The connection to the database broke while the change was being saved. "
            "Look whether it was, before you try again.",
        )
