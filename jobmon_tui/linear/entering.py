"""Signing in, and the first Administrator, by question and answer."""

from collections.abc import Callable

from jobmon_tui.domain.errors import ErrorCode, JobmonError, not_signed_in
from jobmon_tui.domain.roles import Actor
from jobmon_tui.linear.console import Console
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.services.passwords import MINIMUM_PASSWORD_LENGTH, check_new_password
from jobmon_tui.services.sign_in import SignedIn, check_name

ENDED = "Your session has ended. Sign in again."


async def enter(
    console: Console, services: Services, token: str | None, origin: str
) -> tuple[Caller, Actor, SignedIn | None]:
    """Return who is there: by the saved session, else by asking. A new session comes along.

    Raises `JobmonError` where the database cannot answer, `EndOfInput` and `Interrupted`.
    """
    if not await services.has_accounts():
        opened = await _first_run(console, services, origin)
        if opened is not None:
            return Caller(opened.token, origin), opened.actor, opened
    elif token is not None:
        caller = Caller(token, origin)
        try:
            return caller, await services.whoami(caller), None
        except JobmonError as refusal:
            if refusal.code is not ErrorCode.NOT_SIGNED_IN:
                raise
            console.say(ENDED if refusal.message == not_signed_in().message else refusal.message)
    opened = await _sign_in(console, services, origin)
    return Caller(opened.token, origin), opened.actor, opened


async def _sign_in(console: Console, services: Services, origin: str) -> SignedIn:
    while True:
        name = await console.ask("Name:")
        if not name:
            console.say("Type the name of your account, or leave with Ctrl+D.")
            continue
        password = await console.ask_secret("Password (nothing is shown while you type):")
        try:
            return await services.sign_in(name, password, origin)
        except JobmonError as refusal:
            if refusal.code not in {ErrorCode.NOT_SIGNED_IN, ErrorCode.THROTTLED}:
                raise
            console.say(refusal.message)


async def _first_run(console: Console, services: Services, origin: str) -> SignedIn | None:
    """Create the first account; None where somebody else has done that meanwhile."""
    console.say(
        "This database has no accounts yet. Create the first one: an Administrator, who may do everything."
    )
    while True:
        name = await console.ask("Your name:")
        if not _holds(console, check_name, name):
            continue
        password = await _new_password(console, name)
        try:
            return await services.create_first_administrator(name, password, origin)
        except JobmonError as refusal:
            if refusal.code is not ErrorCode.ALREADY_EXISTS:
                raise
            console.say("Somebody has created the first account meanwhile. Sign in.")
            return None


async def _new_password(console: Console, name: str) -> str:
    while True:
        question = f"Password, at least {MINIMUM_PASSWORD_LENGTH} characters (nothing is shown):"
        password = await console.ask_secret(question)
        if not _holds(console, lambda typed: check_new_password(typed, name), password):
            continue
        if await console.ask_secret("The same password again:") == password:
            return password
        console.say("These were two different passwords.")


def _holds(console: Console, check: Callable[[str], object], value: str) -> bool:
    try:
        check(value)
    except JobmonError as refusal:
        console.say(refusal.message)
        return False
    return True
