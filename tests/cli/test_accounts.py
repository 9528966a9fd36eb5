"""Accounts, sessions and looking only, by the command line."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobmon_tui.domain.roles import CHANGES, Role, may
from jobmon_tui.services.audited import token_hash
from jobmon_tui.services.permitted import METHODS
from tests.cli.shell import NOW, TOKENS, Shell

PASSWORD = "correct horse"
COMMANDS = {
    ("list",): "executions",
    ("show", "99"): "show",
    ("output", "99"): "output",
    ("retry", "99"): "retry",
    ("cancel", "99"): "cancel",
    ("run", "none"): "run",
    ("reports", "list"): "reports",
    ("reports", "show", "none"): "report",
    ("reports", "delete", "none", "--yes"): "delete_report",
    ("workers",): "workers",
    ("users", "list"): "accounts",
    ("users", "add", "eve", "--role", "Viewer", "--password-stdin"): "add_account",
    ("users", "role", "none", "Viewer"): "change_account",
    ("users", "disable", "none", "--yes"): "change_account",
    ("users", "sessions", "none"): "sessions",
    ("users", "revoke", "1"): "revoke_session",
    ("users", "revoke", "--all", "none", "--yes"): "revoke_sessions",
    ("audit", "list"): "audit",
    ("audit", "verify"): "verify_audit",
}
WHO = {
    "ada": Role.ADMINISTRATOR,
    "vic": Role.VIEWER,
    "nobody": None,
    "disabled": None,
    "expired": None,
    "read-only": Role.ADMINISTRATOR,
}


@pytest.mark.parametrize("who", WHO)
def test_every_command_follows_the_table(shell: Shell, who: str) -> None:
    role = WHO[who]
    if who in {"disabled", "expired"}:
        until = datetime.now(UTC) + timedelta(hours=-1 if who == "expired" else 1)
        shell.write(lambda t: t.add_account("dan", Role.ADMINISTRATOR, "hash", NOW))
        shell.write(lambda t: t.add_session("dan", token_hash(who), NOW, until))
        if who == "disabled":
            shell.write(lambda t: t.change_account("dan", disabled=True))
    token = {"nobody": None, "read-only": TOKENS["ada"]}.get(who, TOKENS.get(who, who))
    shell.set(JOBMON_TOKEN=token, JOBMON_READ_ONLY="1" if who == "read-only" else None)
    for arguments, method in COMMANDS.items():
        verb = METHODS[method].verb
        refused = role is None or not may(role, verb) or (who == "read-only" and verb in CHANGES)
        answer = shell(*arguments, stdin="a long one of hers\n")
        assert (answer.code == 3) is refused, (arguments, answer)


def test_looking_only_refuses_also_what_needs_no_session(shell: Shell) -> None:
    for arguments in (
        ("--read-only", "worker"),
        ("--read-only", "db", "upgrade"),
        ("--read-only", "db", "prune", "--older-than", "1d", "--yes"),
        ("--read-only", "init", "--admin", "eve", "--password-stdin"),
        ("--read-only", "users", "passwd", "ada", "--password-stdin"),
        ("--read-only", "db", "copy", "--to", "sqlite:///copy.db"),
        ("--read-only", "db", "set-password", "--password-stdin"),
        ("--read-only", "secrets", "set", "load", "--stdin"),
        ("--read-only", "secrets", "delete", "load", "--yes"),
    ):
        answer = shell(*arguments, stdin="a long one of hers\n")
        assert (answer.code, "read-only" in answer.err) == (3, True), (arguments, answer)
    assert not Path("copy.db").exists()
    assert shell("--read-only", "list").code == 0
    assert shell("--read-only", "db", "prune", "--older-than", "1d", "--dry-run").code == 0


def test_looking_only_leaves_an_older_database_as_it_is(shell: Shell) -> None:
    def schema() -> str:
        with contextlib.closing(sqlite3.connect(shell.path)) as raw:
            found: str = raw.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            return found

    with contextlib.closing(sqlite3.connect(shell.path, isolation_level=None)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0009'")
    refused = shell("--read-only", "list")
    assert (refused.code, "jobmon db upgrade" in refused.err) == (6, True), refused
    assert schema() == "0009"


def test_signing_in_and_out_works_where_one_only_looks(shell: Shell) -> None:
    assert shell("users", "add", "bob", "--role", "Viewer", "--password-stdin", stdin=PASSWORD).code == 0
    shell.set(JOBMON_READ_ONLY="1")
    token = shell("login", "bob", "--print-token", "--password-stdin", stdin=PASSWORD).out.strip()
    shell.set(JOBMON_TOKEN=token)
    assert shell("whoami").code == 0
    assert shell("logout").code == 0
    assert shell("whoami").code == 3


def test_a_profile_is_chosen_by_flag(shell: Shell) -> None:
    config = shell.folder / "config.toml"
    config.write_text("[profiles.wall]\nread_only = true\n")
    shell.set(JOBMON_CONFIG=str(config))
    assert shell("--profile", "wall", "run", "none").code == 3
    assert shell("run", "none").code == 4
    shown = shell("--profile", "wall", "config", "show", "--json").json
    assert shown["read_only"] == {"value": True, "from": "config.toml:2"}
    assert shown["profile"] == {"value": "wall", "from": "--profile"}
    assert shell("--read-only", "config", "show", "--json").json["read_only"]["from"] == "--read-only"
    unknown = shell("--profile", "wal", "list")
    assert (unknown.code, "There are: “wall”" in unknown.err) == (2, True)


def test_sessions_are_listed_without_tokens_and_revoked(shell: Shell) -> None:
    assert shell("users", "add", "bob", "--role", "Viewer", "--password-stdin", stdin=PASSWORD).code == 0
    tokens = [
        shell("login", "bob", "--print-token", "--password-stdin", stdin=PASSWORD).out.strip()
        for _ in range(3)
    ]
    listed = shell("users", "sessions", "--json").json
    assert {each["account"] for each in listed} == {"ada", "vic", "bob"}
    assert [each["account"] for each in listed if each["current"]] == ["ada"]
    assert set(listed[0]) == {
        "id",
        "account",
        "created_at",
        "last_used_at",
        "expires_at",
        "origin",
        "current",
    }
    said = shell("users", "sessions", "bob")
    assert said.out.count("\n") == 3
    for token in tokens:
        assert token not in said.out
        assert token_hash(token) not in said.out
    shell.set(JOBMON_TOKEN=tokens[0])
    own = shell("users", "sessions", "--json").json
    assert {each["account"] for each in own} == {"bob"}
    other = next(each["id"] for each in own if not each["current"])
    assert shell("users", "revoke", str(other)).code == 0
    assert shell("users", "revoke", str(other)).code == 3  # no longer their own, as far as they may know
    assert shell("users", "sessions", "ada").code == 3
    shell.set(JOBMON_TOKEN=TOKENS["ada"])
    assert shell("users", "revoke", "268435455").code == 4
    assert shell("users", "revoke").code == 2
    assert shell("users", "revoke", "--all", "bob", "--yes", "--json").json == {"ended": 2}
    shell.set(JOBMON_TOKEN=tokens[0])
    gone = shell("whoami")
    assert (gone.code, "it was revoked" in gone.err) == (3, True)


def test_ones_own_password_asks_for_the_old_one(shell: Shell) -> None:
    assert shell("users", "add", "bob", "--role", "Viewer", "--password-stdin", stdin=PASSWORD).code == 0
    token = shell("login", "bob", "--print-token", "--password-stdin", stdin=PASSWORD).out.strip()
    shell.set(JOBMON_TOKEN=token)
    change = ("users", "passwd", "bob", "--password-stdin")
    assert shell(*change, stdin="mango ladder\n").code == 2
    assert shell(*change, stdin="mango ladder\nnot the old one\n").code == 3
    assert shell(*change, stdin=f"password1\n{PASSWORD}\n").code == 2
    assert shell(*change, stdin=f"mango ladder\n{PASSWORD}\n").code == 0
    assert shell("whoami").code == 3
    assert shell("login", "bob", "--print-token", "--password-stdin", stdin="mango ladder\n").code == 0
    # An Administrator sets anybody's, and so their own, in one line.
    shell.set(JOBMON_TOKEN=TOKENS["ada"])
    assert shell("users", "passwd", "ada", "--password-stdin", stdin="mango ladder\n").code == 0


def test_too_many_wrong_passwords_exit_3_and_say_when(shell: Shell) -> None:
    login = ("login", "nobody", "--print-token", "--password-stdin")
    said = [shell(*login, stdin="guess") for _ in range(6)]
    assert {each.code for each in said} == {3}
    assert "Try again in 1 s" in said[-1].err
