"""How a command reaches the services: the database, the session, the questions on the terminal."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import typer

from jobmon_tui.cli.origin import claimed_origin
from jobmon_tui.cli.output import complain
from jobmon_tui.client.address import ServerAddress, parse_server
from jobmon_tui.config import Settings, load_settings
from jobmon_tui.database_location import DatabaseLocation
from jobmon_tui.domain.errors import invalid_input, read_only
from jobmon_tui.security.keyring import KeyringEntry, NoKeyring, backend_name
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services

T = TypeVar("T")
Work = Callable[[Services, Caller], Awaitable[T]]

_LONGEST_PASSWORD = 4096

Place = DatabaseLocation | ServerAddress

flags: dict[str, str | bool | None] = {}
"""What the flags before the command set; they win over environment and file."""

HOW_WITHOUT_KEYRING = (
    'Use instead: eval "$(jobmon login NAME --export)", or jobmon login NAME --print-token and JOBMON_TOKEN.'
)


def settings(**more: object) -> Settings:
    """Return the settings under the flags given. Raises `invalid_input`."""
    return load_settings(**{**flags, **more})


def place_of(given: Settings) -> Place:
    """Return what the commands work on: the server that is set, else the database. Raises `invalid_input`.

    A database that is named by flag is meant, whatever else is set.
    """
    if given.server and not flags.get("database_url"):
        return parse_server(given.server)
    return given.database


@asynccontextmanager
async def opened(place: Place, given: Settings, *, create: bool = False) -> AsyncIterator[Services]:
    """Open the way to the services of a place. Raises `JobmonError`."""
    if not isinstance(place, ServerAddress):
        # Who has the database never pays for HTTP, who has a server never for a database.
        from jobmon_tui.bootstrap import open_services

        async with open_services(
            place,
            create=create and not given.read_only,
            read_only=given.read_only,
            idle=given.session_idle,
        ) as services:
            yield services
        return
    from jobmon_tui.client.opening import open_remote
    from jobmon_tui.services.looking_only import looking_only

    async with open_remote(place, given.server_ca) as remote:
        yield looking_only(remote) if given.read_only else remote


def origin() -> str:
    """Return where this command runs, for the audit log: as claimed by its surroundings, no proof."""
    return claimed_origin("cli")


def _kept(location: Place) -> str | None:
    try:
        return KeyringEntry(location.identity).load()
    except NoKeyring:
        return None


async def saved_token(location: Place, given: Settings) -> str | None:
    """Return the session to go on with: `JOBMON_TOKEN`, else the keyring's, else None."""
    return given.token or await asyncio.to_thread(_kept, location)


async def keep_token(location: Place, token: str | None) -> str | None:
    """Keep a session in the keyring (None: forget it); return a line for the user where that cannot be."""
    kept = KeyringEntry(location.identity)
    try:
        await asyncio.to_thread(kept.forget if token is None else lambda: kept.keep(token))
    except NoKeyring as error:
        return None if token is None else f"The session cannot be kept: {error}. {HOW_WITHOUT_KEYRING}"
    return None


def refuse_without_keyring() -> None:
    """Raise `invalid_input` where a session could not be kept: before the password is asked for."""
    try:
        backend_name()
    except NoKeyring as error:
        raise invalid_input(f"The session could not be kept: {error}. {HOW_WITHOUT_KEYRING}") from None


def refuse_read_only(what: str) -> None:
    """Raise `read_only` where the settings allow no change: for what is done without the services."""
    if settings().read_only:
        raise read_only(what)


def with_services(work: Work[T], *, create: bool = False, sessionless: bool = False) -> T:
    """Open the database, run `work` with the services and who asks, and close it.

    Raises `JobmonError`, which the program's frame turns into one line and an exit code.
    """
    given = settings()
    # What creates a database does so here, whatever server is set.
    place = given.database if create else place_of(given)

    async def main() -> T:
        token = "" if sessionless else await saved_token(place, given) or ""
        async with opened(place, given, create=create) as services:
            return await work(services, Caller(token, origin()))

    return asyncio.run(main())


def ask_password(from_stdin: bool, *, confirm: bool = False, prompt: str = "Password") -> str:
    """Return a password from the terminal, or the next line of standard input. Raises `invalid_input`."""
    if from_stdin:
        line = sys.stdin.buffer.readline(_LONGEST_PASSWORD + 3)
        if len(line.rstrip(b"\r\n")) > _LONGEST_PASSWORD:
            raise invalid_input(f"The password on standard input is longer than {_LONGEST_PASSWORD} bytes.")
        try:
            return line.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise invalid_input("The password on standard input is not UTF-8 text.") from None
    if not sys.stdin.isatty():
        raise invalid_input("There is no terminal to ask for the password. Use --password-stdin.")
    answer: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return answer


def confirm(question: str, yes: bool) -> None:
    """Ask before something is destroyed. Raises `invalid_input` where nobody can answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise invalid_input(f"{question} There is no terminal to ask. Say --yes if you mean it.")
    if not typer.confirm(question, err=True):
        complain("Nothing was changed.")
        raise typer.Exit(1)
