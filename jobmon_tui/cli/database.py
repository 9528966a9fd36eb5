"""`db`: the schema and the health of the database."""

import asyncio

import typer

from jobmon_tui.bootstrap import postgres_source, schema_of, upgrade_database
from jobmon_tui.cli import copying, passwords, upkeep
from jobmon_tui.cli.options import Json, group
from jobmon_tui.cli.output import complain, print_json, say
from jobmon_tui.cli.session import refuse_read_only, settings
from jobmon_tui.database_location import DatabaseLocation, SqliteLocation
from jobmon_tui.storage.invariants import Health
from jobmon_tui.storage.schema import head_revision
from jobmon_tui.storage.sqlite.health import check_file

app = group(
    "The database: its schema, its health, its size.",
    "jobmon db check",
    "jobmon db backup /backup/jobmon.db",
    "jobmon db copy --to postgresql://jobmon_owner@db.example/jobmon",
    "jobmon db prune --older-than 90d",
)
app.command()(copying.copy)
app.command()(passwords.set_password)
app.command()(upkeep.backup)
app.command()(upkeep.prune)


@app.command()
def upgrade(json: Json = False) -> None:
    """Bring the schema up to date.

    Workers and dashboards may go on meanwhile. An empty PostgreSQL database is set up. One that is newer than
    this program is refused, untouched.

    Example: jobmon db upgrade
    """
    refuse_read_only("Upgrade")
    before, now = asyncio.run(upgrade_database(settings().database)), head_revision()
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
    """Check pages, references, what must be true of the rows, and the audit log's chain.

    On PostgreSQL its rules too; its pages are for pg_amcheck. Changes nothing. Exit 6 if something is
    damaged, 5 if only the chain is broken. Example: jobmon db check
    """
    health = _health(settings().database)
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


def _health(location: DatabaseLocation) -> Health:
    if isinstance(location, SqliteLocation):
        return check_file(location.path)
    from jobmon_tui.storage.postgres.maintenance import check_postgres

    return asyncio.run(check_postgres(postgres_source(location)))


def _told(health: Health, *, json: bool) -> int:
    if health.is_good and health.chain is not None:
        if not json:
            say(f"The database is sound. The audit log's chain of {health.chain.entries} entries holds.")
        return 0
    for problem in health.problems:
        complain(problem)
    if health.chain is not None and health.chain.first_bad is not None:
        chain = health.chain
        complain(f"The audit log's chain breaks at entry {chain.first_bad}: {chain.problem}.")
    if health.problems:
        complain(
            "What cannot be put right comes from a backup; until then keep the damaged database as it is."
        )
        return 6
    return 5
