"""A canary goes through twenty-one ways to fail, and is in no output, log, file or list of processes."""

import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.secret_forms import forms
from tests.e2e.faults.size import rounds
from tests.e2e.faults.stage import Stage, sh
from tests.e2e.terminal import Terminal

CANARY = "canary+7f3a/c0ffee"
FORMS = {form for form in forms(CANARY) if len(form) > 8}
GONE = f"postgresql://me:{CANARY.replace('+', '%2B').replace('/', '%2F')}@127.0.0.1:1/db"
CRASH = (
    "from jobmon_tui.cli import health\n"
    "import os\n"
    "def broken():\n"
    "    local = os.environ['JOBMON_TOKEN']\n"
    "    raise ZeroDivisionError('token ' + local)\n"
    "health.python = broken\n"
    "from jobmon_tui.cli.way_in import enter\n"
    "raise SystemExit(enter(['doctor']))\n"
)
SCREEN_CRASH = (
    "import os\n"
    "from jobmon_tui.tui.screens.dashboard import DashboardScreen\n"
    "def broken(self, *_):\n"
    "    local = os.environ['JOBMON_SECRET_OF_MINE']\n"
    "    raise ZeroDivisionError('password=' + local)\n"
    "DashboardScreen.on_screen_resume = broken\n"
    "from jobmon_tui.cli.way_in import enter\n"
    "raise SystemExit(enter(['--scheduler', 'off']))\n"
)


@dataclass(frozen=True)
class Way:
    """One way to fail: what is run, with the canary in it, and how it must end."""

    arguments: tuple[str, ...]
    code: int
    environment: dict[str, str] = field(default_factory=dict)
    typed: str = ""
    prepare: Callable[[Path], object] = lambda folder: None
    limit: int | None = None
    """Bytes that no file may outgrow: a full disk."""


def _config(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "config.toml").write_text(text)


BAD = {"JOBMON_CONFIG": "config.toml", "JOBMON_DATABASE_URL": ""}
TOKEN = {"JOBMON_TOKEN": CANARY}
WAYS = {
    "server gone, password in the URL": Way(("list",), 6, {"JOBMON_DATABASE_URL": GONE}),
    "server gone, PGPASSWORD": Way(
        ("list",), 6, {"JOBMON_DATABASE_URL": "postgresql://me@127.0.0.1:1/db", "PGPASSWORD": CANARY}
    ),
    "server gone, doctor": Way(("doctor",), 6, {"JOBMON_DATABASE_URL": GONE, **TOKEN}),
    "server gone, worker": Way(("worker",), 6, {"JOBMON_DATABASE_URL": GONE}),
    "a URL of nothing": Way(("list",), 2, {"JOBMON_DATABASE_URL": f"postgresqll://me:{CANARY}@host/db"}),
    "a URL with a bad port": Way(("list",), 2, {"JOBMON_DATABASE_URL": f"postgresql://me:{CANARY}@h:x1/db"}),
    "a configuration file that ends too early": Way(
        ("list",), 2, BAD, prepare=_config(f'database_url = "postgresql://me:{CANARY}@host/db\n')
    ),
    "a password in the configuration file": Way(
        ("list",), 2, BAD, prepare=_config(f'database_url = "postgresql://me:{CANARY}@host/db"\n')
    ),
    "settings shown": Way(("config", "show"), 0, {"JOBMON_DATABASE_URL": GONE, **TOKEN}),
    "a wrong password": Way(("login", "ada", "--password-stdin", "--print-token"), 3, typed=CANARY),
    "a password for nobody who is signed in": Way(
        ("users", "add", "bob", "--role", "Viewer", "--password-stdin"), 3, {"JOBMON_TOKEN": ""}, CANARY
    ),
    "a token of nobody": Way(("list",), 3, TOKEN),
    "a corrupt database": Way(
        ("list",), 6, TOKEN, prepare=lambda folder: (folder / "jobmon.db").write_bytes(b"x" * 9000)
    ),
    "a folder for a database": Way(("list",), 6, {**TOKEN, "JOBMON_DATABASE_URL": "sqlite:////tmp"}),
    "a full disk": Way(("login", "ada", "--password-stdin", "--print-token"), 6, typed=CANARY, limit=1),
    "a report file with a password": Way(
        ("reports", "import", "r.toml"),
        2,
        prepare=lambda folder: (folder / "r.toml").write_text(
            '[[report]]\nname = "a"\nrunner = "sql"\n[report.parameters]\nquery = "select 1"\n'
            f'source = "postgresql://me:{CANARY}@host/db"\n'
        ),
    ),
    "a crash in a command": Way(("-c", CRASH), 1, TOKEN),
}
SECRET_WAYS = (
    "a report that prints it and fails",
    "a report whose source is not there",
    "SIGTERM while it runs",
)
assert len(WAYS) + len(SECRET_WAYS) + 1 == 21


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    reports = [
        sh("prints", 'echo "$PASS"; echo "$PASS" | base64 >&2; exit 3'),
        ReportDraft("source", "sql", {"source": "sqlite:////nowhere/${env:MINE}.db", "query": "select 1"}),
        sh("waits", 'echo "$PASS"; exec sleep 60'),
    ]
    for report in reports:
        if report.runner == "command":
            report.parameters["environment"] = {"PASS": "${env:MINE}"}  # type: ignore[index]
            report.parameters["directory"] = str(tmp_path)  # type: ignore[index]
    yield Stage(tmp_path, reports, JOBMON_LOG_FILE=str(tmp_path / "log"))


def _leaks(data: bytes) -> bool:
    return any(form in data for form in FORMS)


def _in_process_list() -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if _leaks(line):
                found.append(process.name)
    return found


def _nothing_kept(folder: Path, but: set[str]) -> None:
    for each in folder.rglob("*"):
        if each.is_file() and each.name not in but:
            assert not _leaks(each.read_bytes()), each


@pytest.mark.parametrize("way", list(WAYS)[:: rounds(3, 1)])
def test_no_way_to_fail_tells_a_secret(stage: Stage, way: str) -> None:
    tried = WAYS[way]
    tried.prepare(stage.folder)
    given = {path.name for path in stage.folder.iterdir() if path.is_file() and _leaks(path.read_bytes())}

    def limit() -> None:
        if tried.limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (tried.limit, tried.limit))

    program = [] if tried.arguments[0] == "-c" else ["-m", "jobmon_tui"]
    running = subprocess.Popen(
        [sys.executable, *program, *tried.arguments],
        env={**stage.environment, "PYTHONPATH": str(Path.cwd()), **tried.environment},
        cwd=stage.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=limit,  # noqa: PLW1509  # nothing else runs in this process now
    )
    seen = _in_process_list()
    out, err = running.communicate(tried.typed.encode(), timeout=60)
    assert (running.returncode, seen) == (tried.code, []), (out, err)
    assert not _leaks(out + err), (out, err)
    assert b"Traceback" not in err
    _nothing_kept(stage.folder, given)


def test_a_crash_in_a_screen_tells_nothing_and_gives_the_terminal_back(stage: Stage) -> None:
    terminal = Terminal(
        ["-c", SCREEN_CRASH],
        {**stage.environment, "JOBMON_SECRET_OF_MINE": CANARY, "PYTHONPATH": str(Path.cwd())},
        program=sys.executable,
    )
    try:
        assert terminal.wait_end() == 1
    finally:
        terminal.close()
    assert not _leaks(bytes(terminal.written))
    assert b"ZeroDivisionError" not in terminal.written
    assert b"\x1b[?1049l" in terminal.written  # the screen from before
    assert b"\x1b[?25h" in terminal.written  # the cursor
    assert "ZeroDivisionError" in (stage.folder / "log").read_text()
    _nothing_kept(stage.folder, set())


def test_reports_with_a_secret_fail_and_stop_without_telling_it(stage: Stage) -> None:
    for report in ("prints", "source", "waits"):
        stage.run("run", report)
    worker = subprocess.Popen(
        [sys.executable, "-m", "jobmon_tui", "worker"],
        env={**stage.environment, "MINE": CANARY},
        cwd=Path.cwd(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        until = time.monotonic() + 40
        while _statuses(stage.database) != ["Failed", "Failed", "Running"]:
            assert time.monotonic() < until, _statuses(stage.database)
            time.sleep(0.1)
        assert _in_process_list() == []
        assert _environments_with_it(worker.pid) <= 2  # the worker's own, and the report's
        worker.send_signal(signal.SIGTERM)
        worker.send_signal(signal.SIGTERM)
        out, err = worker.communicate(timeout=40)
    finally:
        worker.kill()
        worker.communicate()
    assert not _leaks(out + err)
    shown = "".join(
        stage.run(*c).stdout for c in (("show", "1"), ("output", "1"), ("show", "2"), ("audit", "list"))
    )
    assert "***" in shown
    assert not _leaks(shown.encode())
    _nothing_kept(stage.folder, set())


def _statuses(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
        return [row[0] for row in raw.execute("SELECT status FROM job_execution_log ORDER BY id")]


def _environments_with_it(worker: int) -> int:
    """Count the processes that have the canary in their environment: the worker, and those below it."""
    parents: dict[int, int] = {}
    told: set[int] = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                status = (process / "stat").read_text().rpartition(")")[2].split()
                parents[int(process.name)] = int(status[1])
                if _leaks((process / "environ").read_bytes()):
                    told.add(int(process.name))
            except OSError:
                continue
    return sum(_is_below(each, worker, parents) for each in told)


def _is_below(process: int, above: int, parents: dict[int, int]) -> bool:
    while process not in {above, 0}:
        process = parents.get(process, 0)
    return process == above
