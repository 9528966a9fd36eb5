"""The health of a PostgreSQL database, looked at without changing it: its rows, and the way to it."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import text
from sqlalchemy.util import greenlet_spawn
from sqlmodel import SQLModel

from jobmon_tui.services.chain import chain_report
from jobmon_tui.storage.invariants import Health, broken_rules
from jobmon_tui.storage.late_indexes import LATE
from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.postgres.errors import FAILURES, pg_error
from jobmon_tui.storage.postgres.schema import current_revision, missing_triggers
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.postgres.transaction import PgTransaction
from jobmon_tui.storage.schema import require_newest
from jobmon_tui.storage.triggers.postgres import TICKETS

T = TypeVar("T")

_SECONDS: Final = 600.0
"""How long a statement of the check may take: whole tables are counted."""
_HEARD_WITHIN: Final = 2.0
_INDEXES: Final = text(
    "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE nspname = current_schema() AND indisvalid"
)
NEEDS: Final[Mapping[str, str]] = {
    "alembic_version": "",
    "audit_head": "UPDATE",
    "audit_log": "INSERT",
    "cancel_request": "INSERT, UPDATE, DELETE",
    "ended_session": "INSERT, DELETE",
    "execution_block": "INSERT, UPDATE, DELETE",
    "execution_output": "INSERT, UPDATE",
    "hour_block": "INSERT, UPDATE, DELETE",
    "job_execution_log": "INSERT, UPDATE",
    "refusal_budget": "INSERT, UPDATE",
    "report_block": "INSERT, UPDATE, DELETE",
    "report_configuration": "INSERT, UPDATE, DELETE",
    "report_state": "INSERT, UPDATE, DELETE",
    "retention_pass": "",
    "session": "INSERT, UPDATE, DELETE",
    "sign_in_failure": "INSERT, UPDATE, DELETE",
    "status_count": "INSERT, UPDATE",
    "user_account": "INSERT, UPDATE",
    "worker": "INSERT, UPDATE, DELETE",
    TICKETS: "INSERT, UPDATE, DELETE",
}
"""What the account of dashboards and workers must be allowed, besides SELECT."""
_FACTS: Final = """
SELECT current_setting('server_version') AS server, current_setting('server_version_num')::int AS number,
  current_user AS account, pg_is_in_recovery() AS standby,
  current_setting('default_transaction_read_only')::bool AS read_only,
  (SELECT sum(numbackends)::int FROM pg_stat_database) AS used,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most
"""
_RIGHTS: Final = """
SELECT relname AS name, has_any_column_privilege(pg_class.oid, 'SELECT') AS may_look,
  NOT pg_has_role(relowner, 'MEMBER') AS is_foreign
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = current_schema() AND relkind = 'r'
"""


@asynccontextmanager
async def _connected(source: PgSource, **settings: str) -> AsyncIterator[Any]:
    try:
        raw = await source.connect(**settings)
        try:
            yield raw
        finally:
            await raw.close(timeout=1.0)
    except FAILURES as error:
        raise pg_error(error, source.name) or error from error


async def check_postgres(source: PgSource) -> Health:
    """Check the rules, what must be true of the rows, and the audit log's chain, all at one moment.

    Raises `storage_unavailable` for what is no damage: it cannot be reached, or has another schema.
    """
    async with _connected(replace(source, seconds=_SECONDS), idle_in_transaction_session_timeout="0") as raw:
        require_newest(await current_revision(source), source.name)
        await raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        lane = PgConnection(raw)
        problems = await greenlet_spawn(_problems, lane)
        chain = await greenlet_spawn(chain_report, PgTransaction(lane, writes=False))
        return Health(problems, chain)


def _problems(lane: PgConnection) -> list[str]:
    valid = {row.relname for row in lane.execute(_INDEXES)}
    unique = {
        str(index.name)
        for table in SQLModel.metadata.tables.values()
        for index in table.indexes
        if index.unique
    }
    back = "put it back with: jobmon db upgrade"
    return [
        *(f"the rule {name} does not fire; {back}" for name in missing_triggers(lane)),
        *(f"the unique index {name} is not there, or not valid" for name in sorted(unique - valid)),
        *(f"the index {name} is not there, or not valid; {back}" for name in sorted(set(LATE) - valid)),
        *broken_rules(lane),
    ]


@dataclass(frozen=True, slots=True)
class PgFacts:
    """How the server is reached, and what it lets this account do."""

    server: str
    number: int
    """Of the version, as PostgreSQL counts: 130000 is 13.0."""
    account: str
    schema: str | None
    is_standby: bool
    is_read_only: bool
    clock_ahead: float
    """Seconds by which the server's clock is ahead of ours, at the least; negative where it is behind."""
    is_heard: bool
    """A note sent on one connection arrived on another."""
    used: int
    most: int
    cipher: str | None
    """The TLS version, None for a connection that is not encrypted."""
    is_verified: bool
    """The server's certificate was checked."""
    unseen: Sequence[str]
    """Tables that the account may not even read."""
    lacking: Sequence[str]
    """What dashboards and workers need, and the account may not do."""
    is_owner: bool
    """It may bring the schema up to date."""


async def look_at_server(source: PgSource) -> PgFacts:
    """Find out. Raises `storage_unavailable`."""
    async with _connected(source) as raw:
        facts = await raw.fetchrow(_FACTS)
        rights = await raw.fetch(_RIGHTS)
        tunnel = raw._transport.get_extra_info("ssl_object")  # noqa: SLF001  # asyncpg has no other way
        return PgFacts(
            server=str(facts["server"]).split()[0],
            number=facts["number"],
            account=facts["account"],
            schema=await current_revision(source),
            is_standby=facts["standby"],
            is_read_only=facts["read_only"],
            clock_ahead=await _clock_ahead(raw),
            is_heard=not facts["standby"] and await _is_heard(raw, source),
            used=facts["used"],
            most=facts["most"],
            cipher=None if tunnel is None else tunnel.version(),
            is_verified=tunnel is not None and tunnel.context.verify_mode is ssl.CERT_REQUIRED,
            unseen=[row["name"] for row in rights if not row["may_look"]],
            lacking=await _lacking(raw, {row["name"] for row in rights}),
            is_owner=not any(row["is_foreign"] for row in rights),
        )


async def _lacking(raw: Any, there: set[str]) -> list[str]:
    asked = [
        (name, right)
        for name, rights in NEEDS.items()
        if name in there
        for right in rights.split(", ")
        if right
    ]
    allowed = await raw.fetch(
        "SELECT has_table_privilege(t, r) AS may FROM unnest($1::text[], $2::text[]) AS each (t, r)",
        [name for name, _ in asked],
        [right for _, right in asked],
    )
    return [f"{right} on {name}" for (name, right), row in zip(asked, allowed, strict=True) if not row["may"]]


async def _clock_ahead(raw: Any) -> float:
    before = datetime.now(UTC)
    server: datetime = await raw.fetchval("SELECT clock_timestamp()")
    after = datetime.now(UTC)
    # It was asked at some moment between the two.
    if server > after:
        return (server - after).total_seconds()
    return min(0.0, (server - before).total_seconds())


async def _is_heard(raw: Any, source: PgSource) -> bool:
    channel, heard = f"jobmon_doctor_{secrets.token_hex(8)}", asyncio.Event()
    listener: Callable[..., None] = lambda *_: heard.set()  # noqa: E731
    await raw.add_listener(channel, listener)
    async with _connected(source) as other:
        await other.execute("SELECT pg_notify($1, '')", channel)
        try:
            async with asyncio.timeout(_HEARD_WITHIN):
                await heard.wait()
        except TimeoutError:
            return False
        finally:
            await raw.remove_listener(channel, listener)
    return True
