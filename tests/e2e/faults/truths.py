"""What must be true of a database at any moment, asked of the tables themselves."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from jobmon_tui.services.chain import ChainReport, verify_audit
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.sqlite.health import check_file
from tests.backends import open_at, raw_at
from tests.conformance.world import ADMIN

Ask = Callable[[str], Sequence[Sequence[object]]]
"""Runs a query, and gives every row."""
FINAL = "('Succeeded', 'Failed', 'Cancelled')"
_LOG = "job_execution_log"
_NONE_OF_THESE = {
    "two active retries of one execution": f"SELECT retry_of AS id FROM {_LOG} WHERE retry_of IS NOT NULL "
    "AND status IN ('Queued', 'Running') GROUP BY retry_of HAVING count(*) > 1",
    "a retry whose snapshot is another": f"SELECT child.id FROM {_LOG} child JOIN {_LOG} "
    "failed ON failed.id = child.retry_of WHERE child.configuration <> failed.configuration "
    "OR child.configuration_id <> failed.configuration_id",
    "a retry of what has not Failed": f"SELECT child.id FROM {_LOG} child LEFT JOIN {_LOG} failed "
    "ON failed.id = child.retry_of AND failed.status = 'Failed' "
    "WHERE child.retry_of IS NOT NULL AND failed.id IS NULL",
    "an execution queued after its report was deleted": "SELECT e.id FROM audit_log made "
    f"JOIN {_LOG} e ON e.id = made.new_execution_id JOIN audit_log gone ON gone.id < made.id "
    "AND gone.action = 'Report Change' AND gone.details LIKE 'deleted %' "
    "AND gone.details LIKE '%(id ' || e.configuration_id || ',%'",
    "an execution started twice": f"SELECT id FROM {_LOG} WHERE fencing_token > 1",
    "a finished execution that never ended": f"SELECT id FROM {_LOG} WHERE status IN {FINAL} "
    "AND finished_at IS NULL",
    "an execution without its one audit row": f"SELECT e.id FROM {_LOG} e LEFT JOIN audit_log a ON "
    "a.new_execution_id = e.id AND a.outcome = 'allowed' WHERE e.\"trigger\" IN ('manual', 'retry') "
    "GROUP BY e.id HAVING count(a.id) <> 1",
    "an audit row of an execution that is not there": f"SELECT a.id FROM audit_log a LEFT JOIN {_LOG} "
    "e ON e.id = a.new_execution_id WHERE a.new_execution_id IS NOT NULL AND e.id IS NULL",
    "a counter that is wrong": "SELECT status AS id FROM (SELECT status, sum(n) AS n FROM status_count "
    f"GROUP BY status) c WHERE n <> (SELECT count(*) FROM {_LOG} e WHERE e.status = c.status)",
    "a status that is not counted": f"SELECT DISTINCT status AS id FROM {_LOG} "
    "WHERE status NOT IN (SELECT status FROM status_count)",
    "a cancel asked of what has ended": f"SELECT c.execution_id AS id FROM cancel_request c JOIN {_LOG} e "
    f"ON e.id = c.execution_id WHERE e.status IN {FINAL}",
}
IN_ONE = " UNION ALL ".join(
    f"SELECT '{words}' AS words, CAST(q{n}.id AS TEXT) AS id FROM ({query}) AS q{n}"
    for n, (words, query) in enumerate(_NONE_OF_THESE.items())
)


"""Every broken rule, and the row that breaks it."""


def untruths_of(ask: Ask) -> list[str]:
    """Name every rule that does not hold, with the rows that break it."""
    return named(ask(IN_ONE))


def named(broken: Sequence[Sequence[object]]) -> list[str]:
    """Name the rules that `IN_ONE` finds broken."""
    found: dict[object, list[object]] = {}
    for words, row in broken:
        found.setdefault(words, []).append(row)
    return [f"{words}: {rows[:5]}" for words, rows in found.items()]


FINISHED = f"SELECT * FROM {_LOG} WHERE status IN {FINAL}"


def hashed(rows: Sequence[Sequence[object]]) -> dict[object, str]:
    """Give a hash of every row of `FINISHED` by its id: such a row never changes again."""
    return {row[0]: hashlib.sha256(repr(tuple(row)).encode()).hexdigest() for row in rows}


def assert_sound(database: Path) -> None:
    """Check pages, references and the audit chain, and every rule above."""
    health = check_file(database)
    assert health.is_good, health
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as reading:
        assert untruths_of(lambda query: reading.execute(query).fetchall()) == []


def assert_sound_on(source: PgSource) -> None:
    """Check the audit chain of a PostgreSQL database, in which `ADMIN` is signed in, and every rule above."""

    async def verified() -> ChainReport:
        async with await open_at(source) as database:
            return await verify_audit(database, ADMIN)

    assert asyncio.run(verified()).first_bad is None
    assert untruths_of(raw_at(source)) == []
