"""How far a long command is."""

import io
import sys

import pytest

from jobmon_tui.cli import progress
from jobmon_tui.cli.progress import BarProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_FIRST_DRAWN", "_DRAW_EVERY"):
        monkeypatch.setattr(progress, name, 0.0)
    monkeypatch.setenv("COLUMNS", "80")
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    bar = BarProgress("Verifying")
    bar.tell(0, 0)
    bar.tell(500, 1_000)
    assert screen.getvalue() == f"\rVerifying [{'#' * 15}{'.' * 15}]  50% of 1,000\x1b[K"
    # There may be more by then than there were at the beginning.
    bar.tell(1_100, 1_000)
    assert "100% of 1,000" in screen.getvalue()
    bar.end()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_elsewhere_it_is_said_in_lines_and_what_is_short_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bar = BarProgress("Verifying")
    bar.tell(500, 1_000)
    monkeypatch.setattr(progress, "_TELL_EVERY", 0.0)
    bar = BarProgress("Verifying")
    bar.tell(500, 1_000)
    bar.end()
    assert capsys.readouterr().err == "Verifying: 500 of 1,000 (50 %)\n"
