"""Passwords: what may be one, and whether one fits, with a wait after many that did not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.errors import ErrorCode, JobmonError, invalid_input, throttled
from jobmon_tui.domain.text import one_line
from jobmon_tui.domain.throttling import blocked_until, failed
from jobmon_tui.services.audited import NOBODY, note_refusal, utc_now
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.records import Account

NAME_LIMIT = 64
MINIMUM_PASSWORD_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password fits; `rehashed` is a new hash of it where the old one is not made as one is now."""

    fits: bool
    rehashed: str | None = None


class PasswordHasher(Protocol):
    """Hashes and verifies passwords."""

    async def hash(self, password: str) -> str:
        """Return a salted hash."""
        ...

    async def check(self, hashed: str | None, password: str) -> Verdict:
        """Tell whether the password fits the hash; None takes as long and never fits."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """A password that was looked at; the last word is spoken by `decide`, in the transaction that goes on."""

    name: str
    account: Account | None
    """As it was when the password was looked at."""
    verdict: Verdict
    action: str
    origin: str
    known: str | None = None
    """Who asks, as the system knows it; None: whoever runs this process."""

    def decide(self, transaction: Transaction, now: datetime) -> Account | JobmonError:
        """Return the account where the password fits, else the refusal: it is noted already.

        The account is read again: it may have been disabled, or given a new password, while the hash was
        made. So are the failures: of many that try at once only the first few are told whether they fit.
        """
        current = transaction.account(self.name)
        failures = transaction.failures(self.name)
        until = blocked_until(failures, now)
        if until is not None:
            return _refused_early(transaction, self, now)
        before = self.account
        if (
            not self.verdict.fits
            or before is None
            or current is None
            or current.disabled
            or current.password_hash != before.password_hash
        ):
            transaction.keep_failures(self.name, failed(failures, now))
            _note(transaction, self, current, ErrorCode.NOT_SIGNED_IN, now)
            return JobmonError(ErrorCode.NOT_SIGNED_IN, "The name or the password is wrong.")
        if failures is not None:
            transaction.keep_failures(self.name, None)
        if self.verdict.rehashed is not None:
            transaction.change_account(self.name, password_hash=self.verdict.rehashed)
        return current


async def check_password(  # noqa: PLR0917  # who, what and where, in the order of `Services.sign_in`
    database: Database,
    hasher: PasswordHasher,
    name: str,
    password: str,
    action: str,
    origin: str,
    *,
    known: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Checked:
    """Look at a password. Raises `throttled` before that costs a hash, after too many wrong ones.

    `action` is what the audit log calls it.
    """
    name = one_line(name, NAME_LIMIT + 1)

    def look(transaction: Transaction) -> tuple[Account | None, JobmonError | None, bool]:
        failures, now = transaction.failures(name), clock()
        until = blocked_until(failures, now)
        refusal = throttled(until, now) if until is not None else None
        return transaction.account(name), refusal, failures is not None and failures.is_told

    account, refusal, is_told = await database.read(look)
    if refusal is not None:
        if not is_told:
            # Once for each wait: to try again and again must cost neither a hash nor a row.
            early = Checked(name, account, Verdict(False), action, origin, known)
            await database.write(lambda transaction: _refused_early(transaction, early, clock()))
        raise refusal
    verdict = await hasher.check(account.password_hash if account else None, password)
    return Checked(name, account, verdict, action, origin, known)


def _refused_early(transaction: Transaction, checked: Checked, now: datetime) -> JobmonError:
    failures = transaction.failures(checked.name)
    until = blocked_until(failures, now)
    if failures is None or until is None:
        return throttled(now, now)
    if not failures.is_told:
        transaction.keep_failures(checked.name, replace(failures, is_told=True))
        _note(transaction, checked, transaction.account(checked.name), ErrorCode.THROTTLED, now)
    return throttled(until, now)


def _note(
    transaction: Transaction, checked: Checked, account: Account | None, code: ErrorCode, now: datetime
) -> None:
    name = one_line(checked.name, NAME_LIMIT)
    role = account.role.value if account is not None else NOBODY
    note_refusal(
        transaction,
        NewAuditEntry(
            now,
            name,
            role,
            checked.action,
            "refused",
            code.value,
            None,
            None,
            checked.origin,
            known=checked.known,
        ),
    )


def check_new_password(password: str, name: str) -> None:
    """Raise `invalid_input` for a password that is too short, well known, or the account's own name."""
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        raise invalid_input(f"The password needs at least {MINIMUM_PASSWORD_LENGTH} characters.")
    # Here, not above: the list is read when a password is set, and never else.
    from jobmon_tui.services.common_passwords import is_common  # noqa: PLC0415

    if is_common(password, name):
        raise invalid_input(
            "This password is one of the first that anybody would try. Take another, such as a few words."
        )
