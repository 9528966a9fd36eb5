"""What a terminal is taken for, by its surroundings, and how what is painted is spelt on it."""

import io
import subprocess
import sys

import pytest
from rich.color import Color
from rich.style import Style

from jobmon_tui.tui import terminal
from jobmon_tui.tui.lasting_file import LastingFile
from jobmon_tui.tui.pacing import Pace
from jobmon_tui.tui.solid_scrollbar import SolidScrollBar
from jobmon_tui.tui.terminal import Forms, forms_for, prepare


@pytest.mark.parametrize(
    ("environ", "glyphs", "forms"),
    [
        ({"TERM": "xterm-256color", "LANG": "de_DE.UTF-8"}, "auto", Forms.ALL),
        ({"TERM": "xterm-256color", "LANG": "de_DE.UTF-8"}, "ascii", Forms.OURS),
        ({"TERM": "linux", "LANG": "de_DE.UTF-8"}, "auto", Forms.OURS),
        ({"TERM": "linux", "LANG": "C"}, "auto", Forms.ASCII),
        ({"TERM": "linux", "LANG": "C"}, "ascii", Forms.ASCII),
        ({"TERM": "linux", "LANG": "C"}, "unicode", Forms.ALL),
    ],
)
def test_how_it_is_spelt(environ: dict[str, str], glyphs: str, forms: Forms) -> None:
    assert forms_for(environ, glyphs) is forms


@pytest.mark.parametrize(
    ("environ", "colourless"),
    [
        ({"TERM": "vt100"}, True),
        ({"TERM": "vt100", "COLORTERM": "truecolor"}, False),
        ({"TERM": "vt100", "TEXTUAL_COLOR_SYSTEM": "256"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, False),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "none"}, True),
    ],
)
def test_no_colours_for_terminals_without_and_for_who_asks(
    environ: dict[str, str], colourless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The library below looks a terminal up once in a process.
    monkeypatch.setattr(terminal, "_is_colourless", lambda term: term == "vt100")
    prepare(environ)
    assert bool(environ.get("NO_COLOR")) is colourless
    assert "NO_COLOR" not in environ or environ["NO_COLOR"]
    assert environ.get("TEXTUAL_COLOR_SYSTEM") != "none"


@pytest.mark.parametrize(
    ("term", "colourless"),
    [
        ("vt100", "True"),
        ("linux", "False"),
        ("xterm-256color", "False"),
        ("nobody-knows-this-one", "False"),
        ("", "False"),
    ],
)
def test_terminfo_knows_which_terminals_have_no_colours(term: str, colourless: str) -> None:
    ask = f"from jobmon_tui.tui import terminal; print(terminal._is_colourless({term!r}))"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == colourless


@pytest.mark.parametrize(
    ("forms", "encoding", "written"),
    [
        (Forms.ALL, "utf-8", "✗ Zürich … 中"),
        (Forms.OURS, "utf-8", "x Zürich ~ 中"),
        (Forms.ASCII, "utf-8", "x Zurich ~ ??"),
        (Forms.ALL, "latin-1", "x Zürich ~ ??"),
        (Forms.ALL, "ascii", "x Zurich ~ ??"),
    ],
)
def test_what_is_painted_is_spelt_as_the_terminal_needs_it(forms: Forms, encoding: str, written: str) -> None:
    below = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    file = LastingFile(below, Pace())
    file.forms = forms
    file.write("✗ Zürich … 中")
    file.flush()
    assert below.buffer.getvalue().decode(encoding) == written  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("size", "whole", "window", "position", "bar"),
    [
        (10, 100, 10, 0, "#........."),
        (10, 100, 10, 90, ".........#"),
        (10, 20, 10, 5, "..#####..."),
        (10, 1_000_000, 10, 500_000, ".....#...."),
        (10, 5, 10, 0, ".........."),
        (3, 4, 0, 0, "..."),
        (10, 100, 10, 5_000, ".........#"),
    ],
)
def test_the_scroll_bar_is_of_whole_cells_and_reversed(
    size: int, whole: int, window: int, position: float, bar: str
) -> None:
    own = Color.parse("default")
    for vertical in (True, False):
        drawn = SolidScrollBar.render_bar(size, whole, window, position, 1, vertical, own, own)
        cells = [segment for segment in drawn.segments if segment.text != "\n"]
        styles = [segment.style or Style() for segment in cells]
        assert "".join("#" if style.reverse else "." for style in styles) == bar
        assert {segment.text for segment in cells} == {" "}
        assert all((style.meta["@mouse.down"] == "grab") is bool(style.reverse) for style in styles)
