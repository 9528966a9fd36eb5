"""What the terminal shows, remembered, so that of a frame only the cells that differ go over the line.

Textual repaints whole lines of widgets, each run of text in its full style. As curses does, this compares
with what was sent before. What it cannot be sure of it sends as it came: text about whose width terminals
do not agree, and every sequence but moves of the cursor and styles.
"""

import re
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from unicodedata import bidirectional, category, east_asian_width

from rich.cells import cell_len

from jobmon_tui.tui.sgr import PLAIN, RESET, Look, change, changed, of_blank

_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|\n*\x1b\[(?:([0-9]+)(?:;([0-9]+))?)?H")
_STRANGE = re.compile(r"[\x00-\x1f\x7f]")
_SHORT_GAP = 6
"""Cells between two differences that cost less than a move of the cursor."""
_LONG_BLANK = 12
"""Cells that are erased in fewer bytes than blanks take."""
_EMOJI = 0x1F000


Cell = tuple[str, Look]


class _Span(NamedTuple):
    y: int
    x: int
    cells: list[Cell]
    plain: bool
    """False where its width is uncertain: then it is one piece."""


@lru_cache(4096)
def _is_one_cell(character: str) -> bool:
    """Tell whether every terminal gives it one cell, and keeps it where it was put."""
    return (
        ord(character) < _EMOJI
        and cell_len(character) == 1
        and east_asian_width(character) in {"N", "Na", "H", "A"}
        and category(character) not in {"Mn", "Mc", "Me", "Cf", "Cc", "Cs"}
        and bidirectional(character) not in {"R", "AL"}
    )


def _is_plain(text: str) -> bool:
    return text.isascii() or all(map(_is_one_cell, text))


class OnScreen:
    """The screen as it was sent. `lean` gives what to send for a frame."""

    def __init__(self, *, erases: bool = False) -> None:
        """`erases` says that the terminal can erase cells in the ground that is set (ECH, with bce)."""
        self._erases = erases
        self._lines: dict[int, dict[int, Cell]] = {}
        self._cursor = ""
        self._look: Look | None = PLAIN

    def forget(self) -> None:
        """Take nothing for granted: somebody else may have written there, or it has another size."""
        self._lines.clear()
        self._cursor = ""
        self._look = None

    def lean(self, frame: str) -> str:
        """Return what makes the screen look as after the frame: cells and cursor. It may be nothing.

        A frame begins with a move of the cursor, and begins and ends with no style set. What is sent for it
        may leave a style set; `plain` ends that.
        """
        read = _read(frame)
        if read is None:
            start = self.plain()
            self.forget()
            return start + frame
        spans, cursor = read
        pen = _Pen(self._look, self._erases)
        for span in spans:
            self._send(span, pen)
        sent, self._look = pen.sent, pen.look
        if not sent and cursor == self._cursor:
            return ""
        self._cursor = cursor
        return sent + cursor

    def plain(self) -> str:
        """Return what ends the style that is set."""
        look, self._look = self._look, PLAIN
        return "" if look == PLAIN else RESET

    def _send(self, span: _Span, pen: "_Pen") -> None:
        line = self._lines.setdefault(span.y, {})
        if not span.plain:
            # Wherever its cells are, from here on the line is unknown.
            for x in [x for x in line if x >= span.x]:
                del line[x]
            pen.write(span.y, span.x, span.cells, certain=False)
            return
        cells = [(text, of_blank(look) if text == " " else look) for text, look in span.cells]
        for begin, end in _differences(cells, line, span.x):
            pen.write(span.y, span.x + begin, cells[begin:end])
        line.update(enumerate(cells, span.x))


def _read(frame: str) -> tuple[list[_Span], str] | None:
    """Return what a frame writes and where it leaves the cursor; None where it does more than that."""
    spans: list[_Span] = []
    look, end, place, cursor = PLAIN, 0, (1, 1), ""
    for token in [*_TOKEN.finditer(frame), None]:
        text = frame[end : token.start() if token else len(frame)]
        if text:
            if _STRANGE.search(text):
                return None
            cells = [(each, look) for each in text]
            if spans and not cursor:
                last = spans[-1]
                spans[-1] = last._replace(cells=last.cells + cells, plain=last.plain and _is_plain(text))
            else:
                spans.append(_Span(*place, cells, _is_plain(text)))
            cursor = ""
        if token is None:
            break
        end = token.end()
        parameters, y, x = token.groups()
        if parameters is None:
            place, cursor = (int(y or 1), int(x or 1)), token.group().lstrip("\n")
        else:
            look = changed(look, parameters)
    return (spans, cursor) if look == PLAIN else None


def _differences(cells: list[Cell], line: dict[int, Cell], x: int) -> list[tuple[int, int]]:
    """Return which cells differ from those at `x`, as half-open ranges; near ones are one range."""
    found: list[tuple[int, int]] = []
    for at, cell in enumerate(cells):
        if line.get(x + at) != cell:
            if found and at - found[-1][1] <= _SHORT_GAP:
                found[-1] = (found[-1][0], at + 1)
            else:
                found.append((at, at + 1))
    return found


class _Pen:
    """Writes cells, and knows where it is and in which style; None where that is not known."""

    def __init__(self, look: Look | None, erases: bool) -> None:
        self._parts: list[str] = []
        self._erases = erases
        self.look = look
        self._place: tuple[int, int] | None = None

    @property
    def sent(self) -> str:
        """All of it."""
        return "".join(self._parts)

    def write(self, y: int, x: int, cells: list[Cell], *, certain: bool = True) -> None:
        """Write cells; where their widths are not `certain`, nobody knows where the pen is after that."""
        if self._place != (y, x):
            self._parts.append(f"\x1b[{y};{x}H")
        self._place = (y, x + len(cells)) if certain else None
        for (text, look), run in groupby(cells):
            count = len(list(run))
            if text == " " and certain and not look.attributes:
                self._blanks(count, look.ground)
            else:
                self._wear(look)
                self._parts.append(text * count)

    def _blanks(self, count: int, ground: str) -> None:
        self._wear((self.look or PLAIN).on(ground))
        if self._erases and count >= _LONG_BLANK:
            # Erasing leaves the pen where it is.
            self._parts.append(f"\x1b[{count}X\x1b[{count}C")
        else:
            self._parts.append(" " * count)

    def _wear(self, look: Look) -> None:
        if self.look is None:
            self._parts.append(RESET)
        self._parts.append(change(self.look or PLAIN, look))
        self.look = look
