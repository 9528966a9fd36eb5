"""The health of a SQLite file, looked at without changing it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.services.chain import chain_report
from jobmon_tui.storage.invariants import Health, broken_rules
from jobmon_tui.storage.schema import require_newest
from jobmon_tui.storage.sqlite.database import refuse_newer
from jobmon_tui.storage.sqlite.file import plain_error, require_database
from jobmon_tui.storage.transaction import SqlTransaction

_MOST = 20


@contextmanager
def _read_only(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        yield connection
    finally:
        connection.close()


def _is_damage(error: BaseException | None) -> bool:
    # What is operational passes, or is a matter of rights: a lock, a full disk, a file that cannot be opened.
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def integrity_problems(connection: sqlite3.Connection, *, quick: bool) -> list[str]:
    """Return one line for each thing that is wrong with the pages and references. Raises `sqlite3.Error`."""
    pragma = "quick_check" if quick else "integrity_check"
    rows = [str(row[0]) for row in connection.execute(f"PRAGMA {pragma}({_MOST})")]
    found = [] if rows == ["ok"] else [f"{pragma}: {row}" for row in rows]
    for table, row_id, parent, _key in connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST):
        found.append(f"row {row_id} of {table} points at a row of {parent} that is not there")
    return found


def _whole(connection: sqlite3.Connection, problems: Sequence[str]) -> Health:
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    with engine.connect() as reading:
        reading.exec_driver_sql("BEGIN")
        chain = chain_report(SqlTransaction(reading, lambda: connection.total_changes))
        # Of a damaged file its pages say enough.
        return Health([*problems, *([] if problems else broken_rules(reading))], chain)


def check_file(path: Path, *, quick: bool = False) -> Health:
    """Check the file's pages and references; unless `quick` also what it holds and the audit log's chain.

    Raises `storage_unavailable` for what is no damage: there is no such file, it is locked, it cannot be
    opened, another program or a newer one made it.
    """
    require_database(path)
    try:
        revision = refuse_newer(path)
    except JobmonError as refusal:
        if not _is_damage(refusal.__cause__):
            raise
        return Health([refusal.message], None)
    require_newest(revision, path.name)
    try:
        with _read_only(path) as connection:
            problems = integrity_problems(connection, quick=quick)
            return Health(problems, None) if quick else _whole(connection, problems)
    except (sqlite3.Error, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(reason, sqlite3.Error) and not _is_damage(reason):
            raise plain_error(reason, path) from error
        return Health([f"the file cannot be read: {reason}"], None)
