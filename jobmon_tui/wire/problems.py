"""Refusals over the line: problem documents by RFC 9457, and the way back to what was raised."""

from collections.abc import Mapping

from jobmon_tui.domain.errors import ErrorCode, JobmonError, Throttled, UnclearOutcomeError
from jobmon_tui.services.problems import InvalidReport, Problem
from jobmon_tui.wire.forms import ProblemForm

MEDIA_TYPE = "application/problem+json"
_UNCLEAR = "unclear_outcome"

HTTP_STATUS: Mapping[ErrorCode, int] = {
    ErrorCode.NOT_SIGNED_IN: 401,
    ErrorCode.SESSION_NOT_FOUND: 404,
    ErrorCode.NOT_PERMITTED: 403,
    ErrorCode.READ_ONLY: 403,
    ErrorCode.EXECUTION_NOT_FOUND: 404,
    ErrorCode.REPORT_NOT_FOUND: 404,
    ErrorCode.USER_NOT_FOUND: 404,
    ErrorCode.CONFIGURATION_DELETED: 409,
    ErrorCode.NOT_RETRYABLE: 409,
    ErrorCode.ALREADY_RETRIED: 409,
    ErrorCode.CHANGED_MEANWHILE: 409,
    ErrorCode.NOT_CANCELLABLE: 409,
    ErrorCode.ALREADY_EXISTS: 409,
    ErrorCode.LAST_ADMINISTRATOR: 409,
    ErrorCode.INVALID_INPUT: 422,
    ErrorCode.THROTTLED: 429,
    ErrorCode.UNFORESEEN: 500,
    ErrorCode.STORAGE_UNAVAILABLE: 503,
}
"""The HTTP status of each error code."""


def problem_form(refusal: JobmonError) -> ProblemForm:
    """Return a refusal's document."""
    problems = refusal.problems if isinstance(refusal, InvalidReport) else ()
    code = refusal.code.value
    kind = _UNCLEAR if isinstance(refusal, UnclearOutcomeError) else code
    return ProblemForm(
        type=f"urn:jobmon:{kind}",
        title=kind.replace("_", " ").capitalize(),
        status=HTTP_STATUS[refusal.code],
        detail=refusal.message,
        code=code,
        execution_id=refusal.execution_id,
        errors=[{"key": each.key, "reason": each.reason} for each in problems],
        retry_after=refusal.retry_after if isinstance(refusal, Throttled) else None,
    )


def refusal_of(problem: ProblemForm) -> JobmonError:
    """Return what the server has raised."""
    if problem.type.endswith(f":{_UNCLEAR}"):
        return UnclearOutcomeError()
    if problem.retry_after is not None:
        return Throttled(problem.detail, problem.retry_after)
    if problem.errors:
        return InvalidReport(
            [Problem(each.get("key", ""), each.get("reason", "")) for each in problem.errors]
        )
    try:
        code = ErrorCode(problem.code)
    except ValueError:
        # A newer server's.
        code = ErrorCode.UNFORESEEN
    return JobmonError(code, problem.detail, execution_id=problem.execution_id)
