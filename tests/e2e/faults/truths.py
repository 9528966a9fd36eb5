"""What must be true of a database at any moment, asked of the file itself."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from jobmon_tui.storage.maintenance import check_file

FINAL = "('Succeeded', 'Failed', 'Cancelled')"
_LOG = "job_execution_log"
_NONE_OF_THESE = {
    "two active retries of one execution": f"SELECT retry_of FROM {_LOG} WHERE retry_of IS NOT NULL "
    "AND status IN ('Queued', 'Running') GROUP BY retry_of HAVING count(*) > 1",
    "a retry whose snapshot is another": f"SELECT child.id FROM {_LOG} child JOIN {_LOG} "
    "failed ON failed.id = child.retry_of WHERE child.configuration IS NOT failed.configuration "
    "OR child.configuration_id <> failed.configuration_id",
    "a retry of what has not Failed": "SELECT child.id FROM job_execution_log child LEFT JOIN "
    "job_execution_log failed ON failed.id = child.retry_of "
    "WHERE child.retry_of IS NOT NULL AND failed.status IS NOT 'Failed'",
    "an execution started twice": "SELECT id FROM job_execution_log WHERE fencing_token > 1",
    "a finished execution that never ended": f"SELECT id FROM job_execution_log WHERE status IN {FINAL} "
    "AND finished_at IS NULL",
    "an execution without its one audit row": "SELECT e.id FROM job_execution_log e LEFT JOIN audit_log a ON "
    "a.new_execution_id = e.id AND a.outcome = 'allowed' WHERE e.trigger IN ('manual', 'retry') "
    "GROUP BY e.id HAVING count(a.id) <> 1",
    "an audit row of an execution that is not there": "SELECT a.id FROM audit_log a LEFT JOIN "
    "job_execution_log e ON e.id = a.new_execution_id WHERE a.new_execution_id IS NOT NULL AND e.id IS NULL",
    "a counter that is wrong": "SELECT status FROM (SELECT status, sum(n) AS n FROM status_count "
    "GROUP BY status) c WHERE n <> (SELECT count(*) FROM job_execution_log e WHERE e.status = c.status)",
    "a status that is not counted": "SELECT DISTINCT status FROM job_execution_log "
    "WHERE status NOT IN (SELECT status FROM status_count)",
    "a cancel asked of what has ended": f"SELECT c.execution_id FROM cancel_request c JOIN {_LOG} e "
    f"ON e.id = c.execution_id WHERE e.status IN {FINAL}",
}


def untruths(database: Path) -> list[str]:
    """Name every rule that does not hold in this file."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as reading:
        return untruths_of(reading)


def untruths_of(reading: sqlite3.Connection) -> list[str]:
    """Name every rule that does not hold, with the first rows that break it."""
    found = {words: reading.execute(query).fetchmany(5) for words, query in _NONE_OF_THESE.items()}
    return [f"{words}: {rows}" for words, rows in found.items() if rows]


def finished(reading: sqlite3.Connection) -> dict[int, str]:
    """Give a hash of every finished row by its id: such a row never changes again."""
    rows = reading.execute(f"SELECT * FROM job_execution_log WHERE status IN {FINAL}")
    return {row[0]: hashlib.sha256(repr(row).encode()).hexdigest() for row in rows}


def assert_sound(database: Path) -> None:
    """Check pages, references and the audit chain, and every rule above."""
    health = check_file(database)
    assert health.is_good, health
    assert untruths(database) == []
