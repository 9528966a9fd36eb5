"""PostgreSQL's schema: which one stands there, and the step to the newest, under a lock."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from jobmon_tui.domain.errors import storage_unavailable
from jobmon_tui.storage.late_indexes import LATE, building
from jobmon_tui.storage.postgres.errors import FAILURES, pg_error
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.schema import head_revision, migrate
from jobmon_tui.storage.triggers.postgres import POSTGRES_TRIGGERS

_LOCK: Final = "SELECT pg_advisory_xact_lock(7091, 0)"
_SECONDS: Final = 600.0
"""A migration may rewrite a large table."""
_TURN: Final = "2s"
"""How long a migration waits for a lock before it lets go of all it has: less than a worker's patience."""
_PAUSE: Final = 1.0
_PATIENCE: Final = 120.0
"""Seconds after which no further turn is taken."""
_TRY_LATE: Final = "SELECT pg_try_advisory_lock(7091, 7)"
_IS_VALID: Final = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"
_IN_THE_WAY: Final = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
_FIRING: Final = text(
    "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE nspname = current_schema() AND NOT tgisinternal AND tgenabled IN ('O', 'A')"
)


async def current_revision(source: PgSource) -> str | None:
    """Return the schema, None where none is. Raises asyncpg's errors, OSError and TimeoutError.

    Raises `storage_unavailable` for a database with tables of another program's.
    """
    raw = await source.connect()
    try:
        if await raw.fetchval("SELECT to_regclass('alembic_version')") is None:
            foreign = await raw.fetchval(
                "SELECT count(*) FROM pg_tables WHERE tablename = ANY($1) AND schemaname = current_schema()",
                ["job_execution_log", "report_configuration", "audit_log", "user_account"],
            )
            if foreign:
                raise storage_unavailable(
                    f"The database {source.name} belongs to another program and was left as it is. "
                    "Name another."
                )
            return None
        found = await raw.fetchval("SELECT version_num FROM alembic_version")
        return None if found is None else str(found)
    finally:
        await raw.close(timeout=1.0)


async def upgrade(source: PgSource) -> None:
    """Bring the schema up to date in one transaction, one program at a time, while others work.

    What its tables are needed for it waits for in short turns only: whoever works waits behind it. Raises
    `storage_unavailable`.
    """
    until = asyncio.get_running_loop().time() + _PATIENCE
    while True:
        try:
            await _turn(replace(source, seconds=_SECONDS))
            return await _build_late(replace(source, seconds=_SECONDS))
        except (DBAPIError, *FAILURES) as error:
            reason = _reason(error)
            if not isinstance(reason, _IN_THE_WAY) or asyncio.get_running_loop().time() > until:
                raise pg_error(reason, source.name) or error from error
        await asyncio.sleep(random.uniform(0.5, 1.5) * _PAUSE)  # noqa: S311


def _reason(error: BaseException) -> BaseException:
    # SQLAlchemy's adapter wraps asyncpg's error twice.
    while isinstance(error, DBAPIError) or type(error).__module__.startswith("sqlalchemy"):
        if error.__cause__ is None:
            break
        error = error.__cause__
    return error


async def _turn(source: PgSource) -> None:
    async def connect() -> Any:
        return await source.connect(lock_timeout=_TURN, idle_in_transaction_session_timeout="0")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(_LOCK))
            if not await connection.run_sync(_is_complete):
                await connection.run_sync(migrate)
    finally:
        await asyncio.shield(engine.dispose())


async def _build_late(source: PgSource) -> None:
    """Build what is missing of the indexes that a large table gets while others work."""
    raw = await source.connect(idle_in_transaction_session_timeout="0")
    try:
        # To wait inside a statement would hold up the other one's building.
        while not await raw.fetchval(_TRY_LATE):  # noqa: ASYNC110 - another program has no event
            await asyncio.sleep(_PAUSE / 4)
        for name in LATE:
            is_valid = await raw.fetchval(_IS_VALID, name)
            if is_valid is False:
                await raw.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            if not is_valid:
                await raw.execute(building(name))
    finally:
        await raw.close(timeout=1.0)


def _is_complete(connection: Connection) -> bool:
    """Tell whether nothing is to be done: somebody else was first, or it is asked for again."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return False
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found == head_revision() and not missing_triggers(connection)


def missing_triggers(connection: Executes) -> Sequence[str]:
    """Return the names of our triggers that are not there, or do not fire."""
    firing = {row.tgname for row in connection.execute(_FIRING)}
    return sorted(set(POSTGRES_TRIGGERS) - firing)
