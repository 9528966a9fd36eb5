"""A database of an older schema, brought up to date with what is in it."""

import sqlite3
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from jobmon_tui.storage.schema import alembic_config as _alembic
from jobmon_tui.storage.schema import head_revision
from jobmon_tui.storage.sqlite import SqliteDatabase, current_revision
from jobmon_tui.storage.triggers import SQLITE_TRIGGERS

AT = "2026-01-02T03:04:05.000000Z"
OLD_ROWS = f"""
INSERT INTO report_configuration
  (name, version, runner, parameters, timezone, queue, priority, created_at, updated_at)
VALUES ('Sales', 3, 'sql', '{{}}', 'UTC', 'default', 0, '{AT}', '{AT}');
INSERT INTO job_execution_log (report, status, "trigger", requested_by, attempt, queue, priority, queued_at,
  fencing_token, configuration_id, configuration_version, configuration)
VALUES ('Sales', 'Failed', 'manual', 'ada', 1, 'default', 0, '{AT}', 1, 1, 3, '{{"a":1}}');
"""


def _at_first_schema(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    config = _alembic()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    raw = sqlite3.connect(path)
    raw.executescript(OLD_ROWS)
    raw.close()


async def test_an_older_database_keeps_its_rows_and_gets_every_trigger_again(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    _at_first_schema(path)
    assert current_revision(path) == "0001"
    async with await SqliteDatabase.open(path) as database:
        details = await database.read(lambda transaction: transaction.execution(1))
        report = await database.read(lambda transaction: transaction.report("Sales"))
    assert details is not None
    assert details.configuration == '{"a":1}'
    assert report is not None
    assert report.version == 3
    assert current_revision(path) == head_revision()
    raw = sqlite3.connect(path)
    made = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    raw.close()
    assert made == set(SQLITE_TRIGGERS)
