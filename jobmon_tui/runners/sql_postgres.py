"""Queries on PostgreSQL, by asyncpg: a server-side cursor in a read-only transaction."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Final, TypeVar

import asyncpg

from jobmon_tui.runners.bounded import in_thread, settle
from jobmon_tui.runners.report_file import ReportFile
from jobmon_tui.runners.sql_errors import BATCH, NO_ROWS, ONE_STATEMENT, ONLY_READS, SqlError
from jobmon_tui.runners.sql_source import PostgresSource

T = TypeVar("T")

CONNECT_TIMEOUT: Final = 10.0
COMMAND_TIMEOUT: Final = 30.0
"""Seconds for what is quick: BEGIN, and looking at the statement."""
NO_ANSWER: Final = 3600.0
"""Seconds that a report without a timeout may wait for rows; a dead network says nothing for ever."""
_CLOSE: Final = 3.0
_WRITE: Final = 5.0


async def read_postgres(source: PostgresSource, query: str, file: ReportFile, timeout: float | None) -> int:
    """Run the query, publish its rows in `file`, and return how many there are.

    Raises SqlError, ReportTooLargeError and OSError (of writing). Cancelling cancels the query on the
    server too.
    """
    patience = NO_ANSWER if timeout is None else timeout + COMMAND_TIMEOUT
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(file.close)
        connection = await stack.enter_async_context(_connected(source))
        try:
            return await _copy(connection, query, file, patience)
        except TimeoutError as error:
            raise SqlError(f"{source.label} gave no answer for {patience:g} s") from error
        except (asyncpg.PostgresConnectionError, ConnectionError) as error:
            raise SqlError(f"the connection to {source.label} was lost: {_first_line(error)}") from error
        except asyncpg.PostgresError as error:
            raise SqlError(_plain(error), f"PostgreSQL: {_whole(error)}") from error
        except asyncpg.InterfaceError as error:
            raise SqlError(f"the connection to {source.label} failed: {_first_line(error)}") from error


@contextlib.asynccontextmanager
async def _connected(source: PostgresSource) -> AsyncIterator[Any]:
    # Any: asyncpg ships no types.
    try:
        connection = await asyncpg.connect(
            source.dsn, timeout=CONNECT_TIMEOUT, command_timeout=COMMAND_TIMEOUT, statement_cache_size=0
        )
    except TimeoutError as error:
        raise SqlError(f"{source.label} did not answer within {CONNECT_TIMEOUT:g} s") from error
    except OSError as error:
        raise SqlError(f"{source.label} cannot be reached: {error.strerror or _first_line(error)}") from error
    except asyncpg.PostgresError as error:
        raise SqlError(f"{source.label} refused: {_first_line(error)}") from error
    except (asyncpg.InterfaceError, ValueError) as error:
        # Its words may quote the URL, so only the kind is said.
        raise SqlError(f"parameters.source is not understood ({type(error).__name__})") from error
    try:
        yield connection
    finally:
        # `close` waits until a query that was cancelled has really stopped on the server.
        closing = asyncio.ensure_future(connection.close(timeout=_CLOSE))
        if not await settle(closing, _CLOSE + 0.5):
            closing.cancel()
            connection.terminate()
        elif not closing.cancelled() and closing.exception() is not None:
            connection.terminate()


async def _copy(connection: Any, query: str, file: ReportFile, patience: float) -> int:
    # Started and never ended: it wrote nothing, and closing the connection ends it without another wait.
    await connection.transaction(readonly=True).start()
    statement = await connection.prepare(query)
    columns = [attribute.name for attribute in statement.get_attributes()]
    if not columns:
        raise SqlError(NO_ROWS)
    await _write(partial(file.columns, columns), file)
    cursor = await statement.cursor(timeout=patience)
    count = 0
    while batch := await cursor.fetch(BATCH, timeout=patience):
        await _write(partial(file.rows, [tuple(record) for record in batch]), file)
        count += len(batch)
    await _write(file.publish, file)
    return count


async def _write(work: Callable[[], T], file: ReportFile) -> T:
    """Write in a thread; a cancel waits for the write, so that nobody cleans up underneath it."""
    writing = in_thread(work, "report file")
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        file.discard()
        await settle(writing, _WRITE)
        if writing.done() and not writing.cancelled():
            writing.exception()
        raise


def _plain(error: asyncpg.PostgresError) -> str:
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return ONLY_READS
    told = _first_line(error)
    return ONE_STATEMENT if "multiple commands" in told else told


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _whole(error: asyncpg.PostgresError) -> str:
    parts = [str(error), getattr(error, "context", None)]
    position = getattr(error, "position", None)
    if position:
        parts.append(f"at character {position} of the query")
    return "\n".join(part for part in parts if part)
