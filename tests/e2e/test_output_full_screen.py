"""The output full screen in a real terminal: live, in few bytes, and in $PAGER while everything goes on."""

import os
import shlex
import signal
import sys
import time
from pathlib import Path

from tests.e2e.faults.stage import Stage, py, wait_until
from tests.e2e.terminal import Terminal

MOST_FOR_A_LINE = 250
"""Bytes that one more printed line may cost at 80x24, what says so below it among them."""

_STEPS = """
import sys, time
for at in range(1, 200):
    print("step", at, flush=True)
    time.sleep(1.2)
"""
_PAGER = """
import pathlib, signal, sys
told = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGINT, lambda *_: print("INTERRUPTED", flush=True))
said = sys.stdin.buffer.read()
if told.exists() and not told.with_name("stay").exists():
    sys.exit("IT ENDS AT ONCE")
told.write_bytes(said)
print("THE PAGER HAS IT", flush=True)
with open("/dev/tty") as keys:
    while (key := keys.readline().strip()) != "end":
        print(f"TYPED {key}", flush=True)
"""


def test_each_new_line_costs_little_and_the_end_is_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [py("Steps", _STEPS)])
    terminal = Terminal(["--scheduler", "on"], stage.environment)
    try:
        terminal.wait_for("No reports have run yet")
        number = stage.queue("Steps")
        terminal.wait_for("Running 1")
        terminal.press("v")
        terminal.wait_for("step 1", "following")
        terminal.wait_for("step 2")
        terminal.read(0.3)
        before = terminal.bytes_read
        terminal.wait_for("step 3")
        terminal.read(0.3)
        cost = terminal.bytes_read - before
        print(f"{cost} bytes a line")
        assert cost <= MOST_FOR_A_LINE
        stage.run("cancel", str(number))
        terminal.wait_for("ended: ⊘ Cancelled")
        terminal.press("q", "q")
        assert terminal.wait_end() == 0
    finally:
        terminal.close()


def _below(pid: Path) -> None:
    """Let something else lead the session, as a shell does: what that leaves behind is ended with it."""
    child = os.fork()
    if child:
        os.closerange(3, 64)
        os.waitpid(child, 0)
        time.sleep(30)
        os._exit(0)
    pid.write_text(str(os.getpid()))


def test_the_pager_has_the_terminal_while_reports_run_on_in_here(tmp_path: Path) -> None:
    script, told, pid = tmp_path / "pager.py", tmp_path / "told", tmp_path / "pid"
    script.write_text(_PAGER, encoding="utf-8")
    pager = shlex.join([sys.executable, str(script), str(told)])
    hostile = "print('a\\tb \\x1b]0;owned\\x07 €'); print('x' * 3_000_000)"
    stage = Stage(tmp_path, [py("Hostile", hostile), py("Quick", "print('hi')")], PAGER=pager)
    terminal = Terminal(["--scheduler", "on"], stage.environment, before=lambda: _below(pid))
    try:
        terminal.wait_for("No reports have run yet")
        stage.queue("Hostile")
        terminal.wait_for("Succeeded 1")
        terminal.press("v")
        terminal.wait_for("�]0;owned� €", "top")
        terminal.press("/", "NOT KEPT", "enter")
        terminal.wait_for("bytes) not kept", "match 1 of 1")
        terminal.press("p")
        terminal.wait_for("THE PAGER HAS IT")
        second = stage.queue("Quick")
        wait_until(lambda: stage.status_of(second)[0] == "Succeeded", 10, "held up by who reads")
        # Ctrl+C and Ctrl+Z are the pager's; with a scheduler in here the latter stops nothing for long.
        terminal.press("\x03")
        terminal.wait_for("INTERRUPTED")
        terminal.press("\x1a")
        third = stage.queue("Quick")
        wait_until(lambda: stage.status_of(third)[0] == "Succeeded", 10, "stopped with the pager")
        terminal.press("hello\r")
        terminal.wait_for("TYPED hello")
        terminal.press("end\r")
        terminal.wait_for("bytes) not kept", "✓ Succeeded", "Esc Back")
        assert "TYPED" not in terminal.text
        text = told.read_text(encoding="utf-8")
        assert text.startswith("a\tb �]0;owned� €\n")
        assert "not kept" in text and text.endswith("x\n")

        terminal.press("|")
        terminal.wait_for("IT ENDS AT ONCE", "Press Enter to go back")
        terminal.press("enter")
        terminal.wait_for("bytes) not kept", "Esc Back")

        # Ended from outside, the dashboard does not leave its pager behind.
        told.with_name("stay").touch()
        terminal.press("p")
        terminal.wait_for("THE PAGER HAS IT")
        os.kill(int(pid.read_text()), signal.SIGTERM)
        command = f"{script}".encode()
        wait_until(lambda: not [each for each in Path("/proc").glob("[0-9]*") if command in _read(each)], 10)
    finally:
        terminal.close()


def _read(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
