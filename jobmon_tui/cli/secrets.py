"""`secrets`: what reports name by `${keyring:NAME}`, kept in the keyring of whoever runs the worker."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from jobmon_tui.cli.options import SETTINGS, Json, Yes, group
from jobmon_tui.cli.output import complain, print_json, say
from jobmon_tui.cli.session import confirm, refuse_read_only, settings, with_services
from jobmon_tui.domain.errors import EXIT_CODES, ErrorCode, JobmonError, invalid_input
from jobmon_tui.domain.masking import SHORTEST
from jobmon_tui.domain.report import Report
from jobmon_tui.domain.text import one_line
from jobmon_tui.runners.secrets import is_keyring_name, references
from jobmon_tui.security.keyring import (
    NoKeyring,
    forget_secret,
    is_lost_at_restart,
    keep_secret,
    kept_secrets,
)

app = group(
    "Secrets of reports: what ${keyring:NAME} stands for.\n\n"
    "They are kept in the keyring of the user who runs this command, on this machine, and in no database. A "
    "report's secret is read by the worker that runs it: set it there, as the user whom that worker runs as. "
    "No session is needed, and it is not in the audit log; who may use that keyring may set them.",
    "jobmon secrets set warehouse",
    "jobmon secrets list",
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The NAME of ${keyring:NAME}.")]
_LONGEST = 32_000
"""Bytes: about what the narrowest keyring but Windows' keeps."""
_NO_KEYRING = "See: jobmon doctor. Without a keyring, reports can use ${env:NAME}"


def _name(name: str) -> str:
    if not is_keyring_name(name):
        raise invalid_input(
            "A secret's name is up to 100 letters, digits and _ . @ / -; the first is a letter, digit or _."
        )
    return name


@app.command("set", context_settings={**SETTINGS, "allow_extra_args": True})
def set_(
    context: typer.Context,
    name: Name,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the value from standard input, to its end.")
    ] = False,
) -> None:
    """Keep a secret in this user's keyring on this machine.

    It is asked for twice and not shown. One line end at the end of standard input is left out. The value is
    masked in output, errors and logs, if it has 3 bytes or more.

    \b
    Examples:
      jobmon secrets set warehouse
      jobmon secrets set deploy-key --stdin < key.pem
    """
    if context.args:
        # Not Click's own words: they would repeat it.
        raise invalid_input(
            "The value never stands on the command line, where others see it: leave it out, or use --stdin."
        )
    refuse_read_only("Set Secret")
    _name(name)
    try:
        lost = is_lost_at_restart()
        value = _from_stdin() if stdin else _asked()
        keep_secret(name, value)
    except NoKeyring as error:
        raise invalid_input(f"The secret was not kept: {error}. {_NO_KEYRING}") from None
    say(f"Kept “{name}”. Reports name it ${{keyring:{name}}}.")
    if lost:
        complain("This keyring is the kernel's memory: set it again when the machine has been restarted.")
    if len(value.encode(errors="surrogateescape")) < SHORTEST:
        complain("It is too short to be masked where it is printed.")


def _asked() -> str:
    if not sys.stdin.isatty():
        raise invalid_input("There is no terminal to ask for the value. Use --stdin.")
    value: str = typer.prompt("Value", hide_input=True, confirmation_prompt=True, err=True)
    return _checked(value)


def _from_stdin() -> str:
    data = sys.stdin.buffer.read(_LONGEST + 3)
    if data.endswith(b"\n"):
        data = data[:-2] if data.endswith(b"\r\n") else data[:-1]
    try:
        return _checked(data.decode())
    except UnicodeDecodeError:
        raise invalid_input(
            "The value on standard input is not UTF-8 text. Encode it first, such as with base64."
        ) from None


def _checked(value: str) -> str:
    if not value:
        raise invalid_input("An empty value was given. Nothing was kept.")
    if "\0" in value:
        raise invalid_input("A value with a NUL byte can be given to no program. Nothing was kept.")
    if len(value.encode(errors="replace")) > _LONGEST:
        raise invalid_input(f"The value is longer than {_LONGEST:,} bytes. Nothing was kept.")
    return value


@app.command("list")
def list_(json: Json = False) -> None:
    """List the names of secrets, kept or missing, and which reports use them; never a value.

    Which reports those are is told to who is signed in. What another program has put there is known only if
    a report uses it. Example: jobmon secrets list --json
    """
    users = _reports_by_secret()
    try:
        kept = kept_secrets(users or ())
    except NoKeyring as error:
        raise invalid_input(f"The keyring cannot be asked: {error}. {_NO_KEYRING}") from None
    if json:
        print_json(
            [
                {"name": name, "kept": there, "reports": None if users is None else users.get(name, [])}
                for name, there in kept.items()
            ]
        )
    else:
        for name, there in kept.items():
            say(_line(name, there, (users or {}).get(name, ())))
    if not kept:
        complain("No secret is kept. Keep one with: jobmon secrets set NAME")
    if users is None:
        complain("Sign in to see which reports use them: jobmon login NAME")
    for name in (name for name, there in kept.items() if not there):
        complain(f"Missing: {name}. Keep it with: jobmon secrets set {name}")


def _line(name: str, there: bool, reports: Sequence[str]) -> str:
    used = f"used by {', '.join(one_line(each, 60) for each in reports)}" if reports else ""
    return f"{name:<30} {'kept' if there else 'missing':<8} {used}".rstrip()


def _reports_by_secret() -> Mapping[str, list[str]] | None:
    """Return the reports' names by the secrets that they name; None where nobody is signed in."""
    settings()  # what is wrong in them is told, and not taken for signed out
    try:
        found: Sequence[Report] = with_services(lambda services, caller: services.reports(caller))
    except JobmonError as refusal:
        if refusal.code not in {ErrorCode.NOT_SIGNED_IN, ErrorCode.STORAGE_UNAVAILABLE}:
            raise
        return None
    users: dict[str, list[str]] = {}
    for report in found:
        named = {each.name for each in references(report.draft.parameters) if each.kind == "keyring"}
        for name in named:
            users.setdefault(name, []).append(report.draft.name)
    return users


@app.command("delete")
def delete(name: Name, yes: Yes = False) -> None:
    """Remove a secret from this user's keyring on this machine.

    Executions that start from now on and name it will fail. Exit 4 if there is none.

    Example: jobmon secrets delete warehouse --yes
    """
    refuse_read_only("Delete Secret")
    _name(name)
    confirm(f"Delete the secret “{name}”?", yes)
    try:
        there = forget_secret(name)
    except NoKeyring as error:
        raise invalid_input(f"Nothing was deleted: {error}. {_NO_KEYRING}") from None
    if not there:
        complain(f"There is no secret named “{name}”.")
        raise typer.Exit(EXIT_CODES[ErrorCode.REPORT_NOT_FOUND])
    say(f"Deleted “{name}”.")
