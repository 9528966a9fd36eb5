"""The shell in a real terminal: what it does to it, and what the terminal may do to it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pyte
import pytest

from jobmon_tui.tui import terminal

MOUSE_OFF = "\x1b[?1000l"
NORMAL_SCREEN = "\x1b[?1049l"
PROGRAM = ["-m", "tests.tui.shell_program"]


class Terminal:
    """A terminal of 80x24 with the shell in it."""

    def __init__(self, folder: Path, *, deaf: bool = False, **environment: str) -> None:
        """Start it; `deaf` to SIGHUP, as what a terminal's own session does not reach."""
        self.mark = folder / "mark"
        self.log = folder / "log"
        self.raw = ""
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.Stream(self._screen)
        self.child = pexpect.spawn(
            sys.executable,
            [*PROGRAM, str(self.mark)],
            dimensions=(24, 80),
            timeout=10,
            encoding="utf-8",
            codec_errors="replace",
            preexec_fn=(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})) if deaf else None,
            env={**os.environ, "TERM": "xterm-256color", "JOBMON_LOG_FILE": str(self.log), **environment},
        )

    def read(self) -> None:
        try:
            text = self.child.read_nonblocking(65_536, timeout=0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.raw += text
        self._stream.feed(text)

    def wait_for(self, text: str, seconds: float = 10) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read()
            if any(text in line for line in self._screen.display):
                return
        shown = "\n".join(self._screen.display)
        raise AssertionError(f"{text!r} did not appear in:\n{shown}")

    def ended(self, seconds: float = 10) -> int | None:
        """Read until it has ended; return the exit code."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.child.isalive():
            self.read()
        for _ in range(3):
            self.read()
        assert not self.child.isalive(), "it has not ended"
        self.child.close()
        return self.child.exitstatus

    def marks(self) -> list[str]:
        return self.mark.read_text().splitlines() if self.mark.exists() else []


@pytest.fixture
def shell(tmp_path: Path):
    made: list[Terminal] = []

    def start(*, until: str = "the dashboard", deaf: bool = False, **environment: str) -> Terminal:
        made.append(Terminal(tmp_path, deaf=deaf, **environment))
        made[-1].wait_for(until)
        return made[-1]

    yield start
    for each in made:
        if each.child.isalive():
            each.child.kill(signal.SIGKILL)
            each.child.wait()


def test_the_terminal_is_as_before_after_quitting(shell) -> None:
    running = shell()
    running.child.send("q")
    running.wait_for("2 reports run inside this dashboard")
    running.child.send("s")
    assert running.ended() == 0
    assert running.marks() == ["stopped 0 stopped by the operator"]
    assert running.raw.rindex(MOUSE_OFF) > running.raw.rindex("\x1b[?1000h")
    assert running.raw.rindex(NORMAL_SCREEN) > running.raw.rindex("\x1b[?1049h")
    assert "\x1b[?25h" in running.raw


def test_a_hang_up_stops_what_runs_and_ends(shell) -> None:
    running = shell()
    running.child.kill(signal.SIGHUP)
    running.ended()
    assert running.marks()[0] == "stopped 0 terminal closed"
    assert MOUSE_OFF in running.raw


@pytest.mark.parametrize("deaf", [False, True])
def test_a_terminal_that_goes_away_ends_it_even_where_no_signal_comes(shell, deaf: bool) -> None:
    running = shell(deaf=deaf)
    os.close(running.child.child_fd)  # what an SSH connection does that drops
    until = time.monotonic() + 10
    while time.monotonic() < until and os.waitpid(running.child.pid, os.WNOHANG) == (0, 0):
        time.sleep(0.05)
    running.child.ptyproc.terminated = True
    with pytest.raises(ProcessLookupError):
        os.kill(running.child.pid, 0)
    assert running.marks()[0] == "stopped 0 terminal closed"


def test_a_termination_drains_and_a_second_one_does_not_wait(shell) -> None:
    running = shell(STAGE_SLOW="60")
    running.child.kill(signal.SIGTERM)
    running.wait_for("Waiting for #12, #15.")
    running.child.kill(signal.SIGTERM)
    assert running.ended() == 0
    assert running.marks() == ["stopped 30 the dashboard was ended", "stopped 0 the dashboard was ended"]
    assert MOUSE_OFF in running.raw


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xe9",
        b"\xff\xfe\xfa" * 40,
        b"\x1b[M\x20\xf1\xf2\x1b[M\x23\xc3\x28",  # X10 mouse reports right of column 95
        b"\x1b[<0;--5;7M\x1b[<99999999999999999999;1;1M",
        b"\x1b[99999999999u\x1b[1;99999999999;99999999999u",
        b"\x1b]52;c;AAAA\x07\x1bP1$r0m\x1b\\",
        bytes(range(0x80, 0x100)),
    ],
    ids=["latin-1", "no-utf-8", "x10-mouse", "mouse-numbers", "kitty-numbers", "answers", "high-half"],
)
def test_garbage_typed_does_not_crash(shell, garbage: bytes) -> None:
    running = shell()
    os.write(running.child.child_fd, garbage)
    time.sleep(0.7)  # longer than the wait for the rest of an escape sequence
    running.read()
    assert running.child.isalive()
    running.child.send("\x1b")  # whatever the garbage opened
    time.sleep(0.7)
    running.child.send("?")
    running.wait_for("Keys")
    os.kill(running.child.pid, signal.SIGHUP)
    running.ended()


def test_of_two_sizes_close_together_the_later_one_counts(shell) -> None:
    running = shell(STAGE_SLOW_SIZE="0.4")
    running.child.setwinsize(60, 80)
    time.sleep(0.1)  # it is learning of that one
    running.child.setwinsize(24, 80)
    time.sleep(0.8)
    running.child.send("?")
    running.wait_for("Keys")  # of 60 lines, the first would be above the window


def test_escape_and_a_letter_typed_at_once_are_two_keys(shell) -> None:
    running = shell()
    running.child.send("?")
    running.wait_for("Keys")
    running.child.send("\x1b?")  # back, and into the help again: as Alt and a key it would be neither
    time.sleep(0.8)
    running.child.send("\x1bq")
    running.wait_for("2 reports run inside this dashboard")


@pytest.mark.parametrize("between", ["\r", "\t"])
def test_a_password_typed_ahead_is_not_shown(shell, between: str) -> None:
    running = shell(STAGE_SIGN_IN="1", until="sign in")
    running.child.send(f"ada{between}hunter2\r")
    running.wait_for("The name or the password is wrong.")
    assert "hunter2" not in running.raw
    running.child.send("correct horse\r")
    running.wait_for("the dashboard")


def test_a_defect_shows_one_plain_line_and_no_variables(shell) -> None:
    running = shell(STAGE_CRASH="1")
    running.child.send("m")
    assert running.ended() == 1
    after = running.raw[running.raw.rindex(NORMAL_SCREEN) :]
    assert f"jobmon ended unexpectedly. Details are in {running.log}" in after
    assert "hunter2" not in running.raw
    assert "Traceback" not in running.raw
    logged = running.log.read_text()
    assert "RuntimeError: no such thing" in logged
    assert running.log.stat().st_mode & 0o777 == 0o600
    assert running.marks() == ["stopped 0 the dashboard ended unexpectedly"]


def test_a_defect_on_the_way_out_shows_one_plain_line_too(shell) -> None:
    running = shell(STAGE_CRASH="late")
    running.child.send("q")
    running.wait_for("Quit?")
    running.child.send("s")
    assert running.ended() == 1
    assert "jobmon ended unexpectedly." in running.raw
    assert "Traceback" not in running.raw
    assert "RuntimeError: too late" in running.log.read_text()


def test_without_a_terminal_it_says_what_to_use_instead(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *PROGRAM, str(tmp_path / "mark")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "The dashboard needs a terminal, and this is none. For a list without a screen: jobmon list\n"
    )


def test_a_dumb_terminal_is_refused_in_one_line() -> None:
    assert terminal.refusal({"TERM": "xterm"}, is_terminal=True) is None
    assert "TERM=dumb" in (terminal.refusal({"TERM": "dumb"}, is_terminal=True) or "")
    assert "TERM=not set" in (terminal.refusal({}, is_terminal=True) or "")


def test_what_would_crash_textual_is_put_right_first() -> None:
    environ = {"TEXTUAL_COLOR_SYSTEM": "none", "TEXTUAL_ANIMATIONS": "full", "ESCDELAY": "50"}
    terminal.prepare(environ)
    assert "TEXTUAL_COLOR_SYSTEM" not in environ
    assert (environ["NO_COLOR"], environ["TEXTUAL_ANIMATIONS"], environ["ESCDELAY"]) == ("1", "none", "50")


@pytest.mark.parametrize(
    "environment",
    [
        {"TEXTUAL_COLOR_SYSTEM": "none"},
        {"NO_COLOR": "1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["color-none", "no-color", "ascii"],
)
def test_poor_surroundings_do_not_stop_it(shell, environment: dict[str, str]) -> None:
    running = shell(**environment)
    if "NO_COLOR" in environment or "TEXTUAL_COLOR_SYSTEM" in environment:
        coloured = [cell for row in running._screen.buffer.values() for cell in row.values() if _hue(cell.fg)]
        assert not coloured
    running.child.send("q")
    running.wait_for("Quit?")
    running.child.send("s")
    assert running.ended() == 0


def _hue(colour: str) -> bool:
    """Tell whether a pyte colour is anything but a grey."""
    return len(colour) == 6 and len({colour[:2], colour[2:4], colour[4:]}) > 1
