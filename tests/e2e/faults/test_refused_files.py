"""Files that are not ours to touch: damaged, or made by a newer program. Refused, and left to the byte."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.faults.size import WHOLE, rounds
from tests.e2e.host import Host
from tests.e2e.terminal import Terminal

COMMANDS = (("retry", "1"), ("worker",), ("db", "upgrade"), ("list",), ("run", "Stock"), ("db", "check"))


def _corrupt(database: Path) -> None:
    body = bytearray(database.read_bytes())
    body[100 : len(body) // 2] = b"\xa5" * (len(body) // 2 - 100)
    database.write_bytes(body)


def _cut(database: Path) -> None:
    body = database.read_bytes()
    database.write_bytes(body[: len(body) // 2 + 100])


def _newer(database: Path) -> None:
    with closing(sqlite3.connect(database)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
        raw.commit()
        raw.execute("PRAGMA journal_mode = DELETE")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [(_corrupt, "damaged"), (_newer, "newer jobmon")] + ([(_cut, "damaged")] if WHOLE else []),
)
def test_a_file_that_cannot_be_used_is_refused_and_stays_as_it_is(
    host: Host, spoil: Callable[[Path], None], says: str
) -> None:
    with closing(sqlite3.connect(host.database)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        Path(f"{host.database}{suffix}").unlink(missing_ok=True)
    spoil(host.database)
    before = hashlib.sha256(host.database.read_bytes()).hexdigest()
    for command in COMMANDS[: rounds(3, len(COMMANDS))]:
        refused = host.run(*command, expect=6)
        assert says in refused.stderr + refused.stdout, (command, refused)
        assert "Traceback" not in refused.stderr
    terminal = Terminal([], host.environment, columns=120, rows=40)
    try:
        terminal.wait_for(says)
        terminal.press("q")
        terminal.wait_end()
    finally:
        terminal.close()
    assert "Traceback" not in terminal.text
    assert hashlib.sha256(host.database.read_bytes()).hexdigest() == before
    # SQLite may have looked for a log of it; nothing was put there.
    assert [each for each in host.folder.glob("jobmon.db-wal") if each.stat().st_size] == []
