"""The program as processes: its exit codes, its streams, and machines on which something is wrong."""

import ctypes
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.shell import Shell

PASSWORD = "correct horse"
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
SLOW = """\
[[report]]
name = "Slow"
runner = "command"
[report.parameters]
command = ["sh", "-c", "echo begun; sleep 0.5; echo done"]
"""


def _obey_rights() -> None:
    """Give up root's right to pass over rights, where the tests run as root; takes effect at the exec."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def _jobmon(
    *arguments: str, stdin: str = "", plain_user: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jobmon_tui", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
        preexec_fn=_obey_rights if plain_user else None,
    )


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_from_nothing_to_a_report_that_ran(bare: Shell) -> None:
    assert _jobmon("init", "--admin", "ada", "--password-stdin", stdin=PASSWORD).returncode == 0
    token = _jobmon("login", "ada", "--password-stdin", "--print-token", stdin=PASSWORD).stdout
    assert token.count("\n") == 1
    bare.set(JOBMON_TOKEN=token.strip())
    (bare.folder / "slow.toml").write_text(SLOW)
    imported = _jobmon("reports", "import", "slow.toml", "--json")
    assert json.loads(imported.stdout) == [{"name": "Slow", "outcome": "added"}]
    worker = subprocess.Popen(
        [sys.executable, "-m", "jobmon_tui", "worker"], stderr=subprocess.PIPE, text=True
    )
    try:
        number = json.loads(_jobmon("run", "Slow", "--json").stdout)["id"]
        followed = _jobmon("output", str(number), "--follow")
        assert followed.stdout == "begun\ndone\n"
        shown = json.loads(_jobmon("show", str(number), "--json").stdout)
        assert (shown["status"], shown["output"]["head"]) == ("Succeeded", "begun\ndone\n")
    finally:
        worker.send_signal(signal.SIGTERM)
        _out, said = worker.communicate(timeout=30)
    assert worker.returncode == 0, said


def test_without_a_terminal_the_dashboard_is_refused(bare: Shell) -> None:
    for arguments in ((), ("--scheduler", "off"), ("demo",)):
        refused = _jobmon(*arguments)
        assert (refused.returncode, refused.stdout) == (2, ""), arguments
        assert refused.stderr.count("\n") == 1
    assert "auto, on, off" in _jobmon("--scheduler=sometimes").stderr
    # Once more by the long way, where Typer reads the flags.
    assert _jobmon("--database", f"sqlite:///{bare.path}").stderr.startswith("The dashboard needs a terminal")


def test_the_way_to_the_dashboard_imports_nothing_heavy() -> None:
    code = (
        "import os, sys; sys.stdin.isatty = sys.stdout.isatty = lambda: True\n"
        "os.environ['TERM'] = 'xterm'\n"
        "import jobmon_tui.cli.dashboard as dashboard\n"
        "dashboard.open_dashboard = lambda *_flags, **_more: 7\n"
        "from jobmon_tui.cli.way_in import enter\n"
        "code = enter([])\n"
        "heavy = {'typer', 'pydantic', 'pydantic_settings', 'sqlalchemy', 'sqlmodel', 'keyring', 'alembic'}\n"
        "sys.stderr.write(repr((code, sorted(heavy & set(sys.modules)))))\n"
    )
    assert _python(code).stderr == "(7, [])"


def test_something_unforeseen_is_one_line_and_a_log_file(bare: Shell) -> None:
    code = (
        "from jobmon_tui.cli import health\n"
        "def broken(): raise ZeroDivisionError('the details')\n"
        "health.python = broken\n"
        "from jobmon_tui.cli.way_in import enter\n"
        "enter(['doctor', '--json'])\n"
    )
    ended = _python(code)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "Traceback" not in ended.stderr
    log = bare.folder / "state" / "jobmon-tui" / "log" / "jobmon.log"
    assert str(log) in ended.stderr
    assert "ZeroDivisionError: the details" in log.read_text()
    assert (log.stat().st_mode & 0o777, log.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_usage_errors_end_with_2_and_a_closed_pipe_is_quiet(shell: Shell) -> None:
    for arguments in (("nonsense",), ("show", "x"), ("list", "--limit", "0"), ("retry",)):
        assert _jobmon(*arguments).returncode == 2, arguments
    closed = subprocess.run(
        f"{sys.executable} -m jobmon_tui --help | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert closed.stderr == ""


@pytest.mark.parametrize("command", ["list", "run"])
def test_a_database_that_cannot_be_written(shell: Shell, command: str) -> None:
    sqlite3.connect(shell.path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    shell.path.chmod(0o400)
    shell.folder.chmod(0o500)
    try:
        refused = _jobmon(*((command,) if command == "list" else (command, "Sales")), plain_user=True)
        doctor = _jobmon("doctor", "--json", plain_user=True)
    finally:
        shell.folder.chmod(0o700)
    assert (refused.returncode, refused.stdout) == (6, ""), refused.stderr
    assert refused.stderr.count("\n") == 1
    assert doctor.returncode == 6
    grades = {each["what"]: each["grade"] for each in json.loads(doctor.stdout)}
    assert grades["database rights"] == "bad"


def test_an_output_folder_that_cannot_be_written(shell: Shell) -> None:
    folder = shell.folder / "locked"
    folder.mkdir(mode=0o500)
    ended = _jobmon("doctor", "--json", plain_user=True, JOBMON_OUTPUT_DIR=str(folder / "reports"))
    (finding,) = [each for each in json.loads(ended.stdout) if each["what"] == "output folder"]
    assert (ended.returncode, finding["grade"]) == (6, "bad")
    assert "JOBMON_OUTPUT_DIR" in finding["mend"]
    folder.chmod(0o700)
    assert _jobmon("doctor", plain_user=True, JOBMON_OUTPUT_DIR=str(folder / "reports")).returncode == 0


def test_ctrl_c_ends_a_follower_without_a_traceback(shell: Shell) -> None:
    (shell.folder / "slow.toml").write_text(SLOW)
    assert shell("reports", "import", "slow.toml").code == 0
    number = shell("run", "Slow", "--json").json["id"]
    # No worker is alive: it would follow for ever.
    follower = subprocess.Popen(
        [sys.executable, "-m", "jobmon_tui", "output", str(number), "--follow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1.5)  # wherever it is by then, still importing on a slow machine
    assert follower.poll() is None
    follower.send_signal(signal.SIGINT)
    _out, said = follower.communicate(timeout=20)
    assert "Traceback" not in said
    assert follower.returncode != 0


def test_files_are_private_under_any_umask(bare: Shell, tmp_path: Path) -> None:
    bare.set(JOBMON_DATABASE_URL=f"sqlite:///{tmp_path}/new/folder/jobmon.db")
    before = os.umask(0)
    try:
        assert _jobmon("init", "--admin", "ada", "--password-stdin", stdin=PASSWORD).returncode == 0
    finally:
        os.umask(before)
    made = [tmp_path / "new" / "folder", *(tmp_path / "new" / "folder").iterdir()]
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in made} == {
        path.name: oct(0o700 if path.is_dir() else 0o600) for path in made
    }
