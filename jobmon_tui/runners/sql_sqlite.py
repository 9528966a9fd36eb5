"""Queries on SQLite files: opened read-only, in a thread, and interrupted when the execution is."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jobmon_tui.runners.bounded import in_thread, settle
from jobmon_tui.runners.report_file import AbandonedError, ReportFile
from jobmon_tui.runners.sql_errors import BATCH, NO_ROWS, ONE_STATEMENT, ONLY_READS, SqlError

_BUSY: Final = 5.0
_STOP: Final = 8.0
"""Seconds for an interrupted query to end, the wait for a lock (which nothing interrupts) among them."""
_AGAIN: Final = 0.05


async def read_sqlite(path: Path, query: str, file: ReportFile, _timeout: float | None) -> int:
    """Run the query, publish its rows in `file`, and return how many there are.

    Raises SqlError, ReportTooLargeError and OSError (of writing). Cancelling interrupts the query.
    """
    opened: list[sqlite3.Connection] = []
    work = in_thread(lambda: _read(path, query, file, opened), "sqlite report")
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        file.discard()
        for _ in range(round(_STOP / _AGAIN)):
            # Again and again: an interrupt that comes between two statements is forgotten.
            for connection in opened:
                with contextlib.suppress(sqlite3.ProgrammingError):
                    connection.interrupt()
            if await settle(work, _AGAIN):
                break
        if work.done() and not work.cancelled():
            # Looked at, so that nobody is told of an exception that was never retrieved.
            work.exception()
        raise


def _read(path: Path, query: str, file: ReportFile, opened: list[sqlite3.Connection]) -> int:
    try:
        with _open(path) as connection:
            opened.append(connection)
            return _copy(connection, query, file)
    except AbandonedError:
        return 0
    except sqlite3.Error as error:
        raise SqlError(_plain(error, path), f"SQLite: {error}") from error
    finally:
        file.close()


@contextlib.contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise SqlError(f"there is no database file {path}")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=_BUSY,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # SQLite keeps any bytes as text; Python's default fails on those that are no UTF-8.
        connection.text_factory = _text
        # mode=ro guards this file; VACUUM INTO and ATTACH reach for others, and both attach.
        connection.set_authorizer(_authorize)
        yield connection
    finally:
        connection.close()


def _copy(connection: sqlite3.Connection, query: str, file: ReportFile) -> int:
    cursor = connection.execute(query)
    if cursor.description is None:
        raise SqlError(NO_ROWS)
    file.columns([column[0] for column in cursor.description])
    count = 0
    while batch := cursor.fetchmany(BATCH):
        file.rows(batch)
        count += len(batch)
    file.publish()
    return count


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _authorize(action: int, *_about: str | None) -> int:
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _plain(error: sqlite3.Error, path: Path) -> str:
    told = str(error)
    if "one statement at a time" in told:
        return ONE_STATEMENT
    if any(words in told for words in ("not authorized", "authorization denied", "readonly database")):
        return ONLY_READS
    if "unable to open database file" in told:
        return f"{path} cannot be opened: {told}"
    if "file is not a database" in told:
        return f"{path} is not a SQLite database"
    return told
