"""What names ids looks them up on SQLite; it does not read the table."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Executable
from sqlalchemy.dialects.sqlite import dialect

from jobmon_tui.storage import finish_queries, queue_queries, retention_queries
from jobmon_tui.storage.sqlite.database import upgrade
from tests.conformance.world import NOW


@pytest.mark.parametrize(
    "statement", [finish_queries._CURRENT, queue_queries._START, retention_queries._GONE[2]]
)
def test_ids_are_looked_up(tmp_path: Path, statement: Executable) -> None:
    path = tmp_path / "jobmon.db"
    upgrade(path)
    compiled = statement.compile(dialect=dialect())  # type: ignore[attr-defined]
    state = compiled.construct_expanded_state({"wanted": [1, 2], "by": "w", "now": NOW})
    connection = sqlite3.connect(path)
    values = [state.parameters.get(name) for name in state.positiontup or ()]
    plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {state.statement}", values)]
    connection.close()
    assert any("rowid=?" in step for step in plan), plan
    assert not any(step.startswith("SCAN") for step in plan), plan
