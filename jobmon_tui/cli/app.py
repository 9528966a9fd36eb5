"""The commands."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from jobmon_tui.cli.output import (
    audit_json,
    complain,
    execution_json,
    execution_line,
    print_json,
    say,
    story_json,
)
from jobmon_tui.config import DatabaseLocation, Settings
from jobmon_tui.domain.errors import EXIT_CODES, JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.security.passwords import Argon2Hasher
from jobmon_tui.services import look, sign_in
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.ports import ExecutionFilter
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.sqlite import SqliteDatabase

T = TypeVar("T")
app = typer.Typer(
    name="jobmon",
    help="See which report jobs failed, and run them again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Ids = Annotated[list[int], typer.Argument(help="Execution ids.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def _origin() -> str:
    terminal = os.ttyname(0) if sys.stdin.isatty() else "no terminal"
    remote = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return f"cli uid={os.getuid()} {terminal}" + (f" from {remote}" if remote else "")


def _caller() -> Caller:
    return Caller(Settings().token, _origin())


def _with_database(work: Callable[[SqliteDatabase], Awaitable[T]], *, create: bool = False) -> T:
    async def main() -> T:
        path: Path = DatabaseLocation.parse(Settings().database_url).path
        async with await SqliteDatabase.open(path, create=create) as database:
            return await work(database)

    try:
        return asyncio.run(main())
    except JobmonError as refusal:
        complain(refusal.message)
        raise typer.Exit(EXIT_CODES[refusal.code]) from refusal


def _password(from_stdin: bool, *, confirm: bool = False) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        complain("There is no terminal to ask for the password. Use --password-stdin.")
        raise typer.Exit(2)
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True)
    return answer


@app.command()
def init(
    admin: Annotated[str, typer.Option(help="Its first Administrator.")],
    password_stdin: PasswordStdin = False,
) -> None:
    """Create the database and its first Administrator.

    Example: jobmon init --admin alice
    """
    password = _password(password_stdin, confirm=True)

    async def work(database: SqliteDatabase) -> None:
        opened = await sign_in.create_first_administrator(
            database, Argon2Hasher(), admin, password, _origin()
        )
        await sign_in.sign_out(database, Caller(opened.token, _origin()))
        say(f"Created {database.path.name} with the Administrator “{opened.actor.name}”.")
        say(f"Next: jobmon login {admin}")

    _with_database(work, create=True)


@app.command()
def login(
    name: str,
    password_stdin: PasswordStdin = False,
    print_token: Annotated[bool, typer.Option("--print-token", help="Print the token alone.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Print a line for eval.")] = False,
) -> None:
    """Sign in.

    Example: eval "$(jobmon login alice --export)"
    """
    if not print_token and not export:
        complain("Sessions are not kept in a keyring yet. Use --export or --print-token, and JOBMON_TOKEN.")
        raise typer.Exit(2)
    password = _password(password_stdin)

    async def work(database: SqliteDatabase) -> None:
        opened = await sign_in.sign_in(database, Argon2Hasher(), name, password, _origin())
        sys.stdout.write(f"export JOBMON_TOKEN={opened.token}\n" if export else f"{opened.token}\n")

    _with_database(work)


@app.command()
def logout() -> None:
    """End the session of JOBMON_TOKEN."""
    _with_database(lambda database: sign_in.sign_out(database, _caller()))


@app.command()
def whoami(json: Json = False) -> None:
    """Show who is signed in, and as what."""
    actor = _with_database(lambda database: sign_in.whoami(database, _caller()))
    print_json({"name": actor.name, "role": actor.role}) if json else say(
        f"{actor.name} ({actor.role.value})"
    )


@app.command("list")
def list_(
    status: Annotated[list[Status] | None, typer.Option(help="Only this status; may be repeated.")] = None,
    report: Annotated[str | None, typer.Option(help="Only this report.")] = None,
    search: Annotated[str | None, typer.Option(help="Only reports whose name has this in it.")] = None,
    limit: Limit = 50,
    before: Annotated[int | None, typer.Option(help="Only ids below this one.")] = None,
    json: Json = False,
) -> None:
    """List executions, newest first.

    Example: jobmon list --status Failed --limit 10
    """
    wanted = ExecutionFilter(frozenset(status or ()), report, search)
    found = _with_database(lambda database: look.list_executions(database, _caller(), wanted, limit, before))
    if json:
        print_json([execution_json(each) for each in found])
    else:
        for each in found:
            say(execution_line(each))


@app.command()
def show(id: int, json: Json = False) -> None:  # noqa: A002  # the argument's name is the user's
    """Show one execution: snapshot, error, lineage, its audit entries."""
    story = _with_database(lambda database: look.show_execution(database, _caller(), id))
    if json:
        print_json(story_json(story))
        return
    say(execution_line(story.details.execution))
    say(f"configuration ({story.details.execution.configuration_state.value}): {story.details.configuration}")
    if story.details.error_detail:
        say(story.details.error_detail)
    for each in story.lineage:
        say(f"lineage: {execution_line(each)}")


async def _each(
    ids: list[int], act: Callable[[int], Awaitable[tuple[int | None, str]]]
) -> tuple[list[dict[str, object]], int]:
    answers: list[dict[str, object]] = []
    first_refusal = 0
    for one in ids:
        try:
            new_id, message = await act(one)
            answers.append({"id": one, "ok": True, "new_id": new_id, "code": None, "message": message})
        except JobmonError as refusal:
            first_refusal = first_refusal or EXIT_CODES[refusal.code]
            answers.append(
                {
                    "id": one,
                    "ok": False,
                    "new_id": None,
                    "code": refusal.code.value,
                    "message": refusal.message,
                }
            )
    return answers, first_refusal


def _answer(answers: list[dict[str, object]], exit_code: int, *, json: bool) -> None:
    if json:
        print_json(answers)
    else:
        for answer in answers:
            (say if answer["ok"] else complain)(str(answer["message"]))
    raise typer.Exit(exit_code)


@app.command()
def retry(
    ids: Ids, key: Annotated[str | None, typer.Option(help="Idempotency key.")] = None, json: Json = False
) -> None:
    """Retry failed executions.

    Example: jobmon retry 4711 4712
    """

    async def work(database: SqliteDatabase) -> tuple[list[dict[str, object]], int]:
        async def one(execution_id: int) -> tuple[int | None, str]:
            receipt = await retry_execution(database, _caller(), execution_id, key=key)
            return receipt.new_id, receipt.message

        return await _each(ids, one)

    _answer(*_with_database(work), json=json)


@app.command()
def cancel(ids: Ids, json: Json = False) -> None:
    """Cancel Queued or Running executions."""

    async def work(database: SqliteDatabase) -> tuple[list[dict[str, object]], int]:
        async def one(execution_id: int) -> tuple[int | None, str]:
            return None, await cancel_execution(database, _caller(), execution_id)

        return await _each(ids, one)

    _answer(*_with_database(work), json=json)


@app.command()
def run(report: str, json: Json = False) -> None:
    """Queue a report now."""
    queued = _with_database(lambda database: run_report(database, _caller(), report)).execution
    print_json(execution_json(queued)) if json else say(f"“{queued.report}” was queued as #{queued.id}.")


@audit_app.command("list")
def audit_list(limit: Limit = 50, json: Json = False) -> None:
    """List audit entries, newest first."""
    found = _with_database(lambda database: look.list_audit(database, _caller(), limit))
    if json:
        print_json([audit_json(each) for each in found])
        return
    for each in found:
        entry = each.entry
        when = entry.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        say(f"{each.id:<6} {when} {entry.actor} {entry.action} {entry.outcome}")


@audit_app.command("verify")
def audit_verify(json: Json = False) -> None:
    """Recompute the audit log's chain; exit 5 if it is broken."""
    result = _with_database(lambda database: look.verify_audit(database, _caller()))
    if json:
        print_json(
            {
                "ok": result.first_bad is None,
                "entries": result.entries,
                "first_bad": result.first_bad,
                "head": result.head,
            }
        )
    elif result.first_bad is None:
        say(f"The chain of {result.entries} entries holds. Head: {result.head}")
    else:
        complain(f"The chain breaks at entry {result.first_bad}.")
    raise typer.Exit(0 if result.first_bad is None else 5)
