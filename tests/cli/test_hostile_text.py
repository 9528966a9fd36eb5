"""No command sends a terminal what would steer it, whatever stands in the database; each command is tried."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobmon_tui.cli.app import app
from tests.cli.shell import Shell
from tests.e2e.faults.size import rounds
from tests.hostile import ALL, BROKEN, PAYLOADS, poison, populate, sent

VISITS: dict[str, Sequence[str]] = {
    "whoami": (),
    "list": (),
    "show": ("1",),
    "output": ("1",),
    "retry": ("1", "2", "999"),
    "cancel": ("1", "2"),
    "run": ("{report}",),
    "workers": (),
    "doctor": (),
    "reports list": (),
    "reports show": ("{report}",),
    "reports add": ("{hostile}", "--", "true"),
    "reports edit": ("{report}", "--priority", "3"),
    "reports pause": ("{report}",),
    "reports resume": ("{report}",),
    "reports import": ("{hostile}.toml",),
    "reports export": (),
    "reports delete": ("{report}", "--yes"),
    "users list": (),
    "users role": ("{user}", "{hostile}"),
    "users disable": ("{user}", "--yes"),
    "users sessions": (),
    "users revoke": ("--all", "{user}", "--yes"),
    "users enable": ("{user}",),
    "secrets list": (),
    "secrets set": ("{hostile}", "--stdin"),
    "secrets delete": ("{hostile}", "--yes"),
    "audit list": (),
    "audit export": (),
    "audit export --format jsonl": (),
    "audit verify": (),
    "audit anchor": (),
    "db backup": ("{hostile}.db",),
    "db prune": ("--older-than", "1d", "--include-failed", "--yes"),
    "db current": (),
    "db check": (),
    "config show": (),
    "config keys": (),
    "db upgrade": (),
    "login": ("{hostile}", "--print-token"),
    "users passwd": ("{user}", "--password-stdin"),
    "users add": ("{hostile}", "--role", "Viewer", "--password-stdin"),
    "logout": (),
}
ELSEWHERE = {
    "watch": "tests/e2e/test_hostile_faces.py: it does not end",
    "worker": "says what it was started with, nothing of the database",
    "serve": "answers in JSON; says on its terminal what it was started with",
    "demo": "makes its own database",
    "web": "shows the dashboard, and says on its terminal what it was started with",
    "init": "refused where there is a database; its name is cleaned as that of users add",
    "db copy": "tells numbers",
    "db set-password": "PostgreSQL only; tells the settings' user",
}


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    if hasattr(command, "commands"):
        for name, below in command.commands.items():
            yield from _commands(below, (*path, name))
    else:
        yield " ".join(path), any("--json" in each.opts for each in command.params)


COMMANDS = dict(_commands(typer.main.get_command(app)))


def test_every_command_is_visited_or_said_to_be_elsewhere() -> None:
    assert set(VISITS) | set(ELSEWHERE) >= set(COMMANDS), "a new command: visit it here"


def _names(shell: Shell) -> dict[str, str]:
    with closing(sqlite3.connect(shell.path)) as raw:
        (report,) = raw.execute("SELECT name FROM report_configuration WHERE id = 1").fetchone()
        (user,) = raw.execute("SELECT name FROM user_account WHERE id = 2").fetchone()
    return {"report": report, "user": user}


def _poisoned(shell: Shell, text: str | bytes) -> None:
    shell.write(populate)
    poison(shell.path, text)


# Each by itself in `make faults`; together, else, since each command costs a start.
@pytest.mark.parametrize("payload", ["all", *PAYLOADS][: rounds(1, 11)])
def test_no_command_lets_a_payload_through(shell: Shell, payload: str) -> None:
    text = PAYLOADS.get(payload, ALL)
    _poisoned(shell, text)
    shown, values = 0, {**_names(shell), "hostile": text}
    for name, arguments in VISITS.items():
        given_ = [each.format(**values) for each in arguments]
        for json in (False, True) if COMMANDS.get(name) else (False,):
            answer = shell(*name.split(), *given_, *(["--json"] if json else []), stdin="correct horse x")
            assert sent(answer.out + answer.err) == [], (name, json)
            assert answer.code != 1, (name, answer)
            shown += "PW" in answer.out
    assert shown > 5 or "PW" not in text  # what is harmless of it is shown


def test_bytes_that_are_no_text_are_told_of_or_shown_but_crash_nothing(shell: Shell) -> None:
    _poisoned(shell, BROKEN)
    for name in (
        "list",
        "show 1",
        "output 1",
        "reports list",
        "workers",
        "audit list",
        "users list",
        "db check",
    ):
        answer = shell(*name.split())
        assert sent(answer.out + answer.err) == []
        assert answer.code in {0, 5, 6}, (name, answer)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=40), min_size=200, max_size=200))
def test_2000_fuzzed_strings_crash_nothing(shell: Shell, texts: list[str]) -> None:
    with closing(sqlite3.connect(shell.path)) as raw, raw:
        raw.execute("DELETE FROM user_account WHERE id > 2")
        for number, text in enumerate(texts):
            stored = text.encode("utf-8", "replace").decode()
            raw.execute(
                "INSERT OR IGNORE INTO user_account (name, role, password_hash, disabled, created_at)"
                " SELECT ?, 'Viewer', 'h', 0, created_at FROM user_account WHERE id = 1",
                (f"{stored}{number}",),
            )
    for json in ((), ("--json",)):
        answer = shell("users", "list", *json)
        assert answer.code == 0
        assert sent(answer.out) == []
