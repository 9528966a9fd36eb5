"""At 8 kB/s with a job changing every 100 ms: a key is answered within 2 s, and the loop never stalls."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobmon_tui.tui.pacing import UNHEARD
from tests.e2e.faults.size import rounds
from tests.e2e.line import Line
from tests.e2e.long_list import LongList
from tests.e2e.watched_dashboard import stalls

SPEED = 8_000
FAR = 0.6
"""Seconds to a terminal behind a satellite, and back."""
ANSWERED_WITHIN = 2.0
STALL = 1.0
"""Seconds that would be one, on a machine that does other things as well. Unpaced it was several seconds."""


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[LongList]:
    made = LongList(tmp_path)
    yield made
    made.close()


@contextmanager
def busy(listed: LongList) -> Iterator[None]:
    """Let something change every 100 ms: one is queued at the top, another starts, a third ends."""
    enough = threading.Event()

    def change() -> None:
        made: list[int] = []
        while not enough.wait(0.1):
            made.append(listed.queue())
            if len(made) > 1:
                listed.start(made[-2])
            if len(made) > 2:
                listed.end(made[-3])

    changing = threading.Thread(target=change)
    changing.start()
    try:
        yield
    finally:
        enough.set()
        changing.join()


def cursor(line: Line) -> str:
    """The id of the cursor's row as it stands on the screen."""
    found = re.search(r"›#(\d+) ", line.text)
    return found.group(1) if found else ""


@pytest.mark.parametrize("answers", [True, False], ids=["answering", "mute"])
def test_keys_are_answered_and_the_loop_goes_on(tmp_path: Path, listed: LongList, answers: bool) -> None:
    beats = tmp_path / "beats"
    with Line(
        [str(beats), "--scheduler", "off"],
        listed.environment,
        module="tests.e2e.watched_dashboard",
        speed=SPEED,
        answers=answers,
    ) as line:
        line.wait_for("›#1000", "live", seconds=60)
        with busy(listed):
            began = time.monotonic()
            time.sleep(1)
            waits = []
            for number in range(rounds(4, 60)):
                before = cursor(line)
                line.press("down" if number % 8 < 4 else "up")
                waits.append(
                    line.until(lambda before=before: cursor(line) not in {before, ""}, 30, f"key {number}")
                )
                time.sleep(0.1 * (number % 5))
        print([f"{each:.2f}" for each in waits], line.questions)
        assert max(waits) < ANSWERED_WITHIN
        assert not [late for late in stalls(beats, began) if late >= STALL]
        assert line.questions > 0
        assert answers or line.questions <= UNHEARD


def test_a_line_that_proves_slow_gets_sixteen_colours_and_says_so_and_quits_with_no_answer_left(
    listed: LongList,
) -> None:
    with Line(["--scheduler", "off"], listed.environment, answers_after=FAR) as line:
        line.wait_for("›#1000", "●")
        turns = 0
        while "as of" not in line.text:
            turns += 1
            assert turns < 8
            line.press("?")
            line.wait_for("Keys")
            line.press("escape")
            line.wait_for("›#1000")
        line.quiet(0.2)
        before = line.count
        line.press("m")
        line.wait_for("This line is slow")
        line.quiet(0.2)
        assert line.text.count("This line is slow") == 1
        assert b"8;5;" not in bytes(line.raw[before:])
        asked, before = line.questions, line.count
        line.press("escape")
        line.until(lambda: line.count > before)
        line.press("q")
        while line.process.poll() is None:
            time.sleep(0.02)
        assert line.process.returncode == 0
        line.until_read()
        assert line.questions > asked
        # What nobody has read from the terminal would be the next command of the shell.
        assert line.left_typed() == b""


def test_slow_from_the_start_knows_sixteen_colours_only(listed: LongList) -> None:
    with Line(["--scheduler", "off", "--slow"], listed.environment) as line:
        line.wait_for("›#1000", "as of")
        assert b"38;5;" not in line.raw
        assert b"38;2;" not in line.raw
        assert "This line is slow" not in line.text
