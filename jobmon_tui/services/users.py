"""Accounts: look at them, add them, change them; one enabled Administrator always stays."""

from collections.abc import Sequence
from datetime import datetime

from jobmon_tui.domain.errors import (
    ErrorCode,
    JobmonError,
    invalid_input,
    not_signed_in,
    user_not_found,
)
from jobmon_tui.domain.roles import Actor, Role, Verb, require
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller, Done, change, may_look, token_hash, utc_now
from jobmon_tui.services.confirming import confirm_password
from jobmon_tui.services.facade import AccountInfo
from jobmon_tui.services.passwords import NAME_LIMIT, PasswordHasher, check_new_password
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.records import Account
from jobmon_tui.services.sign_in import check_name


async def list_accounts(database: Database, caller: Caller) -> Sequence[AccountInfo]:
    """Return every account by name. Raises `not_permitted` for others than Administrators."""

    def work(transaction: Transaction) -> Sequence[AccountInfo]:
        may_look(transaction, caller, utc_now(), Verb.SEE_USERS)
        return [
            AccountInfo(each.name, each.role, each.disabled, each.created_at)
            for each in transaction.accounts()
        ]

    return await database.read(work)


async def _actor(database: Database, caller: Caller) -> Actor | None:
    """Return who calls; None where nobody does: the change itself refuses that, and notes it."""
    return await database.read(lambda transaction: transaction.actor(token_hash(caller.token), utc_now()))


async def _hashed(
    hasher: PasswordHasher, actor: Actor | None, verb: Verb, password: str, name: str
) -> str | JobmonError:
    # A refusal is told in the transaction, where it is audited; a hash is costly, so only if allowed.
    if actor is None:
        return not_signed_in()
    try:
        require(actor, verb)
        check_new_password(password, name)
    except JobmonError as refusal:
        return refusal
    return await hasher.hash(password)


async def add_account(  # noqa: PLR0917  # the order of `Services.add_account`
    database: Database, caller: Caller, hasher: PasswordHasher, name: str, role: Role, password: str
) -> None:
    """Add an account. Raises `invalid_input`, `already_exists` and the usual."""
    actor = await _actor(database, caller)
    hashed = await _hashed(hasher, actor, Verb.MANAGE_USERS, password, name)

    def work(transaction: Transaction, _actor: Actor, now: datetime) -> tuple[None, Done]:
        cleaned = check_name(name)
        if isinstance(hashed, JobmonError):
            raise hashed
        if transaction.account(cleaned) is not None:
            raise JobmonError(ErrorCode.ALREADY_EXISTS, f"There is already an account named “{cleaned}”.")
        transaction.add_account(cleaned, role, hashed, now)
        return None, Done(details=f"added “{cleaned}” as {role.value}")

    await change(database, caller, Verb.MANAGE_USERS, work)


def _keep_one_administrator(transaction: Transaction, target: Account) -> None:
    others = any(
        each.role is Role.ADMINISTRATOR and not each.disabled and each.name != target.name
        for each in transaction.accounts()
    )
    if target.role is Role.ADMINISTRATOR and not target.disabled and not others:
        raise JobmonError(
            ErrorCode.LAST_ADMINISTRATOR,
            f"“{target.name}” is the last enabled Administrator. Make somebody else one first.",
        )


def _why(role: Role | None, disabled: bool | None) -> str:
    """Return why the sessions end, as their owner reads it."""
    if disabled:
        return "the account was disabled"
    if role is not None:
        return f"the role was changed to {role.value}"
    return "the account was enabled anew" if disabled is False else "the password was changed"


async def change_account(
    database: Database,
    caller: Caller,
    hasher: PasswordHasher,
    name: str,
    *,
    role: Role | None = None,
    password: str | None = None,
    disabled: bool | None = None,
    old_password: str | None = None,
) -> None:
    """Change an account and end its sessions; what it says already changes nothing.

    Everyone may change their own password, with `old_password`; who may change accounts may leave it out.
    Raises `invalid_input`, `user_not_found`, `last_administrator`, `throttled` and the usual.
    """
    name = one_line(name, NAME_LIMIT + 1)
    actor = await _actor(database, caller)
    own_password = (
        actor is not None
        and actor.name == name
        and role is None
        and disabled is None
        and password is not None
    )
    verb = Verb.CHANGE_PASSWORD if own_password else Verb.MANAGE_USERS
    hashed = await _hashed(hasher, actor, verb, password, name) if password is not None else None
    if own_password and actor is not None and isinstance(hashed, str):
        if old_password is not None:
            await confirm_password(database, hasher, caller, old_password, verb, note=False)
        elif not actor.may(Verb.MANAGE_USERS):
            hashed = invalid_input("To change your own password, give the old one too.")

    def work(transaction: Transaction, _actor: Actor, now: datetime) -> tuple[None, Done | None]:
        account = transaction.account(name)
        if account is None:
            raise user_not_found(name)
        if isinstance(hashed, JobmonError):
            raise hashed
        told = []
        if role is not None and role is not account.role:
            told.append(f"role {account.role.value} → {role.value}")
        if disabled is not None and disabled != account.disabled:
            told.append("disabled" if disabled else "enabled")
        if hashed is not None:
            told.append("password")
        if role is Role.VIEWER or disabled:
            _keep_one_administrator(transaction, account)
        if not told:
            return None, None
        transaction.change_account(name, role=role, password_hash=hashed, disabled=disabled)
        if hashed is not None:
            # Whoever sets a new one has answered for it.
            transaction.keep_failures(name, None)
        transaction.end_sessions(name, _why(role, disabled), now)
        return None, Done(details=f"changed “{name}”: {', '.join(told)}")

    await change(database, caller, verb, work)
