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


_UPGRADE = "UPDATE alembic_version SET version_num = '9999_from_the_future'"


def _newer(database: Path) -> None:
    with closing(sqlite3.connect(database)) as raw:
        raw.execute(_UPGRADE)
        raw.commit()
        raw.execute("PRAGMA journal_mode = DELETE")


def _newer_by_its_log(database: Path) -> None:
    """As a newer program leaves it that was killed right after its upgrade."""
    with closing(sqlite3.connect(database)) as raw:
        raw.execute(_UPGRADE)
        raw.commit()
        files = {each: each.read_bytes() for each in (database, _log_of(database))}
    for path, body in files.items():
        path.write_bytes(body)


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def _hashes(database: Path) -> list[str]:
    """Give the file's and its log's; an empty log is as good as none, SQLite may have looked for one."""
    log = _log_of(database)
    return [
        hashlib.sha256(body).hexdigest()
        for body in (database.read_bytes(), log.read_bytes() if log.exists() else b"")
    ]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [(_corrupt, "damaged"), (_newer, "newer jobmon")]
    + ([(_cut, "damaged"), (_newer_by_its_log, "newer jobmon")] if WHOLE else []),
)
def test_a_file_that_cannot_be_used_is_refused_and_stays_as_it_is(
    host: Host, spoil: Callable[[Path], None], says: str
) -> None:
    with closing(sqlite3.connect(host.database)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        Path(f"{host.database}{suffix}").unlink(missing_ok=True)
    spoil(host.database)
    before = _hashes(host.database)
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
    assert _hashes(host.database) == before
