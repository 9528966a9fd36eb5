"""`db copy`: everything from one database to another."""

import asyncio
import contextlib
import shlex
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from jobmon_tui.bootstrap import postgres_source, schema_of
from jobmon_tui.cli.options import Json
from jobmon_tui.cli.output import complain, print_json, say
from jobmon_tui.cli.progress import LineProgress
from jobmon_tui.cli.session import refuse_read_only, settings
from jobmon_tui.database_location import (
    DatabaseLocation,
    PostgresLocation,
    SqliteLocation,
    parse_location,
    refuse_password,
)
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.storage.copying.sides import Side, SqliteSide, create_file
from jobmon_tui.storage.copying.whole import Copied, Copying, Tell
from jobmon_tui.storage.schema import UNFINISHED, require_newest
from jobmon_tui.storage.sqlite.database import current_revision

_AGAIN = "Run the same command again: it goes on where it stopped."


def copy(
    target: Annotated[
        str, typer.Option("--to", metavar="URL", help="An empty database, or an unfinished copy.")
    ],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help="What is copied; else the configured database."),
    ] = None,
    with_sessions: Annotated[
        bool, typer.Option("--with-sessions", help="Copy who is signed in, too; else all sign in again.")
    ] = False,
    while_workers_run: Annotated[
        bool, typer.Option("--while-workers-run", help="Copy although workers are alive on the source.")
    ] = False,
    json: Json = False,
) -> None:
    """Copy everything to another database, such as from SQLite to PostgreSQL.

    Ids, accounts and the audit log's chain stay what they are; the source is only read. The chain is checked
    on both ends. Nobody can open the target before the copy is whole. Interrupted, it goes on when it is run
    again. A PostgreSQL target has to be there: createdb NAME

    \b
    Examples:
      jobmon db copy --from sqlite:///jobmon.db --to postgresql://jobmon_owner@db.example/jobmon
      jobmon db copy --to sqlite:////backup/jobmon.db
    """
    refuse_read_only("Copy")
    origin, goal = _location(source, "--from"), _location(target, "--to")
    if origin == goal or (
        isinstance(origin, SqliteLocation)
        and isinstance(goal, SqliteLocation)
        and origin.path.resolve() == goal.path.resolve()
    ):
        raise invalid_input("--from and --to name the same database.")
    try:
        with _shown(quiet=json) as tell:
            copied = asyncio.run(
                copy_database(
                    origin, goal, tell, with_sessions=with_sessions, while_workers_run=while_workers_run
                )
            )
    except KeyboardInterrupt:
        complain(f"Interrupted. {_AGAIN}")
        raise typer.Exit(130) from None
    if json:
        print_json(
            {
                "from": origin.place,
                "to": goal.place,
                "resumed": copied.resumed,
                "copied": copied.rows,
                "audit_entries": copied.audit_entries,
                "audit_head": copied.audit_head,
            }
        )
        return
    what = ", ".join(
        f"{copied.rows.get(table, 0):,} {word}"
        for table, word in (
            ("job_execution_log", "executions"),
            ("report_configuration", "reports"),
            ("user_account", "accounts"),
        )
    )
    say(f"Copied to {goal.place}: {what}" + (" (the rest was there already)." if copied.resumed else "."))
    say(
        f"The audit log's chain of {copied.audit_entries:,} entries holds on both ends, up to the hash "
        f"{copied.audit_head[:16]}."
    )
    signing = "" if with_sessions else ", and sign in again"
    say(f"To use it, set JOBMON_DATABASE_URL={shlex.quote(goal.url)}{signing}.")


def _location(url: str | None, flag: str) -> DatabaseLocation:
    if url is None:
        return settings().database
    refuse_password(url, flag)
    return parse_location(url)


async def copy_database(
    origin: DatabaseLocation,
    goal: DatabaseLocation,
    tell: Tell,
    *,
    with_sessions: bool = False,
    while_workers_run: bool = False,
) -> Copied:
    """Copy everything into an empty database, or go on with such a copy; a missing schema is made.

    Raises `storage_unavailable`; `already_exists` where the source or the target forbid it.
    """
    require_newest(await schema_of(origin), origin.name)
    async with AsyncExitStack() as stack:
        source = await _open_side(origin, stack, writes=False)
        await _prepare(goal)
        copying = Copying(source, await _open_side(goal, stack, writes=True), tell)
        return await copying.run(with_sessions=with_sessions, while_workers_run=while_workers_run)


async def _prepare(goal: DatabaseLocation) -> None:
    if isinstance(goal, SqliteLocation):
        found = await asyncio.to_thread(current_revision, goal.path)
    else:
        found = await schema_of(goal)
    if found is not None:
        if not found.startswith(UNFINISHED):
            require_newest(found, goal.name)
    elif isinstance(goal, SqliteLocation):
        await asyncio.to_thread(create_file, goal.path)
    else:
        from jobmon_tui.storage.postgres.schema import upgrade

        await upgrade(postgres_source(goal))


async def _open_side(location: DatabaseLocation, stack: AsyncExitStack, *, writes: bool) -> Side:
    side: Side
    if isinstance(location, PostgresLocation):
        from jobmon_tui.storage.copying.postgres import PgSide

        side = await PgSide.open(postgres_source(location), writes=writes)
    else:
        side = SqliteSide(location.path, writes=writes)
    stack.push_async_callback(side.close)
    return side


@contextlib.contextmanager
def _shown(*, quiet: bool) -> Iterator[Tell]:
    """Show how far it is: a bar for each step on a terminal, else a line every few seconds."""
    if quiet:
        yield lambda _what, _done, _all: None
        return
    if not sys.stderr.isatty():
        steps: dict[str, LineProgress] = {}
        yield lambda what, done, total: steps.setdefault(what, LineProgress(what)).tell(done, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    tasks: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)

        yield tell
