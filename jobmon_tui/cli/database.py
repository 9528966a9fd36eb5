"""`db`: the schema and the health of the database."""

import asyncio

import typer

from jobmon_tui.bootstrap import open_database, schema_of
from jobmon_tui.cli import upkeep
from jobmon_tui.cli.options import Json, group
from jobmon_tui.cli.output import complain, print_json, say
from jobmon_tui.cli.session import settings
from jobmon_tui.database_location import sqlite_path
from jobmon_tui.storage.maintenance import Health, check_file
from jobmon_tui.storage.schema import head_revision

app = group(
    "The database: its schema, its health, its size.",
    "jobmon db check",
    "jobmon db backup /backup/jobmon.db",
    "jobmon db prune --older-than 90d",
)
app.command()(upkeep.backup)
app.command()(upkeep.prune)


@app.command()
def upgrade(json: Json = False) -> None:
    """Bring the schema up to date.

    A database that is newer than this program is refused, untouched.

    Example: jobmon db upgrade
    """
    location = settings().database

    async def work() -> str | None:
        before = await schema_of(location)
        async with await open_database(location):
            return before

    before, now = asyncio.run(work()), head_revision()
    if json:
        print_json({"before": before, "schema": now})
    elif before == now:
        say(f"The schema is up to date ({now}).")
    else:
        say(f"The schema was brought from {before or 'nothing'} to {now}.")


@app.command()
def current(json: Json = False) -> None:
    """Show the database's schema; changes nothing.

    Example: jobmon db current
    """
    location = settings().database
    schema, newest = asyncio.run(schema_of(location)), head_revision()
    if json:
        print_json({"path": location.place, "schema": schema, "newest": newest})
    else:
        say(f"{location.place}: schema {schema or 'none'}, newest known {newest}")


@app.command()
def check(json: Json = False) -> None:
    """Check pages, references and the audit log's chain.

    Changes nothing. Exit 6 if the file is damaged, 5 if only the chain is broken. Example: jobmon db check
    """
    health = check_file(sqlite_path(settings().database, "Check PostgreSQL with: jobmon audit verify"))
    if json:
        print_json(
            {
                "ok": health.is_good,
                "problems": list(health.problems),
                "audit_entries": health.chain.entries if health.chain else None,
                "audit_first_bad": health.chain.first_bad if health.chain else None,
            }
        )
    raise typer.Exit(_told(health, json=json))


def _told(health: Health, *, json: bool) -> int:
    if health.is_good and health.chain is not None:
        if not json:
            say(f"The database is sound. The audit log's chain of {health.chain.entries} entries holds.")
        return 0
    for problem in health.problems:
        complain(problem)
    if health.chain is not None and health.chain.first_bad is not None:
        complain(f"The audit log's chain breaks at entry {health.chain.first_bad}.")
    if health.problems:
        complain("Restore the database from a backup; until then keep the damaged file.")
        return 6
    return 5
