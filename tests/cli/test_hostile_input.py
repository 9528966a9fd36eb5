"""What a hostile or unlucky user writes: into files, as ids, as keys, as names."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.cli.shell import TOKENS, Shell
from tests.conformance.world import queue_one

HEAD = '[[report]]\nname = "One"\nrunner = "command"\n'
BODY = '[report.parameters]\ncommand = ["true"]\n'
BEYOND = str(2**63)


def test_the_mark_of_some_editors_before_a_file_is_passed_over(shell: Shell) -> None:
    Path("bom.toml").write_bytes(b"\xef\xbb\xbf" + (HEAD + BODY).replace("\n", "\r\n").encode())
    assert shell("reports", "import", "bom.toml", "--json").json == [{"name": "One", "outcome": "added"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"x = {'9' * 5000}\n", "digits.toml:2: this is not TOML: Exceeds the limit"),
        (f"{HEAD}timeout = {'9' * 400}\n{BODY}", "digits.toml:4: timeout: it is longer than a year"),
        (f"{HEAD}timeout = 1e300\n{BODY}", "digits.toml:4: timeout: it is longer than a year"),
        (f"{HEAD}priority = {'9' * 400}\n{BODY}", "digits.toml:4: priority: must be a whole number"),
    ],
)
def test_numbers_beyond_all_measure_are_named(shell: Shell, text: str, said: str) -> None:
    Path("digits.toml").write_text(text)
    refused = shell("reports", "import", "digits.toml")
    assert (refused.code, refused.err[: len(said)]) == (2, said)
    assert refused.err.count("\n") == 1


def test_a_file_without_end_is_refused(shell: Shell) -> None:
    refused = shell("reports", "import", "/dev/zero")
    assert (refused.code, "larger than" in refused.err) == (2, True), refused


def test_a_configuration_that_each_execution_would_copy_has_a_limit(shell: Shell) -> None:
    big = f'{HEAD}{BODY}environment = {{ A = "{"x" * 2**20}" }}\n'
    Path("big.toml").write_text(big)
    refused = shell("reports", "import", "big.toml")
    assert (refused.code, "1 MiB" in refused.err) == (2, True), refused.err[:200]
    assert shell("reports", "list", "--json").json == []
    Path("big.toml").write_text(big.replace("x" * 2**20, "x" * 1_000_000))
    assert shell("reports", "import", "big.toml").code == 0


@pytest.mark.parametrize("number", [BEYOND, "99999999999999999999", "0"])
def test_an_id_that_no_database_holds_is_not_found(shell: Shell, number: str) -> None:
    for command in ("show", "output", "retry", "cancel"):
        assert shell(command, number).code == 4, command
    (answer,) = shell("retry", number, "--json").json
    assert (answer["id"], answer["code"]) == (int(number), "execution_not_found")
    shell.set(JOBMON_TOKEN=TOKENS["vic"])
    for command in ("retry", "cancel"):
        assert shell(command, number).code == 3, command
    assert shell("audit", "list", "--limit", "1", "--json").json[0]["code"] == "not_permitted"
    shell.set(JOBMON_TOKEN="guess")
    assert shell("retry", number).code == 3


def test_a_viewer_who_edits_what_is_not_there_is_refused_for_being_a_viewer(shell: Shell) -> None:
    assert shell("reports", "edit", "None", "--priority", "1").code == 4
    shell.set(JOBMON_TOKEN=TOKENS["vic"])
    assert shell("reports", "edit", "None", "--priority", "1").code == 3
    (entry,) = shell("audit", "list", "--limit", "1", "--json").json
    assert (entry["actor"], entry["outcome"], entry["code"]) == ("vic", "refused", "not_permitted")


def _failed(shell: Shell) -> int:
    number = shell.write(queue_one)

    def fail(transaction: object) -> None:
        connection = transaction._connection  # type: ignore[attr-defined]
        for status in ("Running", "Failed"):
            connection.execute(text("UPDATE job_execution_log SET status = :now"), {"now": status})

    shell.write(fail)
    return number


@pytest.mark.parametrize("key", ["", " ", "a\nb", "a  b", "k" * 201, "\x1b[31m"])
def test_a_key_that_would_have_to_be_changed_is_refused(shell: Shell, key: str) -> None:
    number = str(_failed(shell))
    refused = shell("retry", number, "--key", key, "--json")
    assert (refused.code, refused.json[0]["code"]) == (2, "invalid_input")
    assert shell("list", "--status", "Queued", "--json").json == []
    assert shell("retry", number, "--key", "k" * 200).code == 0


@pytest.mark.parametrize(
    ("name", "argument"),
    [("-x", "-- -x"), ("it's", "'it'\"'\"'s'"), ("plain", "plain"), ("$(reboot)", "'$(reboot)'")],
)
def test_the_command_that_is_offered_can_be_pasted(shell: Shell, name: str, argument: str) -> None:
    added = shell("reports", "add", "--", name, "true")
    assert added.code == 0
    assert added.out.endswith(f"Run it now with: jobmon run {argument}\n")


def test_the_log_and_the_folders_above_it_are_private(
    bare: Shell, monkeypatch: pytest.MonkeyPatch, no_umask: Callable[[], None]
) -> None:
    from jobmon_tui.log_file import write_log

    monkeypatch.setenv("XDG_STATE_HOME", str(bare.folder / "a" / "b"))
    no_umask()
    path = write_log("x")
    assert path is not None
    made = [path, *[each for each in path.parents if bare.folder in each.parents]]
    assert [oct(each.stat().st_mode & 0o777) for each in made] == ["0o600", *["0o700"] * (len(made) - 1)]
    assert len(made) > 3


@pytest.mark.skipif(sys.platform != "linux", reason="arguments of any bytes are Linux's")
def test_a_name_of_broken_bytes_is_kept_as_something_that_can_be_shown(shell: Shell) -> None:
    assert shell("reports", "add", "a\udcffb\u202e\x1b]0;x\x07" + "y" * 10_000, "--", "true").code == 0
    (report,) = shell("reports", "list", "--json").json
    assert report["name"].startswith("a\ufffdb\ufffd\ufffd]0;x\ufffd")
    assert len(report["name"]) == 200
    assert shell("run", report["name"]).code == 0


def test_a_password_without_end_is_refused(bare: Shell) -> None:
    for password, code in (("x" * 4096 + "\r\n", 0), ("x" * 4097, 2), ("ü" * 4096, 2)):
        told = bare("init", "--admin", "ada", "--password-stdin", stdin=password)
        assert told.code in {code, 5}, told
        assert ("longer than" in told.err) == (code == 2)


@pytest.mark.parametrize("group", [(), ("reports",), ("users",), ("audit",), ("db",), ("config",)])
def test_the_help_of_every_group_teaches_with_commands(bare: Shell, group: tuple[str, ...]) -> None:
    assert f"\n    jobmon {' '.join(group)}" in bare(*group, "--help").out


def test_a_setting_that_is_no_number_is_a_sentence(bare: Shell) -> None:
    bare.set(JOBMON_CONCURRENCY="many")
    assert bare("config", "show").err.startswith("JOBMON_CONCURRENCY: must be a valid integer")
