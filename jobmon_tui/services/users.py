"""Accounts: look at them, add them, change them; one enabled Administrator always stays."""

from collections.abc import Sequence
from datetime import datetime

from jobmon_tui.domain.errors import ErrorCode, JobmonError, user_not_found
from jobmon_tui.domain.roles import Actor, Role, Verb, require
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller, Done, change, signed_in, utc_now
from jobmon_tui.services.facade import AccountInfo
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.records import Account
from jobmon_tui.services.sign_in import NAME_LIMIT, PasswordHasher, check_name, check_new_password


async def list_accounts(database: Database, caller: Caller) -> Sequence[AccountInfo]:
    """Return every account by name. Raises `not_permitted` for others than Administrators."""

    def work(transaction: Transaction) -> Sequence[AccountInfo]:
        require(signed_in(transaction, caller, utc_now()), Verb.MANAGE_USERS)
        return [
            AccountInfo(each.name, each.role, each.disabled, each.created_at)
            for each in transaction.accounts()
        ]

    return await database.read(work)


async def _actor(database: Database, caller: Caller) -> Actor:
    return await database.read(lambda transaction: signed_in(transaction, caller, utc_now()))


async def _hashed(hasher: PasswordHasher, actor: Actor, verb: Verb, password: str) -> str | JobmonError:
    # A refusal is told in the transaction, where it is audited; a hash is costly, so only if allowed.
    try:
        require(actor, verb)
        check_new_password(password)
    except JobmonError as refusal:
        return refusal
    return await hasher.hash(password)


async def add_account(  # noqa: PLR0917  # the order of `Services.add_account`
    database: Database, caller: Caller, hasher: PasswordHasher, name: str, role: Role, password: str
) -> None:
    """Add an account. Raises `invalid_input`, `already_exists` and the usual."""
    actor = await _actor(database, caller)
    hashed = await _hashed(hasher, actor, Verb.MANAGE_USERS, password)

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


async def change_account(
    database: Database,
    caller: Caller,
    hasher: PasswordHasher,
    name: str,
    *,
    role: Role | None = None,
    password: str | None = None,
    disabled: bool | None = None,
) -> None:
    """Change an account and end its sessions; what it says already changes nothing.

    Everyone may change their own password. Raises `invalid_input`, `user_not_found`, `last_administrator` and
    the usual.
    """
    name = one_line(name, NAME_LIMIT + 1)
    actor = await _actor(database, caller)
    own_password = actor.name == name and role is None and disabled is None and password is not None
    verb = Verb.CHANGE_PASSWORD if own_password else Verb.MANAGE_USERS
    hashed = await _hashed(hasher, actor, verb, password) if password is not None else None

    def work(transaction: Transaction, _actor: Actor, _now: datetime) -> tuple[None, Done | None]:
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
        return None, Done(details=f"changed “{name}”: {', '.join(told)}")

    await change(database, caller, verb, work)
