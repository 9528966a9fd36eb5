"""The commands through a server: a real one, and the database is out of their reach."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import Shell

FILE = """
[[report]]
name = "Night"
runner = "command"
[report.parameters]
command = ["true"]
"""


@pytest.fixture
def far(shell: Shell) -> Iterator[Shell]:
    """A shell whose commands go to a server of its database, which runs no reports."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "api.sock"
        command = [sys.executable, "-m", "jobmon_tui", "serve", "--socket", str(path), "--no-scheduler"]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            said = server.stderr.readline()
            assert said == f"Serving on unix://{path}. Stop it with Ctrl+C.\n"
            shell.set(JOBMON_DATABASE_URL=None, JOBMON_SERVER=f"unix://{path}")
            yield shell
        finally:
            server.terminate()
            assert server.wait(20) == 0
            assert server.stderr.read() == "The server has stopped.\n"
            server.stderr.close()
    assert not (shell.folder / ".local").exists(), "no database was made where one would be"


def test_every_verb_goes_through_the_server(far: Shell) -> None:
    assert far("whoami", "--json").json == {"name": "ada", "role": "Administrator"}
    (far.folder / "r.toml").write_text(FILE)
    assert far("reports", "import", "r.toml").code == 0
    assert far("reports", "add", "Two", "--", "true").code == 0
    assert [each["name"] for each in far("reports", "list", "--json").json] == ["Night", "Two"]
    queued = far("run", "Night", "--json").json
    assert (queued["id"], queued["status"], queued["requested_by"]) == (1, "Queued", "ada")
    assert far("list", "--status", "Queued", "--json").json == [queued]
    assert far("show", "1", "--json").json["configuration"]["name"] == "Night"
    assert far("output", "1").code == 0
    (answer,) = far("retry", "1", "--json").json
    assert (answer["ok"], answer["code"]) == (False, "not_retryable")
    assert far("retry", "99").code == 4
    assert far("cancel", "1").out.startswith("#1 ")
    assert far("cancel", "1").code == 5
    assert far("reports", "pause", "Night").code == 0
    assert far("reports", "export").out.count("[[report]]") == 2
    assert far("reports", "delete", "Two", "--yes").code == 0
    assert (
        far("users", "add", "bob", "--role", "Viewer", "--password-stdin", stdin="quite a long one\n").code
        == 0
    )
    token = far("login", "bob", "--print-token", "--password-stdin", stdin="quite a long one\n").out.strip()
    assert [each["action"] for each in far("audit", "list", "--limit", "1", "--json").json] == ["Sign In"]
    assert far("audit", "verify").code == 0
    assert far("workers", "--json").json == []
    healthy = {each["what"]: each["grade"] for each in far("doctor", "--json").json}
    assert (healthy["server"], healthy["session"]) == ("ok", "ok")
    far.set(JOBMON_TOKEN=token)
    assert far("whoami", "--json").json["name"] == "bob"
    assert far("run", "Night").code == 3
    assert far("logout").code == 0
    assert far("whoami").code == 3
    ended = {each["what"]: each["text"] for each in far("doctor", "--json").json}
    assert ended["session"] == "the session has ended"
    assert far("login", "bob", "--print-token", "--password-stdin", stdin="another one\n").code == 3


def test_what_works_on_the_database_itself_says_so(shell: Shell) -> None:
    server = ("--server", "unix:///nowhere/api.sock")
    for command in (["init", "--admin", "x"], ["db", "check"], ["worker"], ["serve"]):
        answer = shell(*server, *command)
        assert (answer.code, answer.err) == (
            2,
            f"“{command[0]}” works on the database itself; leave --server out.\n",
        )
    assert shell(*server, "--database", f"sqlite:///{shell.path}", "list").code == 2
    gone = shell(*server, "list")
    assert (gone.code, gone.err) == (6, "The server api.sock cannot be reached.\n")
    sick = {each["what"]: each for each in shell(*server, "doctor", "--json").json}
    assert sick["server"]["grade"] == "bad"
    assert "database" not in sick
    bad = shell("--server", "https://u:secret@host", "list")
    assert bad.code == 2
    assert "secret" not in bad.err
    shell.set(JOBMON_SERVER=server[1])
    assert shell("list").code == 6
    assert shell("--database", f"sqlite:///{shell.path}", "list").code == 0, "a flag is nearer than a setting"
