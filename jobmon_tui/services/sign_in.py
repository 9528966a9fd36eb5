"""First run, signing in and out."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobmon_tui.domain import errors
from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.errors import ErrorCode, JobmonError, invalid_input
from jobmon_tui.domain.execution import AUTOMATION, SYSTEM
from jobmon_tui.domain.roles import Actor, Role, Verb
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import NOBODY, Caller, note_refusal, signed_in, token_hash, utc_now
from jobmon_tui.services.confirming import confirm_password
from jobmon_tui.services.passwords import NAME_LIMIT, PasswordHasher, check_new_password, check_password
from jobmon_tui.services.ports import Database, Transaction

SESSION_LENGTH = timedelta(hours=12)
ORIGIN_LIMIT = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An open session. The token is shown to nobody but its owner."""

    token: str
    actor: Actor
    expires_at: datetime


def check_name(name: str) -> str:
    """Return an account's name cleaned. Raises `invalid_input` when nothing is left, or too much."""
    cleaned = one_line(name, NAME_LIMIT + 1)
    if not cleaned or len(cleaned) > NAME_LIMIT:
        raise invalid_input(f"A name needs between 1 and {NAME_LIMIT} characters.")
    if cleaned.casefold() == AUTOMATION:
        raise invalid_input(f"“{cleaned}” is the name under which schedules act. Take another.")
    if cleaned.casefold() == SYSTEM:
        raise invalid_input(f"“{cleaned}” is the name under which jobmon itself acts. Take another.")
    return cleaned


def _open_session(  # noqa: PLR0917  # who, from where, when and why: one caller has them all at hand
    transaction: Transaction,
    actor: Actor,
    origin: str,
    now: datetime,
    action: str,
    idle: timedelta | None,
    known: str | None = None,
) -> SignedIn:
    token = secrets.token_urlsafe(32)
    taken = {each.id for each in transaction.sessions(None, now)}
    while transaction.session_id(token_hash(token)) in taken:
        token = secrets.token_urlsafe(32)
    expires_at = now + SESSION_LENGTH
    transaction.add_session(
        actor.name,
        token_hash(token),
        now,
        expires_at,
        idle_until=now + idle if idle is not None else None,
        origin=one_line(origin, ORIGIN_LIMIT),
    )
    transaction.add_audit(
        NewAuditEntry(
            now, actor.name, actor.role.value, action, "allowed", None, None, None, origin, known=known
        )
    )
    # Read again: whether anything may be changed here is not the account's own.
    return SignedIn(token, transaction.actor(token_hash(token), now) or actor, expires_at)


async def has_accounts(database: Database) -> bool:
    """Tell whether the first Administrator exists."""
    return bool(await database.read(lambda transaction: transaction.accounts()))


async def create_first_administrator(
    database: Database,
    hasher: PasswordHasher,
    name: str,
    password: str,
    origin: str,
    *,
    idle: timedelta | None = None,
    read_only: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> SignedIn:
    """Create the first account and sign it in; `idle` as for `sign_in`.

    Raises `invalid_input`, `read_only`, and `already_exists` once there is any account.
    """
    if read_only:
        raise errors.read_only("First Administrator")
    name = check_name(name)
    check_new_password(password, name)
    hashed = await hasher.hash(password)

    def work(transaction: Transaction) -> SignedIn | JobmonError:
        now = clock()
        if transaction.accounts():
            code = ErrorCode.ALREADY_EXISTS
            entry = NewAuditEntry(
                now, name, NOBODY, "First Administrator", "refused", code.value, None, None, origin
            )
            note_refusal(transaction, entry)
            return JobmonError(code, "This database already has accounts. Sign in with: jobmon login NAME")
        transaction.add_account(name, Role.ADMINISTRATOR, hashed, now)
        actor = Actor(name, Role.ADMINISTRATOR)
        return _open_session(transaction, actor, origin, now, "First Administrator", idle)

    opened = await database.write(work)
    if isinstance(opened, JobmonError):
        raise opened
    return opened


async def sign_in(
    database: Database,
    hasher: PasswordHasher,
    name: str,
    password: str,
    origin: str,
    *,
    known: str | None = None,
    idle: timedelta | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> SignedIn:
    """Open a session, which ends after `idle` without use. `known` as in `Caller`.

    Raises `not_signed_in`, the same for an unknown name as for a wrong password, and `throttled`.
    """
    checked = await check_password(
        database, hasher, name, password, "Sign In", origin, known=known, clock=clock
    )

    def work(transaction: Transaction) -> SignedIn | JobmonError:
        now = clock()
        account = checked.decide(transaction, now)
        if isinstance(account, JobmonError):
            return account
        return _open_session(
            transaction, Actor(account.name, account.role), origin, now, "Sign In", idle, known
        )

    opened = await database.write(work)
    if isinstance(opened, JobmonError):
        raise opened
    return opened


async def unlock(
    database: Database,
    hasher: PasswordHasher,
    caller: Caller,
    password: str,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Return where it is the password of whoever has this session.

    Raises `not_permitted` for a wrong one, `throttled` after many, `not_signed_in` where the session is over.
    """
    await confirm_password(database, hasher, caller, password, Verb.UNLOCK, clock=clock)


async def sign_out(database: Database, caller: Caller, *, clock: Callable[[], datetime] = utc_now) -> None:
    """End the caller's session; where it is over already, that is well."""

    def work(transaction: Transaction) -> None:
        now = clock()
        actor = transaction.actor(token_hash(caller.token), now)
        transaction.end_session(token_hash(caller.token))
        if actor is not None:
            transaction.add_audit(
                NewAuditEntry(
                    now,
                    actor.name,
                    actor.role.value,
                    "Sign Out",
                    "allowed",
                    None,
                    None,
                    None,
                    caller.origin,
                    None,
                    caller.known,
                )
            )

    await database.write(work)


async def whoami(database: Database, caller: Caller, *, clock: Callable[[], datetime] = utc_now) -> Actor:
    """Return who the caller is. Raises `not_signed_in`."""
    return await database.read(lambda transaction: signed_in(transaction, caller, clock()))
