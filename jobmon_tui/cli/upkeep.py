"""`db prune` and `db backup`: what keeps a database small and safe while everything runs."""

import asyncio
import os
import pwd
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from jobmon_tui.bootstrap import open_database
from jobmon_tui.cli.options import Json, Yes
from jobmon_tui.cli.output import local_time, print_json, say
from jobmon_tui.cli.progress import LineProgress
from jobmon_tui.cli.session import confirm, origin, refuse_read_only, settings
from jobmon_tui.database_location import DatabaseLocation, SqliteLocation, sqlite_path
from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.text import clean
from jobmon_tui.domain.times import parse_age
from jobmon_tui.storage.retention import Pruning, count_prunable
from jobmon_tui.storage.retention_queries import Rule
from jobmon_tui.storage.sqlite.backup import back_up


def _who() -> str:
    """Return the system's user, for the audit log: these commands need no session."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = "nameless"
    return f"{origin()} user={clean(name)}"


def prune(
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="AGE", help="How long ago they finished: 90d, 12w, 2y.")
    ],
    include_failed: Annotated[
        bool, typer.Option("--include-failed", help="Delete Failed executions too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Delete old finished executions with their output.

    Workers and dashboards go on meanwhile. Failed ones stay unless told otherwise; of a line of retries all
    go or none. The audit log always stays, and so do report files on disk. The database file keeps its size:
    its room is used again.

    \b
    Examples:
      jobmon db prune --older-than 90d --dry-run
      jobmon db prune --older-than 90d --include-failed --yes
    """
    if not dry_run:
        refuse_read_only("Prune")
    before = datetime.now(UTC) - timedelta(seconds=parse_age(older_than, "--older-than"))
    rule = Rule(before, include_failed)
    location = settings().database

    async def work() -> tuple[int, int]:
        async with await open_database(location) as database:
            count = await count_prunable(database, rule)
            if dry_run or not count:
                return count, 0
            kept = "Failed ones too" if include_failed else "Failed ones stay"
            confirm(f"Delete {_executions(count)} that finished before {local_time(before)} ({kept})?", yes)
            progress = LineProgress("Deleted")
            pruning = Pruning(database, rule, _who())
            return count, await pruning.run(lambda deleted: progress.tell(deleted, count))

    count, deleted = asyncio.run(work())
    if json:
        document = {"dry_run": dry_run, "matching": count, "deleted": deleted, "before": rfc3339(before)}
        print_json(document)
    elif dry_run:
        say(f"{_executions(count)} would be deleted: finished before {local_time(before)}.")
    elif not count:
        say(f"Nothing to delete: no such execution finished before {local_time(before)}.")
    else:
        say(f"Deleted {_executions(deleted)}. Report files on disk were left alone.")
        say(f"Their room is used again by new executions. {_giving_back(location)}")


def _giving_back(location: DatabaseLocation) -> str:
    if isinstance(location, SqliteLocation):
        stopped = "To give it back to the disk, stop every jobmon, then run"
        return f"{stopped}: sqlite3 {shlex.quote(str(location.path))} VACUUM"
    return "To give it back to the disk, run: VACUUM FULL job_execution_log (workers wait meanwhile)"


def _executions(count: int) -> str:
    return "1 execution" if count == 1 else f"{count:,} executions"


def _pg_dump(url: str, file: Path) -> str:
    target, place = shlex.quote(str(file)), shlex.quote(url)
    return (
        f"Copy PostgreSQL with: pg_dump --format=custom --file={target} --dbname={place}\n"
        f"To restore it into an empty database: pg_restore --exit-on-error --dbname={place} {target}"
    )


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Json = False,
) -> None:
    """Copy the database while everything runs.

    The copy is of one moment, checked, and readable for you only. It appears when it is whole. PostgreSQL has
    pg_dump for this: with such a database this says how.

    Example: jobmon db backup /backup/jobmon-$(date +%F).db
    """
    location = settings().database
    source = sqlite_path(location, _pg_dump(location.url, file))
    progress = LineProgress("Pages copied")
    try:
        target = file.expanduser()
    except RuntimeError:
        target = file
    made = back_up(source, target, force=force, tell=progress.tell)
    if json:
        print_json({"path": str(made.path), "size": made.size, "schema": made.schema})
        return
    own, copy = shlex.quote(str(source)), shlex.quote(str(made.path))
    say(f"Copied to {made.path} ({made.size:,} bytes, schema {made.schema}); the copy is sound.")
    say(f"To restore it, stop every jobmon, then run: rm -f {own}-wal {own}-shm && cp {copy} {own}")
