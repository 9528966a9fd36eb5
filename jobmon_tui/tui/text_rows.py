"""Where the rows of a long text begin and end: worked out only around the place that is shown.

Nothing here depends on how long the text is, or one line of it: a row is found from any offset, and the rows
beside it from there. Offsets count characters of the text; widths are in terminal cells.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from rich.cells import get_character_cell_size

_NARROW = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u2010-\u2027\u2500-\u25fc\u2800-\u28ff\ufffd]*"
)
"""Characters of one cell each; those that stand in usual output, not all that there are."""
_WIDENS = "\ufe0f"
"""Variation selector 16: it may make the character before it one cell wider."""
_PIECE = 256
"""A long line is broken in pieces of so many rows, each by itself, so that none takes long."""
_EXACT = 65_536
"""Characters of a line up to which columns are cells where some are wide; beyond that they are characters."""
_MOST = 4
"""Characters in a row for each of its cells: thousands of marks may stand on one letter."""


class Row(NamedTuple):
    """A row shows the text from `start` up to `end`; it never holds a newline."""

    start: int
    end: int


def _width(character: str) -> int:
    return 1 if character == _WIDENS else get_character_cell_size(character)


def _is_narrow(text: str) -> bool:
    return text.isascii() or _NARROW.fullmatch(text) is not None


def _breaks(piece: str, width: int) -> Sequence[int]:
    """Return where each row of a piece begins: no wide character is halved, a mark stays on its letter."""
    if _is_narrow(piece):
        return range(0, max(1, len(piece)), width)
    ends = list(accumulate(map(_width, piece)))
    starts, at = [0], 0
    while True:
        used = ends[at - 1] if at else 0
        after = min(bisect_right(ends, used + width, lo=at), at + _MOST * width)
        at = max(after, at + 1)
        if at >= len(piece):
            return starts
        starts.append(at)


class TextRows:
    """The rows of a clean text without tabs at one width; with `wrap` off a row is a whole line."""

    def __init__(self, text: str, width: int, *, wrap: bool) -> None:
        """Take any text; a width below 1 counts as 1."""
        self.text = text
        self.width = max(1, width)
        self.wrap = wrap
        self._broken: dict[Row, Sequence[int]] = {}

    def at(self, offset: int) -> Row:
        """Return the row that shows the character at `offset`; a newline belongs to the row that it ends."""
        offset = max(0, min(offset, len(self.text)))
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        if not self.wrap:
            return Row(start, end)
        size = _PIECE * self.width
        offset = max(start, min(offset, end - 1))
        first = start + (offset - start) // size * size
        piece = Row(first, min(end, first + size))
        breaks = self._broken.get(piece)
        if breaks is None:
            breaks = self._broken[piece] = _breaks(self.text[piece.start : piece.end], self.width)
        number = bisect_right(breaks, offset - first) - 1
        after = breaks[number + 1] if number + 1 < len(breaks) else piece.end - first
        return Row(first + breaks[number], first + after)

    def after(self, row: Row) -> Row | None:
        """Return the row below, None at the end."""
        if row.end >= len(self.text):
            return None
        return self.at(row.end + (self.text[row.end] == "\n"))

    def before(self, row: Row) -> Row | None:
        """Return the row above, None at the top."""
        return self.at(row.start - 1) if row.start else None

    def moved(self, row: Row, rows: int) -> Row:
        """Return the row so many further down, or up where negative; the outermost where there are fewer."""
        for _ in range(abs(rows)):
            beside = self.after(row) if rows > 0 else self.before(row)
            if beside is None:
                break
            row = beside
        return row

    def page(self, top: Row, height: int) -> Sequence[Row]:
        """Return at most `height` rows from `top` on."""
        rows: list[Row] = []
        row: Row | None = top
        while row is not None and len(rows) < height:
            rows.append(row)
            row = self.after(row)
        return rows

    def last_page(self, height: int) -> Row:
        """Return the row on top where the last one stands at the bottom."""
        return self.moved(self.at(len(self.text)), 1 - max(1, height))

    def seen(self, row: Row, left: int, width: int | None = None) -> Row:
        """Return the part of a row that is seen from column `left` on, as wide as the rows or as `width`."""
        width = self.width if width is None else max(0, width)
        # One more than is seen: what follows may be a mark on the last letter.
        if _is_narrow(self.text[row.start : min(row.end, row.start + left + width + 1)]):
            start = min(row.start + left, row.end)
            return Row(start, min(start + width, row.end))
        if row.end - row.start > _EXACT:
            row, left = Row(min(row.start + left, row.end), row.end), 0
        line = self.text[row.start : min(row.end, row.start + _MOST * (left + width))]
        ends = list(accumulate(map(_width, line)))
        starts = [0, *ends]
        first = bisect_left(starts, left, hi=len(line))
        while 0 < first < len(line) and not _width(line[first]):
            first += 1
        last = bisect_right(ends, starts[first] + width, lo=first)
        return Row(row.start + first, row.start + last)
