import sqlite3
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
