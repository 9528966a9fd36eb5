"""The commands on a real database: what they print, how they end, what they refuse."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.audited import token_hash
from jobmon_tui.services.records import StoredOutput
from tests.cli.shell import NOW, TOKENS, Shell

PASSWORD = "correct horse"
SALES = ReportDraft("Sales", "sql", {"source": "sqlite:////x.db", "query": "select 1", "format": "csv"})
EXECUTION_KEYS = {
    *("id", "report", "status", "trigger", "requested_by", "retry_of", "attempt"),
    *("queued_at", "started_at", "finished_at", "duration_ms", "worker", "error", "output_path"),
    *("configuration_id", "configuration_version", "configuration_state"),
}


def _failed(shell: Shell, error: str | None = None) -> int:
    """Queue “Sales” and let it fail, as a worker would."""
    if "Sales" not in {each["name"] for each in shell("reports", "list", "--json").json}:
        shell.write(lambda t: t.add_report(SALES, NOW))
    number = int(shell("run", "Sales", "--json").json["id"])
    raw = sqlite3.connect(shell.path)
    raw.execute("UPDATE job_execution_log SET status = 'Running' WHERE id = ?", (number,))
    raw.execute(
        "UPDATE job_execution_log SET status = 'Failed', finished_at = queued_at, error = ? WHERE id = ?",
        (error, number),
    )
    raw.commit()
    raw.close()
    return number


def test_a_new_database_a_sign_in_and_a_sign_out(bare: Shell) -> None:
    missing = bare("list")
    assert (missing.code, missing.out) == (6, "")
    assert "jobmon init" in missing.err
    assert bare("init", "--admin", "ada", "--password-stdin", stdin="short").code == 2
    assert bare("init", "--admin", "ada", "--password-stdin", stdin=f"{PASSWORD}\n").code == 0
    assert bare("init", "--admin", "eve", "--password-stdin", stdin=f"{PASSWORD}\n").code == 5
    assert (bare.path.stat().st_mode & 0o777) == 0o600
    bare.set(JOBMON_TOKEN="stale")
    exported = bare("login", "ada", "--password-stdin", "--export", stdin=PASSWORD)
    assert exported.out.startswith("export JOBMON_TOKEN=")
    bare.set(JOBMON_TOKEN=exported.out.strip().partition("=")[2])
    assert bare("whoami", "--json").json == {"name": "ada", "role": "Administrator"}
    assert bare("logout").code == 0
    assert bare("whoami").code == 3


def test_login_says_what_to_do_without_a_keyring_before_it_asks(bare: Shell) -> None:
    refused = bare("login", "ada", stdin="")
    assert refused.code == 2
    assert "no keyring" in refused.err
    assert "--export" in refused.err


def test_a_wrong_password_and_an_unknown_name_look_the_same(shell: Shell) -> None:
    answers = {
        shell("login", name, "--password-stdin", "--print-token", stdin="not this one").err
        for name in ("ada", "nobody", "no\udcffbody")
    }
    assert answers == {"The name or the password is wrong.\n"}
    odd = shell("login", "ada", "--password-stdin", "--print-token", stdin=b"\xff\xfe\n")
    assert (odd.code, odd.err) == (2, "The password on standard input is not UTF-8 text.\n")


@pytest.mark.story("AC-005")
def test_ac_005_a_deleted_configuration_ends_with_5(shell: Shell) -> None:
    number = _failed(shell)
    assert shell("reports", "delete", "Sales", "--yes").code == 0
    refused = shell("retry", str(number), "--json")
    assert refused.code == 5
    assert [(each["ok"], each["code"]) for each in refused.json] == [(False, "configuration_deleted")]
    assert refused.err.startswith("The original configuration could not be found")


def test_lists_and_details_carry_the_fixed_keys(shell: Shell) -> None:
    number = _failed(shell)
    retried = shell("retry", str(number), "--key", "k", "--json").json
    assert retried == [
        {"id": number, "ok": True, "new_id": number + 1, "code": None, "message": retried[0]["message"]}
    ]
    again = shell("retry", str(number), "--key", "k", "--json").json
    assert again[0]["new_id"] == number + 1
    listed = shell("list", "--json").json
    assert [each["id"] for each in listed] == [number + 1, number]
    assert set(listed[0]) == EXECUTION_KEYS
    shown = shell("show", str(number + 1), "--json").json
    assert set(shown) == EXECUTION_KEYS | {
        *("configuration", "error_detail", "lineage", "audit", "waiting", "output", "not_before"),
        *("output_rows", "output_size", "output_sha256"),
    }
    assert shown["waiting"] == "No worker is alive. Start one with: jobmon worker"
    assert shown["output"] == {"head": "", "tail": "", "tail_start": 0, "total": 0}
    assert [each["id"] for each in shown["lineage"]] == [number, number + 1]
    assert shown["queued_at"].endswith("Z")
    (entry,) = [each for each in shown["audit"] if each["action"] == "Job Retry"]
    assert set(entry) == {
        *("id", "at", "actor", "role", "action", "outcome", "code", "execution_id", "new_execution_id"),
        *("origin", "details", "known", "hash"),
    }
    assert shell("cancel", str(number + 1), str(number), "--json").code == 5
    assert [each["status"] for each in shell("list", "--json").json] == ["Cancelled", "Failed"]


def test_list_narrows(shell: Shell) -> None:
    number = _failed(shell, "no such table: Umsätze (100 %)")
    shell("retry", str(number))

    def ids(*flags: str) -> list[int]:
        return [each["id"] for each in shell("list", "--json", *flags).json]

    assert ids("--status", "Failed") == [number]
    assert ids("--status", "Failed", "--status", "Queued") == [number + 1, number]
    assert ids("--report", "Sales", "--limit", "1") == [number + 1]
    assert ids("--before", str(number + 1)) == [number]
    assert ids("--search", "sAl") == [number + 1, number]
    assert ids("--search", "\udcff") == []
    assert ids("--by", "ADA") == [number + 1, number]
    assert ids("--by", "nobody") == ids("--by", "a") == []
    assert ids("--error", "UMSÄTZE") == ids("--error", "100 %", "--by", "ada") == [number]
    assert ids("--error", "1_0") == ids("--error", "table", "--status", "Queued") == []
    assert ids("--since", "1h") == ids("--since", "today") == [number + 1, number]
    assert ids("--since", "2999-01-01T00:00:00Z") == []
    assert shell("list", "--since", "yesterdayish").code == 2
    assert shell("list", "--status", "Lost").code == 2


@pytest.mark.parametrize("number", ["0", "99", str(2**63), str(10**30)])
@pytest.mark.parametrize("command", ["show", "output", "retry", "cancel"])
def test_unknown_ids_end_with_4(shell: Shell, command: str, number: str) -> None:
    refused = shell(command, number)
    assert (refused.code, refused.out) == (4, "")
    assert refused.err == f"There is no execution #{number}.\n"


def test_a_viewer_looks_and_changes_nothing(shell: Shell) -> None:
    number = _failed(shell)
    shell.set(JOBMON_TOKEN=TOKENS["vic"])
    for looking in (("list",), ("show", str(number)), ("reports", "list"), ("audit", "list"), ("whoami",)):
        assert shell(*looking).code == 0
    for changing in (
        ("retry", str(number)),
        ("cancel", str(number)),
        ("run", "Sales"),
        ("reports", "delete", "Sales", "--yes"),
        ("reports", "edit", "Sales", "--timeout", "5m"),
        ("reports", "add", "New", "--", "true"),
        ("users", "list"),
        ("users", "role", "vic", "Administrator"),
        ("users", "disable", "ada", "--yes"),
    ):
        refused = shell(*changing)
        assert (refused.code, refused.out) == (3, ""), changing
        assert refused.err.count("\n") == 1
    assert [each["id"] for each in shell("list", "--json").json] == [number]


def test_output_names_what_is_missing_and_steers_no_terminal(shell: Shell) -> None:
    number = _failed(shell)
    raw = sqlite3.connect(shell.path)
    add = "INSERT INTO execution_output (execution_id, part, start, total, body) VALUES (?, ?, ?, ?, ?)"
    raw.execute(add, (number, "head", 0, 1_000, "start \x1b[31mred\n"))
    raw.execute(add, (number, "tail", 991, 1_000, "the end.\n"))
    raw.commit()
    raw.close()
    kept = StoredOutput("start \x1b[31mred\n", "the end.\n", 991, 1_000)
    printed = shell("output", str(number))
    missing = kept.tail_start - len(kept.head)
    assert printed.out == f"start \ufffd[31mred\n[… {missing} bytes are not kept …]\nthe end.\n"
    assert shell("output", str(number), "--follow").out == printed.out
    assert shell("output", str(number), "--json").json == {
        "head": kept.head, "tail": kept.tail, "tail_start": 991, "total": 1_000
    }  # fmt: skip


def test_accounts_by_command(shell: Shell) -> None:
    add = ("users", "add", "bob", "--role", "Viewer", "--password-stdin")
    assert shell(*add, stdin="short").code == 2
    assert shell(*add, stdin=PASSWORD).code == 0
    assert shell(*add, stdin=PASSWORD).code == 5
    assert shell("users", "role", "bob", "Administrator").code == 0
    assert shell("users", "disable", "bob").code == 2
    assert shell("users", "disable", "bob", "--yes").code == 0
    assert shell("users", "disable", "ada", "--yes").code == 5
    assert shell("users", "role", "ada", "Viewer").code == 5
    assert shell("users", "enable", "bob").code == 0
    assert shell("users", "passwd", "bob", "--password-stdin", stdin="another horse").code == 0
    assert shell("users", "passwd", "nobody", "--password-stdin", stdin=PASSWORD).code == 4
    assert shell("users", "role", "bob", "King").code == 2
    listed = shell("users", "list", "--json").json
    assert [(each["name"], each["role"], each["disabled"]) for each in listed] == [
        ("ada", "Administrator", False),
        ("bob", "Administrator", False),
        ("vic", "Viewer", False),
    ]
    assert "password_hash" not in json.dumps(listed)


def test_the_audit_log_by_command_and_a_broken_chain(shell: Shell) -> None:
    _failed(shell)
    assert shell("retry", "1").code == 0
    whole = shell("audit", "verify", "--json").json
    assert (whole["ok"], whole["entries"], whole["problem"]) == (True, 2, None)
    assert f"Head: 2 {whole['head']}" in shell("audit", "verify").out
    assert shell("db", "check").code == 0
    raw = sqlite3.connect(shell.path)
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f'DROP TRIGGER "{name}"')
    raw.execute("UPDATE audit_log SET actor = 'eve' WHERE id = 1")
    raw.commit()
    raw.close()
    broken = shell("audit", "verify", "--json")
    assert (broken.code, broken.json["first_bad"]) == (5, 1)
    assert "breaks at entry 1: what it says does not fit its hash" in shell("audit", "verify").err
    checked = shell("db", "check", "--json")
    assert (checked.code, checked.json["audit_first_bad"], checked.json["problems"]) == (5, 1, [])


def test_an_expired_session_is_told(shell: Shell) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    shell.write(lambda t: t.add_session("ada", token_hash("old"), past, past))
    shell.set(JOBMON_TOKEN="old")
    assert shell("list").code == 3
    shell.set(JOBMON_TOKEN=None)
    assert shell("list").code == 3


def test_help_teaches_every_command() -> None:
    from typer.main import get_command

    from jobmon_tui.cli.app import app

    def walk(command: object, path: str) -> list[tuple[str, object]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            return [(path, command)]
        return [found for name, each in inner.items() for found in walk(each, f"{path} {name}")]

    leaves = walk(get_command(app), "jobmon")
    assert len(leaves) >= 30
    for path, command in leaves:
        help_text = str(getattr(command, "help", ""))
        assert f"{path}" in help_text, f"{path} teaches no example"


def test_the_schema_by_command(shell: Shell) -> None:
    current = shell("db", "current", "--json").json
    assert current == {"path": str(shell.path), "schema": current["newest"], "newest": current["newest"]}
    assert shell("db", "upgrade").code == 0
    raw = sqlite3.connect(shell.path)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    before = Path(shell.path).read_bytes()
    for command in (("db", "upgrade"), ("db", "check"), ("list",)):
        assert shell(*command).code == 6
    assert Path(shell.path).read_bytes() == before
