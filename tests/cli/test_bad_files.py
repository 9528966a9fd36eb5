"""Databases, URLs and settings that cannot be used: one line, the right exit code, nothing lost."""

import sqlite3
from collections.abc import Callable

import keyring
import pytest
from keyring.backend import KeyringBackend

from tests.cli.shell import Shell


def _truncate(shell: Shell) -> None:
    body = shell.path.read_bytes()
    shell.path.write_bytes(body[: len(body) // 2])


def _overwrite(shell: Shell) -> None:
    body = bytearray(shell.path.read_bytes())
    body[4096 : 4096 * 12] = b"\xa5" * (4096 * 11)
    shell.path.write_bytes(body)


def _text(shell: Shell) -> None:
    shell.path.write_text("this is no database, but a letter to somebody\n" * 40)


def _folder(shell: Shell) -> None:
    shell.path.unlink()
    shell.path.mkdir()


def _foreign(shell: Shell) -> None:
    shell.path.unlink()
    raw = sqlite3.connect(shell.path)
    raw.execute("CREATE TABLE report_configuration (mine TEXT)")
    raw.commit()
    raw.close()


@pytest.mark.parametrize("spoil", [_truncate, _overwrite, _text, _folder, _foreign])
def test_a_damaged_database_is_one_line_and_exit_6(shell: Shell, spoil: Callable[[Shell], None]) -> None:
    shell("whoami")
    with sqlite3.connect(shell.path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    for suffix in ("-wal", "-shm"):
        shell.path.with_name(shell.path.name + suffix).unlink(missing_ok=True)
    spoil(shell)
    before = shell.path.read_bytes() if shell.path.is_file() else b""
    for command in (("list",), ("db", "check"), ("doctor",), ("db", "upgrade")):
        refused = shell(*command)
        assert refused.code == 6, (command, refused)
        if command == ("list",):
            assert refused.out == ""
            assert refused.err.count("\n") == 1
    assert (shell.path.read_bytes() if shell.path.is_file() else b"") == before


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql://u:hunter2@h:port/d", "sqlite://", "mysql://u:hunter2@h/d"]
)
def test_malformed_urls(shell: Shell, url: str) -> None:
    for flags, variable in (((), url), (("--database", url), None)):
        shell.set(JOBMON_DATABASE_URL=variable)
        for command in (("list",), ("db", "check"), ("doctor",), ("config", "show"), ("worker",)):
            refused = shell(*flags, *command)
            assert refused.code in ({6} if command == ("doctor",) else {2}), command
            assert "hunter2" not in refused.out + refused.err


def test_the_database_flag_wins(shell: Shell) -> None:
    shell.set(JOBMON_DATABASE_URL="nonsense")
    assert shell("--database", f"sqlite:///{shell.path}", "list").code == 0
    shown = shell("--database", f"sqlite:///{shell.path}", "config", "show", "--json").json
    assert shown["database_url"] == {"value": f"sqlite:///{shell.path}", "from": "--database"}
    assert shown["token"] == {"value": "********", "from": "JOBMON_TOKEN"}


def test_a_mistake_in_the_settings_is_one_line(shell: Shell) -> None:
    (shell.folder / "mine.toml").write_text("# mine\nconcurency = 3\n")
    shell.set(JOBMON_CONFIG=str(shell.folder / "mine.toml"))
    refused = shell("list", "--json")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == 'mine.toml:2: unknown key "concurency"; did you mean "concurrency"?\n'
    doctor = shell("doctor", "--json")
    assert doctor.code == 2
    assert [each["grade"] for each in doctor.json if each["what"] == "settings"] == ["bad"]


def test_doctor_on_a_healthy_machine_says_how_to_mend_the_rest(shell: Shell) -> None:
    healthy = shell("doctor", "--json")
    assert healthy.code == 0
    findings = {each["what"]: each for each in healthy.json}
    assert findings["database"]["grade"] == findings["database rights"]["grade"] == "ok"
    assert findings["worker"]["mend"] == "Start one with: jobmon worker"
    assert all(each["mend"] for each in healthy.json if each["grade"] != "ok")
    shell.path.chmod(0o644)
    shell.set(LC_ALL="C")
    warned = {each["what"]: each["grade"] for each in shell("doctor", "--json").json}
    assert warned["database rights"] == "warn"
    shell.path.unlink()
    missing = shell("doctor")
    assert missing.code == 6
    assert "jobmon init" in missing.out


class _Kept(KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[username]


_Kept.__module__ = "keyring.backends.SecretService"


def test_login_keeps_the_session_in_the_keyring_and_logout_removes_it(bare: Shell) -> None:
    kept = _Kept()
    keyring.set_keyring(kept)
    password = "correct horse"
    assert bare("init", "--admin", "ada", "--password-stdin", stdin=password).code == 0
    bare.set(JOBMON_TOKEN="stale")
    signed_in = bare("login", "ada", "--password-stdin", stdin=password)
    assert signed_in.code == 0, signed_in.err
    (token,) = kept.kept.values()
    assert token not in signed_in.out
    # The environment's comes first; without it the keyring's is used.
    assert bare("whoami").code == 3
    bare.set(JOBMON_TOKEN=None)
    assert bare("whoami", "--json").json["name"] == "ada"
    assert bare("logout").code == 0
    assert kept.kept == {}
    bare.set(JOBMON_TOKEN=token)
    assert bare("whoami").code == 3
