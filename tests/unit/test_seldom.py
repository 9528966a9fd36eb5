"""The same trouble is logged once, then seldom; what is new is logged at once."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from jobmon_tui.log_file import PrivateFileHandler
from jobmon_tui.seldom import SAY_EVERY, Seldom


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextlib.contextmanager
def _logging_to(path: Path) -> Iterator[logging.Logger]:
    logger, handler = logging.Logger("seldom"), PrivateFileHandler(path)
    logger.addHandler(handler)
    yield logger
    handler.close()


def test_an_outage_of_a_night_is_a_line_for_each_trouble(tmp_path: Path) -> None:
    with _logging_to(tmp_path / "log") as logger:
        for _ in range(1000):
            logger.warning("cannot claim: %s", "the file is gone")
            logger.warning("no heartbeat: %s", "the file is gone")
        logger.warning("cannot claim: %s", "the disk is full")
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.split(": ", 1)[1] for line in lines] == [
        "cannot claim: the file is gone",
        "no heartbeat: the file is gone",
        "cannot claim: the disk is full",
    ]


def test_it_is_said_again_after_a_while_with_how_often_it_was() -> None:
    clock, told = _Clock(), []
    filtering = Seldom(clock)
    for second in range(int(SAY_EVERY) + 2):
        clock.now = float(second)
        record = logging.makeLogRecord({"msg": "no %s", "args": ("beat",), "name": "a"})
        if filtering.filter(record):
            told.append(record.getMessage())
    assert told == ["no beat", "no beat (599 times more since it was logged last)"]


def test_a_traceback_is_never_held_back(tmp_path: Path) -> None:
    with _logging_to(tmp_path / "log") as logger:
        for _ in range(2):
            try:
                int("x")
            except ValueError:
                logger.exception("failed")
    assert (tmp_path / "log").read_text().count("Traceback") == 2


def test_what_is_remembered_is_bounded() -> None:
    filtering = Seldom()
    for number in range(10_000):
        assert filtering.filter(logging.makeLogRecord({"msg": f"trouble {number}", "name": "a"}))
    assert len(filtering._said) <= 200
