"""The one frame of every use case that changes something: who asks, may they, and the audit row."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.errors import ErrorCode, JobmonError, not_signed_in
from jobmon_tui.domain.execution import GREATEST_ID, SYSTEM
from jobmon_tui.domain.roles import SYSTEM_ROLE, Actor, Verb, require
from jobmon_tui.domain.throttling import spend
from jobmon_tui.services.ports import Database, Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as a face knows it: a session token, and the origin as claimed (terminal, host)."""

    token: str
    origin: str
    known: str | None = None
    """Who asks as the system knows it, such as a socket's peer; None: whoever runs this process."""


NOBODY = "-"
"""What the audit log has for who acts where nobody is known."""


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def token_hash(token: str) -> str:
    """Return the SHA-256 of a session token, the only form in which it is kept."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


class NoSession(JobmonError):  # noqa: N818  # named as the refusals are
    """Nobody is signed in, or the session has ended (`not_signed_in`); `caller` is who asked."""

    def __init__(self, caller: Caller, why_ended: str | None) -> None:
        refusal = not_signed_in(why_ended)
        super().__init__(refusal.code, refusal.message)
        self.caller = caller


class NotAllowed(JobmonError):  # noqa: N818  # named as the refusals are
    """Somebody who is signed in wanted to look at what they may not (`not_permitted`, `read_only`)."""

    def __init__(self, refusal: JobmonError, caller: Caller, actor: Actor, verb: Verb) -> None:
        super().__init__(refusal.code, refusal.message)
        self.caller = caller
        self.actor = actor
        self.verb = verb


def signed_in(transaction: Transaction, caller: Caller, now: datetime, about: int | None = None) -> Actor:
    """Return who calls, read in this transaction. Raises `not_signed_in`.

    `about` is the execution that the transaction will ask for next.
    """
    hashed = token_hash(caller.token)
    actor = transaction.actor(hashed, now, about)
    if actor is None:
        raise NoSession(caller, transaction.why_ended(hashed, now))
    return actor


def require_to_look(caller: Caller, actor: Actor, verb: Verb) -> None:
    """Raise `NotAllowed` unless `actor` may; whoever reads for the caller notes it (services/gate.py)."""
    try:
        require(actor, verb)
    except JobmonError as refusal:
        raise NotAllowed(refusal, caller, actor, verb) from None


def may_look(transaction: Transaction, caller: Caller, now: datetime, verb: Verb) -> Actor:
    """Return who calls. Raises `not_signed_in`, and `NotAllowed` where their role has not the verb."""
    actor = signed_in(transaction, caller, now)
    require_to_look(caller, actor, verb)
    return actor


def note_not_allowed(transaction: Transaction, refusal: NotAllowed, now: datetime) -> None:
    """Append that somebody wanted to look at what they may not."""
    actor, caller = refusal.actor, refusal.caller
    transaction.add_audit(
        NewAuditEntry(
            now,
            actor.name,
            actor.role.value,
            refusal.verb.value,
            "refused",
            refusal.code.value,
            None,
            None,
            caller.origin,
            refusal.message,
            caller.known,
        )
    )


def note_refusal(transaction: Transaction, entry: NewAuditEntry) -> None:
    """Append the refusal of somebody without a session; only counted where there are too many of them."""
    budget, is_noted, dropped = spend(transaction.refusal_budget(), entry.at)
    transaction.keep_refusal_budget(budget)
    if dropped:
        told = f"{dropped:,} more refusals without a session were counted, not noted one by one"
        transaction.add_audit(
            NewAuditEntry(
                entry.at, SYSTEM, SYSTEM_ROLE, "Refusals", "refused", None, None, None, entry.origin, told
            )
        )
    if is_noted:
        transaction.add_audit(entry)


def note_no_session(
    transaction: Transaction, caller: Caller, verb: Verb, now: datetime, told: str | None = None
) -> None:
    """Append that somebody without a session asked for `verb`."""
    code = ErrorCode.NOT_SIGNED_IN.value
    note_refusal(
        transaction,
        NewAuditEntry(
            now,
            NOBODY,
            NOBODY,
            verb.value,
            "refused",
            code,
            None,
            None,
            caller.origin,
            told,
            caller.known,
        ),
    )


@dataclass(frozen=True, slots=True)
class Done:
    """What the audit row of an allowed change names besides the actor."""

    execution_id: int | None = None
    new_execution_id: int | None = None
    details: str | None = None


async def change(
    database: Database,
    caller: Caller,
    verb: Verb,
    work: Callable[[Transaction, Actor, datetime], tuple[T, Done | None]],
    *,
    execution_id: int | None = None,
    repeatable: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> T:
    """Run a change and its audit row in one transaction; a refusal is audited as refused, and raised.

    `work` writes nothing before it refuses: the refusal's own row is committed in the same transaction. Where
    it broke this rule RuntimeError is raised, so that all of it is rolled back.
    A `Done` of None means that nothing changed (a repeated key), so that there is nothing to audit.
    `repeatable` as `Database.write` tells; a refusal that is found again then is audited again.
    """

    def unit(transaction: Transaction) -> T | JobmonError:
        now = clock()
        try:
            actor = signed_in(transaction, caller, now, execution_id)
        except NoSession as refusal:
            note_no_session(transaction, caller, verb, now, refusal.message)
            return refusal

        def audit(outcome: str, code: str | None, done: Done) -> None:
            transaction.add_audit(
                NewAuditEntry(
                    now,
                    actor.name,
                    actor.role.value,
                    verb.value,
                    outcome,
                    code,
                    done.execution_id,
                    done.new_execution_id,
                    caller.origin,
                    done.details,
                    caller.known,
                )
            )

        try:
            require(actor, verb)
            answer, done = work(transaction, actor, now)
        except JobmonError as refusal:
            if transaction.has_written:
                raise RuntimeError(
                    f"“{verb.value}” refused after it had written; nothing was kept"
                ) from refusal
            named = execution_id if execution_id is not None and abs(execution_id) <= GREATEST_ID else None
            audit("refused", refusal.code.value, Done(named, details=refusal.message))
            return refusal
        if done is not None:
            audit("allowed", None, done)
        return answer

    answer = await database.write(unit, repeatable=repeatable)
    if isinstance(answer, JobmonError):
        raise answer
    return answer
