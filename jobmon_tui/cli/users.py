"""`users`: accounts and their roles."""

from typing import Annotated

import typer

from jobmon_tui.cli.options import Json, PasswordStdin, Yes, group
from jobmon_tui.cli.output import local_time, print_json, say
from jobmon_tui.cli.session import ask_password, confirm, with_services
from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.roles import Role
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.services.records import SessionInfo

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

    Everyone may change their own, and gives the old one too. With --password-stdin the new password is the
    first line, the old one the second; Administrators may leave it out.

    \b
    Examples:
      jobmon users passwd alice
      printf '%s\\n' "$NEW" "$OLD" | jobmon users passwd alice --password-stdin
    """

    async def work(services: Services, caller: Caller) -> None:
        is_own = (await services.whoami(caller)).name == name
        old = None
        if is_own and not password_stdin:
            old = ask_password(False, prompt="Old password")
        password = ask_password(password_stdin, confirm=True, prompt="New password")
        if is_own and password_stdin:
            old = ask_password(True) or None
        await services.change_account(caller, name, password=password, old_password=old)

    with_services(work)
    say(f"The password of “{name}” was changed. Its sessions have ended; sign in again.")


@app.command()
def sessions(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The account; else all that you may see.")
    ] = None,
    json: Json = False,
) -> None:
    """List open sessions, newest first: your own, to Administrators everybody's.

    Example: jobmon users sessions alice
    """
    found = with_services(lambda services, caller: services.sessions(caller, name))
    if json:
        print_json([_session_json(each) for each in found])
        return
    for each in found:
        used = local_time(each.last_used_at) if each.last_used_at else "never"
        mark = "  this one" if each.is_current else ""
        say(
            f"{each.id:<10} {one_line(each.account, 24):<16} since {local_time(each.created_at)}  "
            f"used {used}  until {local_time(each.expires_at)}  {one_line(each.origin or '-', 80)}{mark}"
        )


def _session_json(session: SessionInfo) -> dict[str, object]:
    return {
        "id": session.id,
        "account": session.account,
        "created_at": rfc3339(session.created_at),
        "last_used_at": rfc3339(session.last_used_at) if session.last_used_at else None,
        "expires_at": rfc3339(session.expires_at),
        "origin": session.origin,
        "current": session.is_current,
    }


@app.command()
def revoke(
    session: Annotated[int | None, typer.Argument(metavar="[ID]", help="The session's id.")] = None,
    every: Annotated[
        str | None, typer.Option("--all", metavar="NAME", help="Every session of this account.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """End a session, or every one of an account. Your own, to Administrators anybody's.

    \b
    Examples:
      jobmon users revoke 24417
      jobmon users revoke --all alice --yes
    """
    if (session is None) == (every is None):
        raise invalid_input("Say which: jobmon users revoke ID, or --all NAME.")
    if every is not None:
        name = every
        confirm(f"End every session of “{one_line(name)}”?", yes)
        ended = with_services(lambda services, caller: services.revoke_sessions(caller, name))
        told = f"{ended} session{'' if ended == 1 else 's'} of “{one_line(name)}” ended."
    else:
        assert session is not None
        gone = with_services(lambda services, caller: services.revoke_session(caller, session))
        ended, told = 1, f"Session {gone.id} of “{one_line(gone.account)}” has ended."
    if json:
        print_json({"ended": ended})
    else:
        say(told)


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
