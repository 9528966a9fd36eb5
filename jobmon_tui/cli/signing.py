"""`init`, `login`, `logout`, `whoami`."""

from typing import Annotated

import typer

from jobmon_tui.cli.options import Json, PasswordStdin
from jobmon_tui.cli.output import complain, print_json, put, say
from jobmon_tui.cli.session import (
    ask_password,
    keep_token,
    origin,
    place_of,
    refuse_without_keyring,
    settings,
    with_services,
)
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services


def init(
    admin: Annotated[str, typer.Option(help="The name of its first Administrator.")],
    password_stdin: PasswordStdin = False,
) -> None:
    """Create the database and its first Administrator.

    Example: jobmon init --admin alice
    """
    location = settings().database
    password = ask_password(password_stdin, confirm=True)

    async def work(services: Services, _caller: Caller) -> None:
        opened = await services.create_first_administrator(admin, password, origin())
        await services.sign_out(Caller(opened.token, origin()))
        say(f"Created {location.place} with the Administrator “{opened.actor.name}”.")
        say(f"Next: jobmon login {opened.actor.name}")

    with_services(work, create=True, sessionless=True)


def login(
    name: Annotated[str, typer.Argument(help="Your account's name.")],
    password_stdin: PasswordStdin = False,
    print_token: Annotated[
        bool, typer.Option("--print-token", help="Print the token alone, keep nothing.")
    ] = False,
    export: Annotated[bool, typer.Option("--export", help="Print a line for eval, keep nothing.")] = False,
) -> None:
    """Sign in, and keep the session in this machine's keyring.

    \b
    Examples:
      jobmon login alice
      eval "$(jobmon login alice --export)"     where there is no keyring
    """
    if print_token and export:
        raise invalid_input("Use either --print-token or --export.")
    location = place_of(settings())
    to_keyring = not (print_token or export)
    if to_keyring:
        refuse_without_keyring()
    password = ask_password(password_stdin)

    async def work(services: Services, _caller: Caller) -> int:
        opened = await services.sign_in(name, password, origin())
        if not to_keyring:
            put(f"export JOBMON_TOKEN={opened.token}\n" if export else f"{opened.token}\n")
            return 0
        refusal = await keep_token(location, opened.token)
        if refusal is not None:
            # Nobody holds this session: it must not stay open.
            await services.sign_out(Caller(opened.token, origin()))
            complain(refusal)
            return 2
        until = opened.expires_at.astimezone().strftime("%Y-%m-%d %H:%M")
        say(f"Signed in as {opened.actor.name} ({opened.actor.role.value}) until {until}.")
        return 0

    raise typer.Exit(with_services(work, sessionless=True))


def logout() -> None:
    """End the session and forget it.

    It is that of JOBMON_TOKEN where it is set, else the keyring's. Example: jobmon logout
    """
    given = settings()

    async def work(services: Services, caller: Caller) -> None:
        if caller.token:
            await services.sign_out(caller)
        if not given.token:
            await keep_token(place_of(given), None)

    with_services(work)
    say("Signed out. JOBMON_TOKEN is of no use any more; unset it." if given.token else "Signed out.")


def whoami(json: Json = False) -> None:
    """Show who is signed in, and as what.

    Example: jobmon whoami --json
    """
    actor = with_services(lambda services, caller: services.whoami(caller))
    if json:
        print_json({"name": actor.name, "role": actor.role.value})
    else:
        say(f"{actor.name} ({actor.role.value})")
