"""The `reports` commands on a real database, with good and with hostile input."""

from pathlib import Path

import pytest

from tests.cli.shell import TOKENS, Shell

FILE = """\
[[report]]
name = "Sales"
runner = "sql"
schedule = "0 6 * * *"
timeout = "10m"
[report.parameters]
source = "sqlite:///shop.db"
query = "select 1"
"""


def _import(shell: Shell, text: str, *flags: str) -> None:
    (shell.folder / "reports.toml").write_text(text, encoding="utf-8")
    done = shell("reports", "import", "reports.toml", *flags)
    assert done.code == 0, done.err


def test_import_export_and_import_again(shell: Shell) -> None:
    _import(shell, FILE)
    (sales,) = shell("reports", "list", "--json").json
    assert (sales["name"], sales["version"], sales["timeout"]) == ("Sales", 1, 600.0)
    assert sales["parameters"]["source"] == f"sqlite:///{shell.folder}/shop.db"
    exported = shell("reports", "export")
    (shell.folder / "again.toml").write_text(exported.out, encoding="utf-8")
    again = shell("reports", "import", "again.toml", "--json")
    assert again.json == [{"name": "Sales", "outcome": "unchanged"}]
    _import(shell, FILE.replace("10m", "11m"))
    assert shell("reports", "show", "Sales", "--json").json["version"] == 2
    assert shell("reports", "export", "Nothing").code == 4


def test_a_bad_file_imports_nothing(shell: Shell) -> None:
    (shell.folder / "bad.toml").write_text(FILE + FILE.replace("Sales", "B").replace("0 6 * * *", "bad"))
    refused = shell("reports", "import", "bad.toml", "--json")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("bad.toml:12: schedule: ")
    assert shell("reports", "list", "--json").json == []


def test_add_and_edit_by_flags_change_only_what_is_given(shell: Shell) -> None:
    added = shell(
        *("reports", "add", "Sales", "--source", "sqlite:///shop.db", "--query", "select 1"),
        *("--format", "jsonl", "--schedule", "0 6 * * *", "--timezone", "Europe/Berlin", "--timeout", "10m"),
        "--json",
    ).json
    assert added["runner"] == "sql"
    assert added["parameters"] == {
        "source": f"sqlite:///{shell.folder}/shop.db",
        "query": "select 1",
        "format": "jsonl",
    }
    edited = shell("reports", "edit", "Sales", "--timeout", "", "--format", "csv", "--json").json
    assert edited["timeout"] is None
    assert edited["parameters"] == {**added["parameters"], "format": "csv"}
    assert (edited["schedule"], edited["timezone"]) == ("0 6 * * *", "Europe/Berlin")
    same = shell("reports", "edit", "Sales", "--format", "csv")
    assert "says that already" in same.out
    renamed = shell("reports", "edit", "Sales", "--rename", "Shop", "--schedule", "", "--json").json
    assert (renamed["id"], renamed["name"], renamed["schedule"]) == (added["id"], "Shop", None)
    assert shell("reports", "show", "Sales").code == 4


def test_add_a_command(shell: Shell) -> None:
    added = shell(
        *("reports", "add", "Backup", "--env", "A=b=c", "--timeout", "45s", "--json"),
        *("--", "./backup.sh", "--all", "data/x"),
    ).json
    assert added["parameters"] == {
        "command": [f"{shell.folder}/backup.sh", "--all", "data/x"],
        "directory": str(shell.folder),
        "environment": {"A": "b=c"},
    }


def test_add_from_a_file(shell: Shell) -> None:
    (shell.folder / "one.toml").write_text(FILE)
    assert shell("reports", "add", "--file", "one.toml").code == 0
    assert shell("reports", "add", "--file", "one.toml").code == 5
    assert shell("reports", "add", "Other", "--file", "one.toml", "--json").json["name"] == "Other"
    assert shell("reports", "add", "--file", "one.toml", "--timeout", "5m").code == 2
    (shell.folder / "two.toml").write_text(FILE + FILE.replace("Sales", "Two"))
    assert "import" in shell("reports", "add", "--file", "two.toml").err


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--runner", "spl"), "runner"),
        (("--query", "select 1"), "source"),
        (("--source", "sqlite:///x", "--query", "select 1", "--format", "pdf"), "format"),
        (("--source", "sqlite:///x", "--query", "select 1", "--timeout", "soon"), "--timeout"),
        (("--source", "sqlite:///x", "--query", "select 1", "--schedule", "* *"), "schedule"),
        (("--source", "sqlite:///x", "--query", "select \udcff"), "parameters"),
        (("--source", "postgresql://u:secret@h/d", "--query", "select 1"), "source"),
        (("--env", "novalue", "--", "true"), "--env"),
        (("--query", "select 1", "--", "true"), "query"),
        (("--misfire", "twice", "--", "true"), "misfire"),
        (("--on-lost", "retry", "--", "true"), "on_lost"),
        (("--max-retries", "101", "--", "true"), "max_retries"),
        (("--retry-delay", "soon", "--", "true"), "--retry-delay"),
        (("--retry-delay", "", "--", "true"), "--retry-delay"),
    ],
)
def test_bad_flags_end_with_2_and_one_line(shell: Shell, flags: tuple[str, ...], word: str) -> None:
    refused = shell("reports", "add", "X", *flags)
    assert (refused.code, refused.out) == (2, "")
    assert word in refused.err
    assert refused.err.count("\n") == 1
    assert "secret" not in refused.err
    assert shell("reports", "list", "--json").json == []


@pytest.mark.parametrize(
    "name",
    [
        "[red]x[/]",
        "[@click=app.quit]x[/]",
        "a\x1b]0;t\x07",
        "\u202etxt",
        "x" * 10_000,
        "\udcff\udcfe",
        "a\nb",
    ],
)
def test_hostile_names_go_the_whole_way_and_steer_no_terminal(shell: Shell, name: str) -> None:
    assert shell("reports", "add", name, "--", "true").code == 0
    answers = [
        shell("run", name),
        shell("list"),
        shell("show", "1"),
        shell("reports", "list"),
        shell("reports", "show", name),
        shell("audit", "list"),
        shell("cancel", "1"),
        shell("reports", "export"),
        shell("reports", "delete", name, "--yes"),
    ]
    for answer in answers:
        assert answer.code == 0, answer.err
        assert not set(answer.out) & set("\x1b\x07\u202e\udcff")
    assert len(shell("list", "--json").json[0]["report"]) <= 200


def test_delete_asks_or_needs_yes(shell: Shell) -> None:
    _import(shell, FILE)
    refused = shell("reports", "delete", "Sales")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert len(shell("reports", "list", "--json").json) == 1
    assert shell("reports", "delete", "Sales", "--yes").code == 0
    assert shell("reports", "delete", "Sales", "--yes").code == 4


def test_the_shown_report_is_a_report_file(shell: Shell, tmp_path: Path) -> None:
    _import(shell, FILE)
    (tmp_path / "shown.toml").write_text(shell("reports", "show", "Sales").out)
    assert shell("reports", "import", "shown.toml", "--json").json[0]["outcome"] == "unchanged"


POLICIES = (
    "--misfire=skip", "--overlap", "--max-concurrent=2", "--max-retries=3", "--retry-delay=90s",
    "--on-lost=requeue",
)  # fmt: skip


def test_policies_are_set_changed_and_taken_back_by_flags(shell: Shell) -> None:
    wanted = {
        "misfire": "skip",
        "overlap": True,
        "max_concurrent": 2,
        "max_retries": 3,
        "retry_delay": 90.0,
        "on_lost": "requeue",
    }
    added = shell("reports", "add", "Backup", *POLICIES, "--json", "--", "true").json
    assert {key: added[key] for key in wanted} == wanted
    # What is not named stays.
    edited = shell("reports", "edit", "Backup", "--no-overlap", "--max-concurrent", "0", "--json").json
    assert {key: edited[key] for key in wanted} == {**wanted, "overlap": False, "max_concurrent": None}
    (shell.folder / "again.toml").write_text(shell("reports", "export").out, encoding="utf-8")
    assert shell("reports", "import", "again.toml", "--json").json[0]["outcome"] == "unchanged"
    assert shell("reports", "add", "X", "--file", "again.toml", "--max-retries", "1").code == 2
    details = shell("audit", "list", "--json").json[0]["details"]
    assert details == "changed “Backup”: overlap, max_concurrent"


def test_pausing_is_no_edit_and_shows_everywhere(shell: Shell) -> None:
    _import(shell, FILE)
    (listed,) = shell("reports", "list", "--json").json
    assert (listed["paused"], listed["last_status"], listed["last_skip"]) == (False, None, None)
    assert listed["next_due"].endswith("T06:00:00.000000Z")
    paused = shell("reports", "pause", "Sales", "--json").json
    assert (paused["paused"], paused["version"]) == (True, 1)
    (listed,) = shell("reports", "list", "--json").json
    assert (listed["paused"], listed["next_due"]) == (True, None)
    assert " paused " in shell("reports", "list").out
    assert "# paused: its schedule fires nothing" in shell("reports", "show", "Sales").out
    _import(shell, FILE.replace("10m", "11m"))
    assert shell("reports", "show", "Sales", "--json").json["paused"] is True
    assert shell("run", "Sales").code == 0
    assert shell("reports", "show", "Sales", "--json").json["last_status"] == "Queued"
    assert shell("reports", "resume", "Sales").out == "“Sales” goes on with its schedule.\n"
    assert shell("reports", "pause", "Nothing").code == 4
    shell.set(JOBMON_TOKEN=TOKENS["vic"])
    assert shell("reports", "pause", "Sales").code == 3
    assert shell("reports", "list", "--json").json[0]["paused"] is False
