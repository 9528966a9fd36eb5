"""Ctrl+Z and Ctrl+L in a real terminal, under a shell with job control and under none."""

import os
import re
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

MOUSE_OFF = "\x1b[?1000l"
NORMAL_SCREEN = "\x1b[?1049l"
PROGRAM = [sys.executable, "-m", "tests.tui.shell_program"]


class JobTerminal:
    """A terminal of 80x24 in which the dashboard runs, under a little shell or alone."""

    def __init__(
        self, folder: Path, *, under_a_shell: bool, within: tuple[str, ...] = (), **environment: str
    ) -> None:
        self.raw = ""
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.Stream(self.screen)
        shell = ["-m", "tests.tui.little_shell"]
        before = [*shell, *within, *PROGRAM] if under_a_shell else PROGRAM[1:]
        self.child = pexpect.spawn(
            sys.executable,
            [*before, str(folder / "mark")],
            dimensions=(24, 80),
            timeout=10,
            encoding="utf-8",
            env={
                **os.environ,
                "TERM": "xterm-256color",
                "JOBMON_LOG_FILE": str(folder / "log"),
                **environment,
            },
        )

    def read(self) -> None:
        try:
            text = self.child.read_nonblocking(65_536, timeout=0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.raw += text
        self._stream.feed(text)

    def wait(self, true: Callable[[], object], seconds: float = 15) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if true():
                return
            self.read()
        raise AssertionError("still not so:\n" + "\n".join(self.screen.display))

    def wait_for(self, text: str) -> None:
        self.wait(lambda: any(text in line for line in self.screen.display))

    def wait_quiet(self) -> None:
        """Read until nothing more comes."""
        before = -1
        while len(self.raw) != before:
            before = len(self.raw)
            self.read()

    def noise(self, text: str) -> None:
        """Let something else write to the terminal."""
        self._stream.feed(text)

    @property
    def is_cooked(self) -> bool:
        flags = termios.tcgetattr(self.child.child_fd)[3]
        return bool(flags & termios.ICANON and flags & termios.ECHO)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., JobTerminal]]:
    made: list[JobTerminal] = []

    def make(*, under_a_shell: bool = True, within: tuple[str, ...] = (), **environment: str) -> JobTerminal:
        made.append(JobTerminal(tmp_path, under_a_shell=under_a_shell, within=within, **environment))
        made[-1].wait_for("the dashboard")
        return made[-1]

    yield make
    for each in made:
        each.child.close(force=True)


def test_ctrl_z_gives_the_terminal_back_and_fg_paints_it_in_its_new_size(start) -> None:
    running = start(STAGE_IDLE="1", COLUMNS="80", LINES="24")  # as some shells export them
    assert not running.is_cooked
    running.child.send("\x1a")
    running.wait(lambda: "[stopped]" in running.raw)
    assert running.raw.rindex(MOUSE_OFF) > running.raw.rindex("\x1b[?1000h")
    assert running.raw.rindex("[stopped]") > running.raw.rindex(NORMAL_SCREEN)
    assert "\x1b[?25h" in running.raw
    assert running.is_cooked
    running.screen.resize(30, 100)
    running.child.setwinsize(30, 100)
    running.raw = ""
    running.child.sendline("fg")
    running.wait(lambda: "\x1b[?1049h" in running.raw)
    running.wait_for("the dashboard")
    assert not running.is_cooked
    running.child.send("?")
    running.wait(lambda: "Back" in running.screen.display[-1])  # the keys stand on the thirtieth line
    running.child.send("\x1b")
    time.sleep(0.7)  # longer than the wait for the rest of an escape sequence
    running.child.send("q")
    running.wait(lambda: "[ended 0]" in running.raw)


def test_continued_in_the_background_it_paints_nothing_and_stops_again(start) -> None:
    running = start(STAGE_IDLE="1")
    running.child.send("\x1a")
    running.wait(lambda: "[stopped]" in running.raw)
    running.raw = ""
    running.child.sendline("bg")
    running.wait(lambda: "[stopped]" in running.raw)
    assert "\x1b[?1049h" not in running.raw
    running.child.sendline("fg")
    running.wait(lambda: "\x1b[?1049h" in running.raw)
    running.child.send("q")
    running.wait(lambda: "[ended 0]" in running.raw)


def test_ctrl_z_stops_the_whole_job_also_where_another_program_waits_for_the_dashboard(start) -> None:
    running = start(within=("sh", "-c", '"$@"; exit 7', "sh"), STAGE_IDLE="1")
    running.child.send("\x1a")
    running.wait(lambda: "[stopped]" in running.raw)
    running.child.sendline("fg")
    running.wait(lambda: running.raw.count("\x1b[?1049h") == 2)
    running.child.send("q")
    running.wait(lambda: "[ended 7]" in running.raw)


def test_ctrl_z_freezes_no_report_that_runs_inside(start) -> None:
    running = start()
    running.child.send("\x1a")
    running.wait_for("Reports run inside this dashboard")
    running.wait_for("jobmon worker")
    assert "[stopped]" not in running.raw
    assert NORMAL_SCREEN not in running.raw


def test_ctrl_z_without_a_shell_to_return_to_is_only_a_redraw(start) -> None:
    running = start(under_a_shell=False, STAGE_IDLE="1")
    running.child.send("\x1a")
    running.wait(lambda: NORMAL_SCREEN in running.raw)
    running.wait(lambda: "\x1b[?1049h" in running.raw[running.raw.index(NORMAL_SCREEN) :])
    running.wait_for("the dashboard")
    running.child.send("?")
    running.wait_for("Keys")


@pytest.mark.parametrize("mouse", ["on", "off"])
def test_the_mouse_is_asked_for_only_where_the_settings_do(start, mouse: str) -> None:
    running = start(STAGE_IDLE="1", STAGE_MOUSE=mouse)
    running.child.send("?")
    running.wait_for("Keys")
    running.child.send("\x1a")
    running.wait(lambda: "[stopped]" in running.raw)
    running.child.sendline("fg")
    running.wait(lambda: running.raw.count("\x1b[?1049h") == 2)
    running.wait_quiet()
    asked = re.findall(r"\x1b\[\?(?:9|1000|1001|1002|1003|1005|1006|1015|1016)h", running.raw)
    assert bool(asked) == (mouse == "on")
    # And not before the settings were read.
    assert "\x1b[?1000h" not in running.raw[: running.raw.index("connecting")]


def test_ctrl_l_wipes_what_noise_has_left(start) -> None:
    running = start(under_a_shell=False, STAGE_IDLE="1")
    running.wait_quiet()
    # Text, line drawing in place of letters, a scrolling region, wrapping.
    running.noise("\x1b[7;7HNOISE\x0e\x1b(0\x1b[3;9r\x1b[?7h\x1b[41m\x1b[20;1H" + "#" * 200)
    assert any("NOISE" in line for line in running.screen.display)
    running.child.send("\x0c")
    running.wait(lambda: "\x1b[2J" in running.raw)
    running.wait(lambda: not any("#" in line or "NOISE" in line for line in running.screen.display))
    running.wait_for("the dashboard")
    assert running.screen.margins is None
