"""`db set-password`: PostgreSQL's password, kept in the keyring."""

import asyncio
from dataclasses import replace
from typing import Annotated

import typer

from jobmon_tui.bootstrap import postgres_source
from jobmon_tui.cli.options import PasswordStdin
from jobmon_tui.cli.output import say
from jobmon_tui.cli.session import ask_password, refuse_read_only, settings
from jobmon_tui.database_location import PostgresLocation
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.security.keyring import KeyringEntry, NoKeyring, backend_name


def set_password(
    password_stdin: PasswordStdin = False,
    forget: Annotated[bool, typer.Option("--forget", help="Remove it from the keyring.")] = False,
) -> None:
    """Keep PostgreSQL's password in this machine's keyring.

    It is used where the server asks for one, and neither the URL, PGPASSWORD nor ~/.pgpass has the right one.
    It is tried before it is kept.

    \b
    Examples:
      jobmon db set-password
      jobmon db set-password --forget
    """
    refuse_read_only("Set Password")
    location = settings().database
    if not isinstance(location, PostgresLocation):
        raise invalid_input(
            "A SQLite file has no password. Set JOBMON_DATABASE_URL to the PostgreSQL database."
        )
    entry = KeyringEntry(location.password_identity)
    try:
        if forget:
            entry.forget()
            say(f"The password of {location.user} is not in the keyring any more.")
            return
        name = backend_name()
        password = ask_password(password_stdin)
        if not password:
            raise invalid_input("An empty password was given. Nothing was kept.")
        tried = replace(postgres_source(location), known=[password])
        from jobmon_tui.storage.postgres.database import schema_of

        asyncio.run(schema_of(tried))
        entry.keep(password)
    except NoKeyring as error:
        raise invalid_input(f"The password cannot be kept: {error}. Use ~/.pgpass or PGPASSWORD.") from None
    say(f"The password of {location.user} is kept in the keyring ({name}).")
