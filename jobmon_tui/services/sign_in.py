"""First run, signing in and out."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.errors import ErrorCode, JobmonError, invalid_input
from jobmon_tui.domain.execution import AUTOMATION, SYSTEM
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller, signed_in, token_hash, utc_now
from jobmon_tui.services.ports import Database, Transaction

SESSION_LENGTH = timedelta(hours=12)
NAME_LIMIT = 64
MINIMUM_PASSWORD_LENGTH = 8


class PasswordHasher(Protocol):
    """Hashes and verifies passwords."""

    async def hash(self, password: str) -> str:
        """Return a salted hash."""
        ...

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Tell whether the password fits the hash; None takes as long and never fits."""
        ...


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


def check_new_password(password: str) -> None:
    """Raise `invalid_input` for a password that is too short."""
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        raise invalid_input(f"The password needs at least {MINIMUM_PASSWORD_LENGTH} characters.")


def _open_session(
    transaction: Transaction, actor: Actor, origin: str, now: datetime, action: str
) -> SignedIn:
    token = secrets.token_urlsafe(32)
    expires_at = now + SESSION_LENGTH
    transaction.add_session(actor.name, token_hash(token), now, expires_at)
    transaction.add_audit(
        NewAuditEntry(now, actor.name, actor.role.value, action, "allowed", None, None, None, origin)
    )
    return SignedIn(token, actor, expires_at)


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
    clock: Callable[[], datetime] = utc_now,
) -> SignedIn:
    """Create the first account and sign it in.

    Raises `invalid_input`, and `already_exists` once there is any account.
    """
    name = check_name(name)
    check_new_password(password)
    hashed = await hasher.hash(password)

    def work(transaction: Transaction) -> SignedIn:
        if transaction.accounts():
            raise JobmonError(
                ErrorCode.ALREADY_EXISTS,
                "This database already has accounts. Sign in with: jobmon login NAME",
            )
        now = clock()
        transaction.add_account(name, Role.ADMINISTRATOR, hashed, now)
        return _open_session(transaction, Actor(name, Role.ADMINISTRATOR), origin, now, "First Administrator")

    return await database.write(work)


async def sign_in(
    database: Database,
    hasher: PasswordHasher,
    name: str,
    password: str,
    origin: str,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> SignedIn:
    """Open a session. Raises `not_signed_in`, the same for an unknown name as for a wrong password."""
    name = one_line(name, NAME_LIMIT + 1)
    account = await database.read(lambda transaction: transaction.account(name))
    fits = await hasher.verify(account.password_hash if account else None, password)

    def work(transaction: Transaction) -> SignedIn | None:
        now = clock()
        current = transaction.account(name)
        # Read again: the account may have been disabled or given a new password while the hash was verified.
        if not fits or account is None or current is None or current.disabled:
            allowed = False
        else:
            allowed = current.password_hash == account.password_hash
        if current is None or not allowed:
            role = current.role.value if current else "-"
            transaction.add_audit(
                NewAuditEntry(
                    now,
                    one_line(name, NAME_LIMIT),
                    role,
                    "Sign In",
                    "refused",
                    ErrorCode.NOT_SIGNED_IN.value,
                    None,
                    None,
                    origin,
                )
            )
            return None
        return _open_session(transaction, Actor(name, current.role), origin, now, "Sign In")

    opened = await database.write(work)
    if opened is None:
        raise JobmonError(ErrorCode.NOT_SIGNED_IN, "The name or the password is wrong.")
    return opened


async def sign_out(database: Database, caller: Caller) -> None:
    """End the caller's session."""
    await database.write(lambda transaction: transaction.end_session(token_hash(caller.token)))


async def whoami(database: Database, caller: Caller, *, clock: Callable[[], datetime] = utc_now) -> Actor:
    """Return who the caller is. Raises `not_signed_in`."""
    return await database.read(lambda transaction: signed_in(transaction, caller, clock()))
