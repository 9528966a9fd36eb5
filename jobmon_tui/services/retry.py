"""Retry a failed execution: a new Queued one with the failed one's exact snapshot."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobmon_tui.domain.errors import execution_not_found, invalid_input
from jobmon_tui.domain.execution import ConfigurationState, plan_retry
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller, Done, change, utc_now
from jobmon_tui.services.ports import Database, Transaction

KEY_LIMIT = 200


@dataclass(frozen=True, slots=True)
class RetryReceipt:
    """What a retry made. `repeated` means that this key had made it before."""

    execution_id: int
    new_id: int
    report: str
    configuration_state: ConfigurationState
    repeated: bool

    @property
    def message(self) -> str:
        """One line for the toast."""
        edited = (
            " The report was edited since; the retry uses the failed run's configuration."
            if self.configuration_state is ConfigurationState.CHANGED
            else ""
        )
        return f"“{self.report}” #{self.execution_id} was queued again as #{self.new_id}.{edited}"


def _check_key(key: str) -> None:
    # Refused, never cleaned or cut: two keys that became one would hide the second retry.
    if not key or key != one_line(key, KEY_LIMIT):
        raise invalid_input(
            f"An idempotency key needs 1 to {KEY_LIMIT} characters on one line, with single spaces at most."
        )


async def retry_execution(
    database: Database,
    caller: Caller,
    execution_id: int,
    *,
    key: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> RetryReceipt:
    """Queue a retry and audit it, in one transaction.

    Raises `not_signed_in`, `not_permitted`, `invalid_input` (a bad key), `execution_not_found`,
    `not_retryable`, `already_retried`, `configuration_deleted`, tested in this order, or
    `storage_unavailable`.
    """

    def work(transaction: Transaction, actor: Actor, now: datetime) -> tuple[RetryReceipt, Done | None]:
        if key is not None:
            _check_key(key)
        failed = transaction.execution(execution_id)
        if failed is None:
            raise execution_not_found(execution_id)
        state = failed.execution.configuration_state
        if key is not None:
            earlier = transaction.retry_with_key(actor.name, execution_id, key)
            if earlier is not None:
                return RetryReceipt(execution_id, earlier.id, earlier.report, state, repeated=True), None
        planned = plan_retry(failed, transaction.active_child(execution_id), actor.name, now, key)
        new_id = transaction.add_execution(planned)
        receipt = RetryReceipt(execution_id, new_id, planned.report, state, repeated=False)
        return receipt, Done(execution_id, new_id)

    return await change(database, caller, Verb.RETRY, work, execution_id=execution_id, clock=clock)
