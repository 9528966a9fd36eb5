"""The dashboard in every kind of terminal that is promised: it starts, is read, retries, and leaves no trace.

The terminal is emulated; what a kind of terminal must not be sent is looked for in the bytes themselves.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.glyphs import status_text
from jobmon_tui.domain.plain_forms import as_ascii
from tests.e2e.terminal import Terminal

SGR = re.compile(rb"\x1b\[([\d;]*)m")
COLOUR = re.compile(r"(?:^|;)(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[25];[\d;]*)(?=;|$)")


@contextmanager
def dashboard(**environment: str) -> Iterator[Terminal]:
    terminal = Terminal([], environment, module="tests.tui.dashboard_program")
    try:
        yield terminal
    finally:
        terminal.close()


def colours(written: bytes) -> set[str]:
    """Return the kinds of colours that were asked for: `8`, `16`, `256`, `16M`."""
    found = set()
    for codes in SGR.findall(written):
        for match in COLOUR.finditer(codes.decode()):
            code = match[0].strip(";")
            kind = {"5": "256", "2": "16M"}[code.split(";")[1]] if code[1:3] == "8;" else None
            found.add(kind or ("8" if code[0] in "34" else "16"))
    return found


def line_with(terminal: Terminal, text: str) -> int:
    return next(at for at, line in enumerate(terminal.text.split("\n")) if text in line)


KINDS: dict[str, tuple[dict[str, str], set[str], bool]] = {
    # its environment, the colours it may be sent, whether in ASCII only
    "true colour": ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, {"16M"}, False),
    "256 colours": ({"TERM": "xterm-256color"}, {"256"}, False),
    "16 colours": ({"TERM": "xterm"}, {"8", "16"}, False),
    "screen": ({"TERM": "screen"}, {"8", "16"}, False),
    "linux": ({"TERM": "linux"}, {"8", "16"}, True),
    "vt100": ({"TERM": "vt100"}, set(), True),
    "NO_COLOR": ({"TERM": "xterm-256color", "NO_COLOR": "1"}, set(), False),
    "TEXTUAL_COLOR_SYSTEM=none": ({"TEXTUAL_COLOR_SYSTEM": "none"}, set(), False),
    "ansi": ({"STAGE_THEME": "ansi"}, {"8", "16"}, False),
    "LANG=C": ({"LANG": "C"}, {"256"}, True),
    "ascii streams": ({"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, {"256"}, True),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_dashboard_is_read_and_retries_in_every_kind_of_terminal(kind: str) -> None:
    environment, allowed, in_ascii = KINDS[kind]
    with dashboard(**environment) as terminal:
        words = [as_ascii(text) if in_ascii else text for text in map(status_text, Status)]
        terminal.wait_for(*words, "Zurich" if in_ascii and kind not in {"linux", "vt100"} else "Zürich")
        terminal.press("down", "up", "down")
        terminal.wait_for("2 of 6")
        # Of two rows one is the cursor's: by its mark, and by how it looks, without any colour too.
        mark = ">" if in_ascii else "›"
        at = line_with(terminal, f"{mark}#5")
        look, other = terminal.look_of(at, 12), terminal.look_of(at + 1, 12)
        assert look != other
        if not allowed or kind == "ansi":
            assert (look[4], other[4]) == (True, False), "the cursor's row is reversed"
        # The terminal's own cursor is on that row.
        assert terminal.cursor == (0, at)
        terminal.press("up", "r")
        terminal.wait_for("#7")
        terminal.press("q")
        assert terminal.wait_end() == 0
        written = bytes(terminal.written)
    assert colours(written) <= allowed
    assert bool(colours(written)) is bool(allowed)
    if in_ascii:
        names = written.decode().replace("ü", "").replace("–", "") if kind in {"linux", "vt100"} else ""
        assert (names or written.decode("latin-1")).isascii()
    # As it was before: no mouse, the normal screen, a cursor to be seen, no attribute left.
    for off, on in (
        (b"\x1b[?1000l", b"\x1b[?1000h"),
        (b"\x1b[?1049l", b"\x1b[?1049h"),
        (b"\x1b[?25h", b"\x1b[?25l"),
    ):
        assert written.rindex(off) > written.rindex(on)
    attributes = [codes for codes in SGR.findall(written) if codes]
    assert attributes[-1] == b"0"


def character_at(terminal: Terminal) -> str:
    column, line = terminal.cursor
    return terminal.text.split("\n")[line].ljust(column + 1)[column:]


def test_the_terminals_cursor_is_where_reading_goes_on() -> None:
    with dashboard() as terminal:
        terminal.wait_for("1 of 6")
        assert character_at(terminal).startswith("›#6")
        terminal.press("right")  # onto the action
        terminal.wait_for("Enter or Space")
        assert character_at(terminal).startswith("[↻ Retry]")
        terminal.press("left", "j", "j", "enter", "tab")
        terminal.wait_for("←→ headings")
        assert "#4" in character_at(terminal)
        terminal.press("escape")
        terminal.wait_gone("←→ headings")
        assert character_at(terminal).startswith("›#4")
        terminal.press("/", "sa")
        terminal.wait_for("sa")
        assert (character_at(terminal).strip(), terminal.cursor[0] > 1) == ("", True)  # behind what was typed
        terminal.press("escape")
        terminal.wait_for("1 of 6")
        terminal.press("s")
        terminal.wait_for("Reports: ")
        terminal.press("j")
        assert character_at(terminal).startswith("›Report")
        terminal.press("escape")
        terminal.wait_for("1 of 6")
        terminal.press("n")
        terminal.wait_for("Queue which report now?")
        line = terminal.text.split("\n")[terminal.cursor[1]]
        assert "part of its name" in line


def test_a_dumb_terminal_is_sent_no_control_sequence(tmp_path: Path) -> None:
    place = {"TERM": "dumb", "JOBMON_DATABASE_URL": f"sqlite:///{tmp_path}/jobmon.db", "HOME": str(tmp_path)}
    terminal = Terminal([], place)
    try:
        terminal.wait_for("Your name:")
        terminal.child.sendeof()
        terminal.wait_end()
    finally:
        terminal.close()
    assert terminal.written
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", terminal.written.decode())
