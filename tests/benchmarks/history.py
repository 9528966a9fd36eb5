"""A long history for the benchmarks, made by the database itself in a few seconds."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from jobmon_tui.domain.report import ReportDraft, snapshot_text
from jobmon_tui.services.ports import Transaction
from jobmon_tui.storage.listing.block_keeper import BlockKeeper
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from jobmon_tui.storage.triggers.sqlite import sqlite_statements
from tests.conformance.world import add_people
from tests.postgres import execute

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REPORTS = 50
DRAFTS = [
    ReportDraft(f"Report {number}", "sql", {"query": "select 1", "source": "sqlite:////data/a.db"})
    for number in range(1, REPORTS + 1)
]
DETAIL = "x" * 2_000

_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO job_execution_log (report, status, "trigger", requested_by, attempt, queue, priority, queued_at,
  started_at, finished_at, duration_ms, worker, fencing_token, configuration_id, configuration_version, error,
  configuration, error_detail)
SELECT 'Report ' || (i % :reports + 1), CASE WHEN i % 10 = 0 THEN 'Failed' ELSE 'Succeeded' END,
  CASE WHEN i % 40 = 0 THEN 'manual' ELSE 'schedule' END, CASE WHEN i % 40 = 0 THEN 'ada' ELSE 'schedule' END,
  1, 'default', 0, strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1700000000 + i * 30, 'unixepoch'),
  strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1700000001 + i * 30, 'unixepoch'),
  strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1700000009 + i * 30, 'unixepoch'), 8000, 'w1', 1,
  i % :reports + 1, 1, CASE WHEN i % 10 = 0 THEN 'no such table: sales' END, :snapshot,
  CASE WHEN i % 10 = 0 THEN :detail END
FROM n
"""
_FILL_POSTGRES = """
INSERT INTO job_execution_log (report, status, "trigger", requested_by, attempt, queue, priority, queued_at,
  started_at, finished_at, duration_ms, worker, fencing_token, configuration_id, configuration_version, error,
  configuration, error_detail)
SELECT 'Report ' || (i % $2 + 1), CASE WHEN i % 10 = 0 THEN 'Failed' ELSE 'Succeeded' END,
  CASE WHEN i % 40 = 0 THEN 'manual' ELSE 'schedule' END, CASE WHEN i % 40 = 0 THEN 'ada' ELSE 'schedule' END,
  1, 'default', 0, to_timestamp(1700000000 + i * 30), to_timestamp(1700000001 + i * 30),
  to_timestamp(1700000009 + i * 30), 8000, 'w1', 1,
  i % $2 + 1, 1, CASE WHEN i % 10 = 0 THEN 'no such table: sales' END, $3,
  CASE WHEN i % 10 = 0 THEN $4 END
FROM generate_series(1::bigint, $1::bigint) AS i
"""


def _add_reports(transaction: Transaction) -> None:
    for draft in DRAFTS:
        transaction.add_report(draft, NOW)


async def _count_blocks(database: SqliteDatabase | PostgresDatabase) -> None:
    """Do what the workers had done by and by while this history grew."""
    keeper = BlockKeeper(database, lambda: datetime.now(UTC))
    for _ in range(2):
        await keeper.look(seconds=3_600)


async def build(path: Path, rows: int) -> None:
    """Create a database with `rows` finished executions of 50 reports, one in ten of them Failed.

    One in forty was asked for by ada, the rest by schedules; their blocks are counted.
    """
    async with await SqliteDatabase.open(path) as database:
        await database.write(add_people)
        await database.write(_add_reports)
    raw = sqlite3.connect(path)
    # The counters are set once at the end: a million single steps would take longer than everything else.
    raw.execute("DROP TRIGGER execution_counted")
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute(
        _FILL,
        {"rows": rows, "reports": REPORTS, "snapshot": snapshot_text(DRAFTS[0]), "detail": DETAIL},
    )
    raw.execute(
        "INSERT OR REPLACE INTO status_count "
        "SELECT status, 0, count(*) FROM job_execution_log GROUP BY status"
    )
    for statement in sqlite_statements():
        raw.execute(statement)
    raw.commit()
    raw.execute("ANALYZE")
    raw.commit()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    async with await SqliteDatabase.open(path) as database:
        await _count_blocks(database)


async def build_postgres(url: str, rows: int) -> None:
    """Fill a superuser's empty database in the same way; its statistics are fresh."""
    async with await PostgresDatabase.open(PgSource(url, "bench")) as database:
        await database.write(add_people)
        await database.write(_add_reports)
    # What our triggers keep is set once at the end, as above.
    execute(url, "ALTER TABLE job_execution_log DISABLE TRIGGER USER")
    execute(url, _FILL_POSTGRES, rows, REPORTS, snapshot_text(DRAFTS[0]), DETAIL)
    execute(
        url,
        "INSERT INTO status_count (status, slot, n) "
        "SELECT status, 0, count(*) FROM job_execution_log GROUP BY status",
    )
    execute(url, "ALTER TABLE job_execution_log ENABLE TRIGGER USER")
    execute(url, "VACUUM ANALYZE")
    async with PostgresDatabase(PgSource(url, "bench")) as database:
        await _count_blocks(database)
    execute(url, "ANALYZE")
    execute(url, "CHECKPOINT")
