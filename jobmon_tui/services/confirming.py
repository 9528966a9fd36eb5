"""Whoever is signed in proves that they are who they were: to unlock a screen, to change their password."""

from collections.abc import Callable
from datetime import datetime

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.roles import Verb, require
from jobmon_tui.services.audited import Caller, NoSession, note_no_session, signed_in, utc_now
from jobmon_tui.services.passwords import PasswordHasher, check_password
from jobmon_tui.services.ports import Database, Transaction


async def confirm_password(
    database: Database,
    hasher: PasswordHasher,
    caller: Caller,
    password: str,
    verb: Verb,
    *,
    note: bool = True,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Return where it is the caller's password; with `note` the audit log tells of it.

    Raises `not_permitted` for a wrong one, `throttled` after many, `not_signed_in`, `read_only`.
    """

    def who(transaction: Transaction) -> str:
        actor = signed_in(transaction, caller, clock())
        require(actor, verb)
        return actor.name

    name = await database.read(who)
    checked = await check_password(
        database, hasher, name, password, verb.value, caller.origin, known=caller.known, clock=clock
    )

    def work(transaction: Transaction) -> JobmonError | None:
        now = clock()
        try:
            actor = signed_in(transaction, caller, now)
        except NoSession as refusal:
            note_no_session(transaction, caller, verb, now)
            return refusal
        account = checked.decide(transaction, now)
        if isinstance(account, JobmonError):
            return account
        if note:
            role = actor.role.value
            transaction.add_audit(
                NewAuditEntry(
                    now,
                    actor.name,
                    role,
                    verb.value,
                    "allowed",
                    None,
                    None,
                    None,
                    caller.origin,
                    None,
                    caller.known,
                )
            )
        return None

    refusal = await database.write(work)
    if refusal is not None and not isinstance(refusal, NoSession) and refusal.code is ErrorCode.NOT_SIGNED_IN:
        raise JobmonError(ErrorCode.NOT_PERMITTED, "The password is wrong.")
    if refusal is not None:
        raise refusal
