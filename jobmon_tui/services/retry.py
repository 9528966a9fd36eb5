"""Retry a failed execution: a new Queued one with the failed one's exact snapshot."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from jobmon_tui.domain.errors import execution_not_found, invalid_input
from jobmon_tui.domain.execution import ConfigurationState, NewExecution, plan_retry
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
    replaced: int | None = None
    """The automatic retry that waited in its backoff, and whose place this one took."""

    @property
    def message(self) -> str:
        """One line for the toast."""
        edited = (
            " The report was edited since; the retry uses the failed run's configuration."
            if self.configuration_state is ConfigurationState.CHANGED
            else ""
        )
        instead = f", in place of the automatic retry #{self.replaced}" if self.replaced is not None else ""
        return f"“{self.report}” #{self.execution_id} was queued again as #{self.new_id}{instead}.{edited}"


def _check_key(key: str) -> None:
    # Refused, never cleaned or cut: two keys that became one would hide the second retry.
    if not key or key != one_line(key, KEY_LIMIT):
        raise invalid_input(
            f"An idempotency key needs 1 to {KEY_LIMIT} characters on one line, with single spaces at most."
        )


def _replace(transaction: Transaction, waiting: int, planned: NewExecution, now: datetime) -> int:
    # One active retry at any moment: the old one ends first, and must name the new one, for it never changes
    # afterwards.
    expected = transaction.next_execution_id()
    if not transaction.cancel_queued(waiting, f"replaced by #{expected}", now):
        raise RuntimeError("the retry that waited in this very transaction does not")
    new_id = transaction.add_execution(planned)
    if new_id != expected:
        raise RuntimeError(f"the retry became #{new_id}, not #{expected} as was written; nothing was kept")
    return new_id


async def retry_execution(
    database: Database,
    caller: Caller,
    execution_id: int,
    *,
    key: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> RetryReceipt:
    """Queue a retry and audit it, in one transaction; an automatic one that still waits makes way for it.

    Without a `key` it gets one of its own, so that where a commit's answer is lost it can be looked up.

    Raises `not_signed_in`, `not_permitted`, `invalid_input` (a bad key), `execution_not_found`,
    `not_retryable`, `already_retried`, `configuration_deleted`, tested in this order, or
    `storage_unavailable`.
    """
    under = str(uuid4()) if key is None else key
    made: list[RetryReceipt] = []

    def work(transaction: Transaction, actor: Actor, now: datetime) -> tuple[RetryReceipt, Done | None]:
        if key is not None:
            _check_key(key)
        failed = transaction.execution(execution_id)
        if failed is None:
            raise execution_not_found(execution_id)
        state = failed.execution.configuration_state
        # Who retries it at the same moment is refused by the database's own rules, and looks again.
        is_first = failed.execution.retried_by is None
        # A key of its own is new: nothing can have been made with it before this work has run once.
        if not is_first and (key is not None or made):
            earlier = transaction.queued_with_key(actor.name, execution_id, under)
            if earlier is not None:
                before = RetryReceipt(execution_id, earlier.id, earlier.report, state, repeated=True)
                return next((each for each in made if each.new_id == earlier.id), before), None
        child = None if is_first else transaction.active_child(execution_id)
        planned = plan_retry(failed, child, actor.name, now, under)
        if child is None:
            new_id, details = transaction.add_execution(planned), None
        else:
            new_id = _replace(transaction, child.id, planned, now)
            details = f"in place of the automatic retry #{child.id}"
        replaced = None if child is None else child.id
        made.append(
            RetryReceipt(execution_id, new_id, planned.report, state, repeated=False, replaced=replaced)
        )
        return made[-1], Done(execution_id, new_id, details)

    return await change(
        database, caller, Verb.RETRY, work, execution_id=execution_id, repeatable=True, clock=clock
    )
