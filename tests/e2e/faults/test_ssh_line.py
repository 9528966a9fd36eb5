"""Operators' terminals: the dashboard over SSH, 100 ms away in each direction, also inside tmux."""

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.faults.size import WHOLE, need, rounds
from tests.e2e.faults.stage import Stage, sh, wait_until
from tests.e2e.ssh_terminal import SshTerminal
from tests.ssh_line import SshHost, ssh_host

DELAY = 0.1
"""Seconds in each direction."""
DEAD_WITHIN = 5.0
ANSWERED_WITHIN = 2.0
HELP = "Go to the retry of this execution"
"""What only the screen of keys says."""
_DASHBOARD = (sys.executable, "-m", "jobmon_tui", "--scheduler", "on")
_CHECKOUT = str(Path(__file__).resolve().parents[3])


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    need(shutil.which("ssh") is not None, "needs ssh: apt-get install openssh-client")
    ready = tmp_path / "there"
    return Stage(
        tmp_path,
        [sh("Sales", f"test -e {ready} || exit 3"), sh("endless", "while :; do sleep 0.2; done")],
        PYTHONPATH=_CHECKOUT,
        LANG="C.UTF-8",
    )


@contextmanager
def _connected(host: SshHost, folder: Path, columns: int = 80, rows: int = 24) -> Iterator[SshTerminal]:
    terminal = SshTerminal(host.line.port, folder, columns=columns, rows=rows)
    try:
        yield terminal
    finally:
        terminal.close()


def _report(what: str, terminal: SshTerminal, key: str, wanted: str | None = None) -> None:
    took, count = terminal.key_to_paint(key, wanted)
    print(f"{what}: answered after {took:.2f} s, {count:,} bytes")
    assert took < ANSWERED_WITHIN


def _in_two_pieces(terminal: SshTerminal) -> None:
    """Send an arrow whose pieces lie a while apart: the cursor moves, and nothing is taken for Escape."""
    row = terminal.cursor[1]
    terminal.child.send("\x1b")
    time.sleep(0.25)
    terminal.child.send("[A")
    wait_until(lambda: terminal.read() or terminal.cursor[1] == row - 1, 10, terminal.text)


def test_a_retry_succeeds_over_a_long_line_and_a_lost_one_ends_what_ran(stage: Stage, tmp_path: Path) -> None:
    with ssh_host(_DASHBOARD, stage.environment, DELAY) as host, _connected(host, tmp_path) as terminal:
        terminal.wait_for("Administrator")
        failed = stage.queue("Sales")
        stage.wait_for_status(failed, ["Failed"])
        terminal.wait_for("✗ Failed", f"#{failed}")
        (tmp_path / "there").touch()
        _report("retry", terminal, "r", f"#{failed + 1}")
        stage.wait_for_status(failed + 1, ["Succeeded"])
        terminal.wait_for("✓ Succeeded")
        for _ in range(rounds(1, 10)):
            # The cursor stands on the older one, below.
            _report("up", terminal, "k")
            _report("down", terminal, "\x1b[B")
        _in_two_pieces(terminal)
        for _ in range(rounds(0, 3)):
            _report("help", terminal, "?", HELP)
            terminal.press("escape")
            terminal.wait_gone(HELP)
        terminal.resize(100, 30)
        # The bar of keys is on the last line of the new size.
        wait_until(lambda: terminal.read() or "Quit" in terminal.text.split("\n")[29], 10, terminal.text)
        running = stage.queue("endless")
        stage.wait_for_status(running, ["Running"])
        lost = time.monotonic()
        host.line.cut()
        [process] = host.processes
        process.wait(DEAD_WITHIN)
        print(f"ended {time.monotonic() - lost:.2f} s after the line was cut")
        assert stage.status_of(running) == ("Failed", "terminal closed")


@pytest.mark.skipif(not WHOLE, reason="two connections take long: runs in make faults")
def test_inside_tmux_the_dashboard_lives_on_when_the_line_is_lost(stage: Stage, tmp_path: Path) -> None:
    need(shutil.which("tmux") is not None, "needs tmux: apt-get install tmux")
    folder = tmp_path / "tmux"
    folder.mkdir(mode=0o700)
    environment = {**stage.environment, "TMUX_TMPDIR": str(folder)}
    tmux = ("tmux", "-f", "/dev/null")
    command = [*tmux, "new-session", "-A", "-s", "jobmon", shlex.join(_DASHBOARD)]
    try:
        with ssh_host(command, environment, DELAY) as host:
            with _connected(host, tmp_path) as terminal:
                terminal.wait_for("Administrator", "[jobmon]")
                failed = stage.queue("Sales")
                stage.wait_for_status(failed, ["Failed"])
                terminal.wait_for("✗ Failed")
                running = stage.queue("endless")
                stage.wait_for_status(running, ["Running"])
                host.line.cut()
                host.processes[0].wait(DEAD_WITHIN)
            assert stage.status_of(running)[0] == "Running"
            # Back, in a window of another size.
            with _connected(host, tmp_path, 100, 30) as terminal:
                terminal.wait_for("Administrator", "✗ Failed", "Running", "[jobmon]")
                # What a mouse that was left on sends, a byte that is no UTF-8, and an arrow in two pieces.
                terminal.child.send(b"\x1b[M !!")
                terminal.child.send(b"\xe4")
                terminal.child.send("\x1b")
                time.sleep(0.2)
                terminal.child.send("[B")
                (tmp_path / "there").touch()
                _report("retry in tmux", terminal, "r", f"#{failed + 2}")
                stage.wait_for_status(failed + 2, ["Succeeded"])
                for _ in range(rounds(1, 10)):
                    _report("up in tmux", terminal, "k")
                    _report("down in tmux", terminal, "\x1b[B")
                terminal.press("q")
                terminal.wait_for("inside this dashboard. Quit?")
                terminal.press("s")
                host.processes[1].wait(20)
            assert stage.status_of(running) == ("Failed", "stopped by the operator")
    finally:
        subprocess.run([*tmux, "kill-server"], env=environment, check=False, capture_output=True)
