"""What may be asked of the services, known before it is asked."""

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Execution, ExecutionDetails, Status, already_retried, plan_retry
from jobmon_tui.domain.roles import Actor, Verb, require
from jobmon_tui.services.audited import utc_now


def why_no_retry(actor: Actor, execution: Execution) -> JobmonError | None:
    """Return why a row offers no retry, in the words of the rule that forbids it; None where it may."""
    try:
        require(actor, Verb.RETRY)
        now = utc_now()
        if execution.status is Status.FAILED and execution.is_being_retried(now):
            by = f"#{execution.retried_by} ({execution.retried_by_status})"
            raise already_retried(execution.id, by)
        plan_retry(ExecutionDetails(execution, "", None, "", 0), None, actor.name, now)
    except JobmonError as refusal:
        return refusal
    return None
