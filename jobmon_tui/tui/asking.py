"""Asking the services for a change, so that an unclear outcome is cleared up before anything is said."""

import asyncio
from uuid import uuid4

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Execution, ExecutionDetails, Status, already_retried, plan_retry
from jobmon_tui.domain.roles import Actor, Verb, require
from jobmon_tui.services.audited import Caller, utc_now
from jobmon_tui.services.facade import Services
from jobmon_tui.services.retry import RetryReceipt

_BEFORE_LOOKING_AGAIN = 0.25
"""Seconds."""


async def retry_once(services: Services, caller: Caller, execution_id: int) -> RetryReceipt:
    """Retry under a key of its own. Raises `JobmonError`.

    `storage_unavailable` leaves open whether the retry was committed: asked once more with the same key, the
    services answer with what the first call made, or make it now. Never both.
    """
    key = str(uuid4())
    try:
        return await services.retry(caller, execution_id, key=key)
    except JobmonError as error:
        if error.code is not ErrorCode.STORAGE_UNAVAILABLE:
            raise
    await asyncio.sleep(_BEFORE_LOOKING_AGAIN)
    return await services.retry(caller, execution_id, key=key)


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
