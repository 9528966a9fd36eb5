"""Finding words in a long text, without regard to case."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

MOST = 100_000
"""Matches that are counted; who looks for “e” in megabytes does not go to each of them."""


def folded(text: str) -> str:
    """Return the text with capitals made small, each character in its own place."""
    small = text.lower()
    if len(small) != len(text):
        small = text.replace("\u0130", "i").lower()  # the one character that becomes two
    return small.replace("ς", "σ")


class Matches:
    """Where `wanted`, which is not empty, stands in a text; none overlaps another."""

    def __init__(self, text: str, wanted: str) -> None:
        """Look through the whole text, up to `MOST` matches."""
        self.wanted = wanted
        self.starts: Sequence[int] = array("L")
        found, small, needle = array("L"), folded(text), folded(wanted)
        at = small.find(needle)
        while at >= 0 and len(found) < MOST:
            found.append(at)
            at = small.find(needle, at + len(needle))
        self.starts = found
        self.more = at >= 0
        """True where there are more than were counted."""

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def length(self) -> int:
        """How many characters each match has."""
        return len(self.wanted)

    def next_from(self, offset: int) -> int | None:
        """Return the number of the first match at `offset` or behind it, None where there is none."""
        number = bisect_left(self.starts, offset)
        return number if number < len(self.starts) else None

    def last_before(self, offset: int) -> int | None:
        """Return the number of the last match that begins before `offset`, None where there is none."""
        number = bisect_left(self.starts, offset) - 1
        return number if number >= 0 else None

    def within(self, start: int, end: int) -> Sequence[int]:
        """Return where the matches begin that show between two offsets, also in part."""
        first = bisect_right(self.starts, start - self.length)
        return self.starts[first : bisect_left(self.starts, end)]
