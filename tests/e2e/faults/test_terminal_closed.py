"""The terminal goes away at any moment: with a hang-up, with it ignored, and with it never delivered."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.faults.size import rounds, seed
from tests.e2e.faults.stage import Stage, cpu_seconds, sh
from tests.e2e.faults.truths import assert_sound
from tests.e2e.terminal import Terminal
from tests.runners.processes import mark, wait_until_gone

DEAD_WITHIN = 5.0
HELP = "Go to the retry of this execution"
"""What only the screen of keys says."""
_OF_IT = "SELECT id, status, error FROM job_execution_log WHERE worker LIKE '%:' || ? || ':%'"
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


@dataclass(frozen=True)
class Moment:
    """When a terminal is closed, in seconds after its start, and the keys pressed until then."""

    after: float
    keys: str
    at_work: bool
    """Then not before something runs in it."""


@dataclass
class Ends:
    """How the dashboards of a test have ended."""

    wrong: list[object] = field(default_factory=list)
    closed_on: list[int] = field(default_factory=list)
    """What ran in one when its terminal was closed."""


def _close_one(stage: Stage, moment: Moment, before: Callable[[], None], ends: Ends) -> None:
    """Open a dashboard and close its terminal at that moment."""
    after, keys = moment.after, moment.keys
    queued = stage.queue("endless")
    terminal = Terminal(["--scheduler", "on"], stage.environment, before=before)
    pid = terminal.child.pid
    until = time.monotonic() + after
    while (left := until - time.monotonic()) > 0:
        terminal.read(min(0.05, left))
        if keys and left < after / 2:
            terminal.press(keys[0])
            keys = keys[1:]
    while moment.at_work and not stage.ask(_OF_IT, pid) and time.monotonic() < until + 20:
        terminal.read(0.05)
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
    found = stage.ask(_OF_IT, pid)
    # The keys may also have cancelled what ran: x, and Enter where it asks.
    may_end = {("Failed", "terminal closed")} | (
        {("Cancelled", "cancelled by ada")} if "x" in moment.keys else set()
    )
    wrong = [each for each in found if tuple(each[1:]) not in may_end]
    ends.closed_on += [each[0] for each in found]
    if wrong or took > DEAD_WITHIN or cpu - cpu_before > MOST_CPU:
        ends.wrong.append((queued, after, before.__name__, took, cpu - cpu_before, wrong))


def _close_them(stage: Stage, chosen: int, first: int, count: int, ends: Ends) -> None:
    dice = random.Random(chosen)
    for number in range(count):
        # The first before its first frame; then half while the program starts, half while it works.
        before = (_block, _nothing, _ignore)[(first + number) % 3]
        after = dice.uniform(0.05, 1.5) if dice.random() < 0.5 else dice.uniform(1.5, 5.0)
        if number == 0:
            after = dice.uniform(0.1, 0.4)
        keys = "".join(dice.choices("jkgGr?/\x1b\rnfx", k=dice.randrange(6)))
        _close_one(stage, Moment(after, keys, number == count - 1), before, ends)


def test_a_dashboard_whose_terminal_is_closed_ends_and_says_so_of_what_ran_in_it(tmp_path: Path) -> None:
    word = mark()
    script = f": {word}; while :; do sleep 0.2; done"
    chosen, count = seed(), rounds(4, 50)
    ends = Ends()
    stages = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        stages.append(Stage(tmp_path / str(number), [sh("endless", script, max_concurrent=2)]))
    closers = [
        threading.Thread(target=_close_them, args=[stage, chosen + number, 2 * number, count // 2, ends])
        for number, stage in enumerate(stages)
    ]
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join()
    assert ends.wrong == []
    assert len(ends.closed_on) >= len(stages), "nothing ran inside any of them"
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
