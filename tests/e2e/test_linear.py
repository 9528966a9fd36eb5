"""`jobmon --linear` in a real terminal: plain lines only, and every way to leave it is an orderly one."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tests.e2e.faults.stage import Stage, sh
from tests.e2e.host import PASSWORD, Host

CONTROL = re.compile(r"[^\n\r -~\u00a0-\ufffd]|\r(?!\r*\n)")
ENDLESS = "while :; do sleep 0.2; done"
DEAD_WITHIN = 5.0


class Talk:
    """The program in a terminal; all that it has written is kept."""

    def __init__(self, stage: Host, *arguments: str, before: Callable[[], None] | None = None, **more: str):
        self.said = ""
        self.heard = 0
        measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        environment = {"TERM": "xterm-256color", **measured, **stage.environment, **more}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "jobmon_tui", *arguments],
            env=environment,
            cwd=str(Path(__file__).resolve().parents[2]),
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=None,
            preexec_fn=before,
        )

    def read(self) -> None:
        try:
            self.said += self.child.read_nonblocking(65_536, timeout=0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return

    def hears(self, *texts: str, seconds: float = 20) -> str:
        """Wait for each text in turn, after what was heard before; return what came until then."""
        begun, until = self.heard, time.monotonic() + seconds
        for text in texts:
            while (at := self.said.find(text, self.heard)) < 0:
                assert time.monotonic() < until, f"{text!r} was not said:\n{self.said[begun:]}"
                self.read()
            self.heard = at + len(text)
        return self.said[begun : self.heard]

    def says(self, text: str, *answers: str) -> str:
        self.child.send(f"{text}\n")
        return self.hears(*answers)

    def ends(self, seconds: float = 20) -> int | None:
        until = time.monotonic() + seconds
        while self.child.isalive() and time.monotonic() < until:
            self.read()
        for _ in range(3):
            self.read()
        assert not self.child.isalive(), self.said
        self.child.close()
        found = CONTROL.search(self.said)
        assert found is None, repr(self.said[max(0, found.start() - 60) : found.end() + 10])
        return self.child.exitstatus


@pytest.fixture
def talk() -> Iterator[Callable[..., Talk]]:
    made: list[Talk] = []

    def start(stage: Host, *arguments: str, **more: object) -> Talk:
        made.append(Talk(stage, *arguments, **more))  # type: ignore[arg-type]
        return made[-1]

    yield start
    for each in made:
        if each.child.isalive():
            each.child.kill(signal.SIGKILL)
            each.child.wait()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(
        tmp_path, [sh("Sales", f"test -e {tmp_path}/there || {{ printf 'no \\033[2J\\007such'; exit 3; }}")]
    )


def test_from_a_dumb_terminal_a_failed_job_is_found_and_retried(
    stage: Stage, tmp_path: Path, talk: Callable[..., Talk]
) -> None:
    talking = talk(stage, TERM="dumb")
    talking.hears("Reports run inside this dashboard", "Command: ")
    talking.says("run Sales", "Sales was queued as #1", "Command: ")
    stage.wait_for_status(1, ["Failed"])
    talking.says("new", "#1 Sales: Failed, took ", "exit status 3", "Command: ")
    talking.says("output 1", "no \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}such", "Command: ")
    (tmp_path / "there").touch()
    talking.says("r 1", "#1 was queued again as #2", "Command: ")
    stage.wait_for_status(2, ["Succeeded"])
    talking.says("list", "#2 Sales: Succeeded", "#1 Sales: Failed", "#2, which is Succeeded", "Command: ")
    talking.says("audit 1", "Job Retry of #1, made #2: allowed", "Command: ")
    talking.says("quit", "Goodbye.")
    assert talking.ends() == 0


def test_the_first_administrator_shows_no_password(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    talking = talk(Host(tmp_path), "--linear", "--scheduler", "off")
    talking.hears("no accounts yet", "Your name: ")
    talking.says("ada", "Password, at least 8 characters", "): ")
    talking.says("short", "at least 8 characters.", "): ")
    talking.says(PASSWORD, "The same password again: ")
    talking.says(PASSWORD, "You are ada, Administrator.", "Command: ")
    talking.child.sendeof()
    talking.hears("Goodbye.")
    assert talking.ends() == 0
    assert PASSWORD not in talking.said


@pytest.fixture
def busy(tmp_path: Path) -> Stage:
    return Stage(tmp_path, [sh("endless", ENDLESS)])


def _at_work(busy: Stage, talk: Callable[..., Talk], before: Callable[[], None] | None = None) -> Talk:
    talking = talk(busy, "--linear", "--scheduler", "on", before=before)
    talking.hears("Command: ")
    talking.says("run endless", "queued as #1", "Command: ")
    busy.wait_for_status(1, ["Running"])
    return talking


def test_leaving_while_a_report_runs_asks_in_words_and_waits(busy: Stage, talk: Callable[..., Talk]) -> None:
    talking = _at_work(busy, talk)
    talking.child.send("\x1a")
    talking.hears("cannot be suspended")
    talking.says("cancel 1", "#1 endless is running. Stop it? Type yes to do it:")
    talking.says("y", "Nothing was done.", "Command: ")
    talking.child.sendintr()
    talking.hears("1 report runs inside this dashboard: #1.", "or stay: ")
    talking.says("perhaps", "or stay: ")
    talking.says("stay", "Command: ")
    talking.says("exit", "or stay: ")
    talking.says("wait", "Waiting for #1, at most 30 seconds.")
    talking.child.sendintr()
    talking.hears("Nothing runs here any more.", "Goodbye.")
    assert talking.ends() == 0
    assert busy.status_of(1) == ("Failed", "stopped by the operator")


def test_a_second_sigterm_stops_what_the_first_waits_for(busy: Stage, talk: Callable[..., Talk]) -> None:
    talking = _at_work(busy, talk)
    talking.child.kill(signal.SIGTERM)
    talking.hears("Waiting for #1, at most 30 seconds.")
    talking.child.kill(signal.SIGTERM)
    talking.hears("Goodbye.")
    assert talking.ends() == 0
    assert busy.status_of(1) == ("Failed", "the dashboard was ended")


def _block() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


@pytest.mark.parametrize("before", [None, _block], ids=["SIGHUP", "no SIGHUP"])
def test_a_closed_terminal_ends_it_and_what_ran_in_it(
    busy: Stage, talk: Callable[..., Talk], before: Callable[[], None] | None
) -> None:
    talking = _at_work(busy, talk, before)
    closed = time.monotonic()
    os.close(talking.child.child_fd)  # what an SSH connection does that drops
    while os.waitpid(talking.child.pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() - closed < DEAD_WITHIN
        time.sleep(0.02)
    talking.child.ptyproc.terminated = True
    assert busy.status_of(1) == ("Failed", "terminal closed")


def test_a_terminal_that_was_stopped_holds_up_no_report(stage: Stage, talk: Callable[..., Talk]) -> None:
    talking = talk(stage, "--linear", "--scheduler", "on")
    talking.hears("Command: ")
    talking.child.send("\x13help\n")  # Ctrl+S: what it says waits
    stage.wait_for_status(stage.queue("Sales"), ["Failed"])
    talking.child.send("\x11")
    talking.hears("quit (also q, exit)", "Command: ")
    talking.child.send("\x13help\n")
    talking.child.kill(signal.SIGHUP)
    talking.child.wait()
    assert talking.child.exitstatus == 0


def test_the_demo_in_lines_leaves_nothing_behind(tmp_path: Path) -> None:
    host, folder = Host(tmp_path), tmp_path / "temporary"
    folder.mkdir()
    ended = subprocess.run(
        [sys.executable, "-m", "jobmon_tui", "demo", "--linear"],
        input="counts\nlist\nquit\nstop\n",
        capture_output=True,
        text=True,
        env={**host.environment, "TMPDIR": str(folder), "TERM": "xterm"},
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr, list(folder.iterdir())) == (0, "", [])
    assert "Reports run inside this dashboard." in ended.stdout
    assert ended.stdout.endswith("Goodbye.\n")
    assert CONTROL.search(ended.stdout) is None
