"""A database with a screen full of executions, and hands that change it as workers elsewhere do."""

import asyncio
import sqlite3
from pathlib import Path

from tests.benchmarks.history import build
from tests.conformance.world import ADMIN

_NEW = """
INSERT INTO job_execution_log (report, status, "trigger", requested_by, attempt, queue, priority, queued_at,
  fencing_token, configuration_id, configuration_version, configuration)
SELECT report, 'Queued', 'schedule', 'scheduler', 1, 'default', 0,
  strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now'), 0, configuration_id, 1, configuration
FROM job_execution_log WHERE id = 1
"""
_STARTS = (
    "UPDATE job_execution_log SET status = 'Running', "
    "started_at = strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now') WHERE id = ?"
)
_ENDS = (
    "UPDATE job_execution_log SET status = 'Succeeded', duration_ms = 4200, "
    "finished_at = strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now') WHERE id = ?"
)


class LongList:
    """A SQLite database of `rows` finished executions in a folder."""

    def __init__(self, folder: Path, rows: int = 1_000) -> None:
        self.rows = rows
        self.path = folder / "jobmon.db"
        asyncio.run(build(self.path, rows))
        self.environment = {
            "HOME": str(folder),
            "JOBMON_DATABASE_URL": f"sqlite:///{self.path}",
            "JOBMON_TOKEN": ADMIN.token,
            "JOBMON_OUTPUT_DIR": str(folder / "reports"),
        }
        self._raw = sqlite3.connect(self.path, isolation_level=None, timeout=10, check_same_thread=False)

    def queue(self) -> int:
        """Add a Queued execution at the top; return its id."""
        return int(self._raw.execute(_NEW).lastrowid or 0)

    def start(self, execution_id: int) -> None:
        """Let it run."""
        self._raw.execute(_STARTS, [execution_id])

    def end(self, execution_id: int) -> None:
        """Let it succeed."""
        self._raw.execute(_ENDS, [execution_id])

    def close(self) -> None:
        """Close the connection that changes it."""
        self._raw.close()
