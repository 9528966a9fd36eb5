"""Text that would steer a terminal, put into a database past every service, as whoever has the file can."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from jobmon_tui.storage.transaction import SqlTransaction
from tests.conformance.world import queue_one

PAYLOADS: Final = {
    "OSC 0, a title": "\x1b]0;PWNED\x07",
    "OSC 8, a link": "\x1b]8;;http://evil.example\x1b\\PWNED\x1b]8;;\x1b\\",
    "OSC 52, the clipboard": "\x1b]52;c;UFdORUQ=\x07",
    "CSI, the screen": "\x1b[2J\x1b[1;1H\x1b[31mPWNED",
    "DCS, a question": "\x1bP+q544e\x1b\\",
    "C1, one byte each": "\x9b2J\x9d0;PWNED\x9c\x90+q\x9c",
    "bidi": "\u202ePWNED\u2066\u061c\u200f",
    "NUL": "PW\x00NED",
    "markup that acts": "[@click=app.quit]PWNED[/]",
    "markup that ends": "PWNED[/path][/]",
}
"""The eleventh, half a character, cannot be stored but as broken bytes: `BROKEN`."""
ALL: Final = "".join(PAYLOADS.values())
BROKEN: Final = b"PW\xed\xb3\xbfNED\xff"
FORBIDDEN: Final = [
    *(b"\x1b]0;PWNED", b"\x1b]8;;http", b"\x1b]52;c;UFd", b"\x1b[2J\x1b[1;1H\x1b[31mP", b"\x1bP+q", b"\x00"),
    *(each.encode() for each in "\x9b\x9d\x90\x9c\u202e\u2066\u061c\u200f\ufeff"),
    "\udcff".encode("utf-8", "surrogatepass"),
]
"""What no terminal may ever be sent, in UTF-8. A face's own sequences begin otherwise."""
_PLACES: Final = (
    ("report_configuration", "name queue timezone"),
    ("job_execution_log", "report requested_by worker error error_detail queue output_path"),
    ("audit_log", "actor action code origin details"),
    ("execution_output", "body"),
    ("worker", "host version queues"),
    ("user_account", "name"),
    ("report_state", "skipped_reason"),
)
_ROWS: Final = (
    "UPDATE job_execution_log SET error = 'e', error_detail = 'd', worker = 'w', output_path = '/o'",
    "INSERT INTO execution_output (execution_id, part, start, total, body) VALUES (1, 'head', 0, 9, 'b')",
    "INSERT INTO worker (name, host, pid, version, concurrency, beats, started_at, beat_at, queues)"
    " SELECT 'w', 'h', 1, 'v', 1, 1, queued_at, queued_at, '[]' FROM job_execution_log WHERE id = 1",
    "INSERT INTO audit_log (id, at, actor, role, action, outcome, code, execution_id, origin, details,"
    " previous_hash, hash) SELECT 99, queued_at, 'a', 'Viewer', 'Job Retry', 'refused', 'c', 1, 'o',"
    " 'd', '0', '0' FROM job_execution_log WHERE id = 1",
)
_JSON: Final = (
    "UPDATE job_execution_log SET configuration ="
    " json_set(configuration, '$.parameters.query', ?, '$.name', ?)",
    "UPDATE report_configuration SET parameters = json_set(parameters, '$.query', ?, '$.source', ?)",
)


def sent(data: bytes | str) -> list[bytes]:
    """Return which of the forbidden bytes are in what was sent."""
    given = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    return [each for each in FORBIDDEN if each in given]


def populate(transaction: SqlTransaction) -> None:
    """Three executions of a report: one that will have failed, two that wait."""
    for _ in range(3):
        queue_one(transaction)


def poison(path: Path, text: str | bytes) -> None:
    """Write `text` into every column that holds words; bytes are written as they are, valid or not."""
    with closing(sqlite3.connect(path)) as raw, raw:
        for status in ("Running", "Failed"):
            raw.execute("UPDATE job_execution_log SET status = ? WHERE id = 1", (status,))
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f'DROP TRIGGER "{trigger}"')
        for statement in _ROWS:
            raw.execute(statement)
        for statement in _updates():
            raw.execute(statement, (text,))
        for statement in _JSON if isinstance(text, str) else ():
            raw.execute(statement, (text, text))


def _updates() -> Iterator[str]:
    for table, columns in _PLACES:
        for column in columns.split():
            own = " WHERE name != 'ada'" if table == "user_account" else ""
            value = "json_array(CAST(? AS TEXT))" if column == "queues" else f"CAST({column} || ? AS TEXT)"
            yield f"UPDATE {table} SET {column} = {value}{own}"
