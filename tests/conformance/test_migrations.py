"""A database of an older schema, brought up to date with what is in it."""

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from jobmon_tui.domain.audit import GENESIS, NewAuditEntry, canonical, chain_hash
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.services.chain import chain_report
from jobmon_tui.services.known_origin import process_origin
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage import late_indexes
from jobmon_tui.storage.postgres.schema import upgrade
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.schema import head_revision, migrate
from jobmon_tui.storage.triggers import postgres as triggers_postgres
from jobmon_tui.storage.triggers import sqlite as triggers
from jobmon_tui.storage.triggers.postgres import POSTGRES_TRIGGERS
from jobmon_tui.storage.triggers.sqlite import SQLITE_TRIGGERS
from tests import postgres
from tests.backends import Opens, Place, Raw, raw_at

AT = "2026-01-02T03:04:05.000000Z"
DUE = "2026-03-02T09:00:00.000000Z"
REPORT = f"""
INSERT INTO report_configuration
  (name, version, runner, parameters, schedule, timezone, queue, priority, created_at, updated_at)
VALUES ('Sales', 3, 'sql', '{{}}', '0 * * * *', 'UTC', 'default', 0, '{AT}', '{AT}')
"""
EXECUTIONS = f"""
INSERT INTO job_execution_log (report, status, "trigger", requested_by, attempt, queue, priority, queued_at,
  due_at, fencing_token, configuration_id, configuration_version, configuration)
VALUES ('Sales', 'Failed', 'manual', 'ada', 1, 'default', 0, '{AT}', NULL, 1, 1, 3, '{{"a":1}}'),
  ('Sales', 'Succeeded', 'schedule', 'schedule', 1, 'default', 0, '{AT}', '{DUE}', 1, 1, 3, '{{}}')
"""
FIRST = (
    "execution_guard",
    "execution_counted",
    "execution_recounted",
    "execution_uncounted",
    "audit_append_only",
)
"""What PostgreSQL's first schema can bear; later triggers name columns and tables that it has not."""
LATER = ("execution_late", "execution_pruned")
"""What SQLite's cannot."""
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgres": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}

INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgres": "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indisvalid",
}


@pytest.fixture
def place(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where nothing is yet."""
    if backend == "sqlite":
        yield tmp_path / "old.db"
        return
    with postgres.database(request.getfixturevalue("postgres_url"), "template1") as url:
        yield PgSource(url, "old")


async def _migrated(place: Place, step: Callable[[Connection], None]) -> None:
    if isinstance(place, Path):
        with create_engine(f"sqlite:///{place}", poolclass=NullPool).begin() as connection:
            step(connection)
    else:
        url = place.dsn.replace("postgresql:", "postgresql+asyncpg:")
        async with create_async_engine(url, poolclass=NullPool).begin() as connection:
            await connection.run_sync(step)


async def _at_first_schema(place: Place) -> None:
    def first(connection: Connection) -> None:
        with pytest.MonkeyPatch.context() as patch:
            early = {name: POSTGRES_TRIGGERS[name] for name in FIRST}
            patch.setattr(triggers_postgres, "POSTGRES_TRIGGERS", early)
            for name in LATER:
                patch.delitem(triggers.SQLITE_TRIGGERS, name)
            migrate(connection, "0001")

    await _migrated(place, first)
    raw = raw_at(place)
    raw(REPORT)
    raw(EXECUTIONS)


async def test_a_large_table_gets_its_indexes_while_others_work(
    backend: str, place: Place, opens: Opens, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _at_first_schema(place)
    monkeypatch.setattr(late_indexes, "FEW", 1)
    if isinstance(place, PgSource):
        await asyncio.gather(upgrade(place), upgrade(place))
        # One whose building was interrupted is built again.
        raw("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_execution_asked'::regclass")
        await upgrade(place)
    async with await opens():
        assert {name for (name,) in raw(INDEXES[backend])} >= set(late_indexes.LATE)


async def test_an_older_database_keeps_its_rows_and_gets_every_trigger_again(
    backend: str, place: Place, opens: Opens, raw: Raw
) -> None:
    await _at_first_schema(place)
    revision = "SELECT version_num FROM alembic_version"
    assert raw(revision) == [("0001",)]
    if isinstance(place, PgSource):
        # Others share it: only who says so changes it.
        with pytest.raises(JobmonError, match=r"has the schema 0001.*Run: jobmon db upgrade"):
            await opens()
        assert raw(revision) == [("0001",)]
        await upgrade(place)
    async with await opens() as database:
        details = await database.read(lambda transaction: transaction.execution(1))
        report = await database.read(lambda transaction: transaction.report("Sales"))
        rows = await database.read(lambda transaction: transaction.executions(ExecutionFilter(), 9))
        (schedule,) = await DatabaseQueue(database).schedules()
        counted = await database.read(lambda transaction: transaction.counts())
    assert details is not None
    assert details.configuration == '{"a":1}'
    assert report is not None
    assert report.version == 3
    assert len(rows) == sum(counted.values()) == 2
    # What had fired fires no second time.
    assert schedule.last_due == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert raw(revision) == [(head_revision(),)]
    wanted = SQLITE_TRIGGERS if backend == "sqlite" else POSTGRES_TRIGGERS
    assert {name for (name,) in raw(TRIGGERS[backend])} >= set(wanted)


async def test_audit_entries_of_the_release_before_fit_in_the_chain(
    backend: str, place: Place, opens: Opens, raw: Raw
) -> None:
    await _migrated(place, lambda connection: migrate(connection, "0007"))
    old = NewAuditEntry(
        datetime.fromisoformat(AT), "ada", "Viewer", "Sign In", "allowed", None, None, None, "p", "€"
    )
    said = canonical(1, old)
    assert said == f'[1,"{AT}","ada","Viewer","Sign In","allowed",null,null,null,"p","€"]'
    first = chain_hash(GENESIS, said)
    at = AT if backend == "sqlite" else old.at
    _write_as_before(raw, 1, at, GENESIS, first)
    if isinstance(place, PgSource):
        await upgrade(place)
    async with await opens() as database:
        await database.write(lambda transaction: transaction.add_audit(old))
        # A process of the release before goes on writing beside this one.
        if backend == "sqlite":
            [(_, before)] = raw("SELECT audit_id, hash FROM audit_head")
            _write_as_before(raw, 3, at, str(before), chain_hash(str(before), canonical(3, old)))
        else:
            raw(f"SELECT jobmon_audit('{said.removeprefix('[1').encode().hex()}')")
        await database.write(lambda transaction: transaction.add_audit(old))
        report = await database.read(chain_report)
    assert (report.entries, report.first_bad) == (4, None)
    assert raw("SELECT known FROM audit_log ORDER BY id") == [
        (None,), (process_origin(),), (None,), (process_origin(),),
    ]  # fmt: skip
    assert process_origin().startswith(f"uid={os.getuid()}")


def _write_as_before(raw: Raw, number: int, at: object, before: str, digest: str) -> None:
    columns = "id, at, actor, role, action, outcome, origin, details, previous_hash, hash"
    values = "?, ?, 'ada', 'Viewer', 'Sign In', 'allowed', 'p', '€', ?, ?"
    raw(f"INSERT INTO audit_log ({columns}) VALUES ({values})", number, at, before, digest)
    raw("UPDATE audit_head SET audit_id = ?, hash = ?", number, digest)
