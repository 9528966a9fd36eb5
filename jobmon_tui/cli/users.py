"""`users`: accounts and their roles."""

from typing import Annotated

import typer

from jobmon_tui.cli.options import Json, PasswordStdin, Yes, group
from jobmon_tui.cli.output import local_time, print_json, say
from jobmon_tui.cli.session import ask_password, confirm, with_services
from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.roles import Role

app = group("Accounts and their roles.", "jobmon users add bob --role Viewer", "jobmon users disable bob")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
RoleOption = Annotated[Role, typer.Option("--role", help="What it may do.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List every account.

    Example: jobmon users list
    """
    found = with_services(lambda services, caller: services.accounts(caller))
    if json:
        print_json(
            [
                {
                    "name": each.name,
                    "role": each.role.value,
                    "disabled": each.disabled,
                    "created_at": rfc3339(each.created_at),
                }
                for each in found
            ]
        )
        return
    for each in found:
        state = "  disabled" if each.disabled else ""
        say(f"{each.name:<24} {each.role.value:<14} since {local_time(each.created_at)}{state}")


@app.command()
def add(name: Name, role: RoleOption, password_stdin: PasswordStdin = False) -> None:
    """Add an account.

    Example: jobmon users add bob --role Viewer
    """
    password = ask_password(password_stdin, confirm=True)
    with_services(lambda services, caller: services.add_account(caller, name, role, password))
    say(f"Added “{name}” as {role.value}.")


@app.command()
def passwd(name: Name, password_stdin: PasswordStdin = False) -> None:
    """Change a password and end the account's sessions.

    Everyone may change their own.

    Example: jobmon users passwd alice
    """
    password = ask_password(password_stdin, confirm=True)
    with_services(lambda services, caller: services.change_account(caller, name, password=password))
    say(f"The password of “{name}” was changed. Its sessions have ended; sign in again.")


@app.command()
def role(
    name: Name, role: Annotated[Role, typer.Argument(metavar="ROLE", help="Administrator or Viewer.")]
) -> None:
    """Change an account's role and end its sessions.

    Example: jobmon users role bob Administrator
    """
    with_services(lambda services, caller: services.change_account(caller, name, role=role))
    say(f"“{name}” is now {role.value}.")


@app.command()
def disable(name: Name, yes: Yes = False) -> None:
    """Disable an account and end its sessions; its history stays.

    Example: jobmon users disable bob
    """
    confirm(f"Disable “{name}” and end its sessions?", yes)
    with_services(lambda services, caller: services.change_account(caller, name, disabled=True))
    say(f"“{name}” is disabled.")


@app.command()
def enable(name: Name) -> None:
    """Let a disabled account sign in again.

    Example: jobmon users enable bob
    """
    with_services(lambda services, caller: services.change_account(caller, name, disabled=False))
    say(f"“{name}” is enabled.")
