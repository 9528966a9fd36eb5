"""Cancel an execution: a Queued one at once, a Running one by asking its worker."""

from datetime import datetime

from jobmon_tui.domain.errors import execution_not_found
from jobmon_tui.domain.execution import Status, check_cancellable
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.services.audited import Caller, Done, change
from jobmon_tui.services.ports import Database, Transaction


async def cancel_execution(database: Database, caller: Caller, execution_id: int) -> str:
    """Cancel and audit; return one line that says what happened. Raises `not_cancellable` and the usual."""

    def work(transaction: Transaction, actor: Actor, now: datetime) -> tuple[str, Done]:
        found = transaction.execution(execution_id)
        if found is None:
            raise execution_not_found(execution_id)
        check_cancellable(found.execution)
        if found.execution.status is Status.QUEUED:
            transaction.cancel_queued(execution_id, f"cancelled by {actor.name}", now)
            return f"#{execution_id} was cancelled.", Done(execution_id)
        transaction.request_cancel(execution_id, actor.name, now)
        return f"#{execution_id} is being stopped.", Done(execution_id)

    return await change(database, caller, Verb.CANCEL, work, execution_id=execution_id)
