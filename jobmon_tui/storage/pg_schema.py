"""PostgreSQL's schema: which one stands there, and the step to the newest, under a lock."""

import asyncio
from typing import Any, Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from jobmon_tui.domain.errors import storage_unavailable
from jobmon_tui.storage.pg_errors import BROKEN, pg_error
from jobmon_tui.storage.pg_source import PgSource
from jobmon_tui.storage.schema import migrate

_LOCK: Final = "SELECT pg_advisory_xact_lock(7091, 0)"
_SECONDS: Final = 600.0
"""A migration may rewrite a large table."""


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
    """Bring the schema up to date in one transaction, one program at a time.

    Raises `storage_unavailable`.
    """
    patient = PgSource(source.dsn, source.name, _SECONDS)

    async def connect() -> Any:
        return await patient.connect(lock_timeout="60s", idle_in_transaction_session_timeout="0")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(_LOCK))
            await connection.run_sync(migrate)
    except (DBAPIError, *BROKEN, asyncpg.PostgresError) as error:
        # SQLAlchemy's adapter wraps asyncpg's error twice.
        reason = error.__cause__ if isinstance(error, DBAPIError) else error
        inner = getattr(reason, "__cause__", None)
        for each in (inner, reason, error):
            if each is not None and (known := pg_error(each, source.name)):
                raise known from error
        raise
    finally:
        await asyncio.shield(engine.dispose())
