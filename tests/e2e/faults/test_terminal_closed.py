"""The terminal goes away at any moment: with a hang-up, with it ignored, and with it never delivered."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.faults.size import rounds, seed
from tests.e2e.faults.stage import Stage, cpu_seconds, sh
from tests.e2e.faults.truths import assert_sound
from tests.e2e.terminal import Terminal
from tests.runners.processes import mark, wait_until_gone

DEAD_WITHIN = 5.0
HELP = "Go to the retry of this execution"
"""What only the screen of keys says."""
MOST_CPU = 2.5
"""Seconds of processor time that a start and an orderly end may cost together after the terminal is gone."""


def _nothing() -> None:
    """Leave it as it is: the kernel sends SIGHUP."""


def _ignore() -> None:
    """As `nohup` does."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _block() -> None:
    """As where the program is no longer in the terminal's foreground group: no SIGHUP ever arrives."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


def _close_one(stage: Stage, after: float, before: Callable[[], None], keys: str) -> list[object]:
    """Open a dashboard, close its terminal after that many seconds; tell what is wrong with its end."""
    queued = stage.queue("endless")
    terminal = Terminal(["--scheduler", "on"], stage.environment, before=before)
    pid = terminal.child.pid
    until = time.monotonic() + after
    while (left := until - time.monotonic()) > 0:
        terminal.read(min(0.05, left))
        if keys and left < after / 2:
            terminal.press(keys[0])
            keys = keys[1:]
    cpu_before = cpu = cpu_seconds(pid) or 0.0
    closed = time.monotonic()
    # Its own close would also send signals and wait for the end.
    terminal.child.ptyproc.fileobj.close()
    while (now := cpu_seconds(pid)) is not None and time.monotonic() < closed + 2 * DEAD_WITHIN:
        cpu = now
        time.sleep(0.02)
    took = time.monotonic() - closed
    terminal.child.closed = terminal.child.ptyproc.closed = True
    if now is not None:
        os.kill(pid, signal.SIGKILL)
    terminal.child.wait()
    found = stage.ask("SELECT status, error FROM job_execution_log WHERE worker LIKE '%:' || ? || ':%'", pid)
    wrong: list[object] = [each for each in found if each != ("Failed", "terminal closed")]
    told = (queued, after, before.__name__, took, cpu - cpu_before, wrong)
    return [told] if wrong or took > DEAD_WITHIN or cpu - cpu_before > MOST_CPU else []


def _close_them(stage: Stage, chosen: int, count: int, wrong: list[object]) -> None:
    dice = random.Random(chosen)
    for number in range(count):
        # The first before its first frame; then half while the program starts, half while it works.
        before = (_block, _nothing, _ignore)[number % 3]
        after = dice.uniform(0.05, 1.5) if dice.random() < 0.5 else dice.uniform(1.5, 5.0)
        if number == 0:
            after = dice.uniform(0.1, 0.4)
        keys = "".join(dice.choices("jkgGr?/\x1b\rnfx", k=dice.randrange(6)))
        wrong += _close_one(stage, after, before, keys)


def test_a_dashboard_whose_terminal_is_closed_ends_and_says_so_of_what_ran_in_it(tmp_path: Path) -> None:
    word = mark()
    script = f": {word}; while :; do sleep 0.2; done"
    chosen, count = seed(), rounds(4, 50)
    wrong: list[object] = []
    stages = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        stages.append(Stage(tmp_path / str(number), [sh("endless", script, max_concurrent=2)]))
    closers = [
        threading.Thread(target=_close_them, args=[stage, chosen + number, count // 2, wrong])
        for number, stage in enumerate(stages)
    ]
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join()
    assert wrong == []
    wait_until_gone(word, 5)
    for stage in stages:
        assert stage.ask("SELECT id FROM job_execution_log WHERE status = 'Running'") == []
        assert_sound(stage.database)


def test_the_window_may_change_its_size_as_often_as_it_likes(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [sh("Stock", "exit 1")])
    dice = random.Random(seed())
    terminal = Terminal(["--scheduler", "off"], stage.environment)
    try:
        terminal.wait_for("Administrator")
        for number in range(rounds(60, 2000)):
            terminal.resize(dice.randint(1, 250), dice.randint(1, 80))
            if dice.random() < 0.5:
                terminal.read(dice.choice([0.0, 0.001, 0.02]))
            if number % 50 == 49:
                _answers(terminal)
        _answers(terminal)
        terminal.press("q")
        assert terminal.wait_end() == 0
    finally:
        terminal.close()


def _answers(terminal: Terminal) -> None:
    terminal.resize(80, 24)
    terminal.press("?")
    terminal.wait_for(HELP)
    terminal.press("escape")
    terminal.wait_gone(HELP)
    terminal.wait_for("Administrator")
