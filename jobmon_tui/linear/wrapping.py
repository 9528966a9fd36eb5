"""Lines of at most so many cells, broken between words, with no control character in them."""

import unicodedata
from collections.abc import Iterator

from jobmon_tui.domain.text import clean

WIDEST = 80
_TAB = "    "


def cells(text: str) -> int:
    """Return how many cells clean text takes: two for a wide character, none for one that joins."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )


def plain(text: str) -> str:
    """Return text without any control character but the ends of its lines."""
    return clean(text).replace("\t", _TAB)


def wrapped(text: str, width: int = WIDEST) -> Iterator[str]:
    """Give the lines of a text, each of at most `width` cells; only a longer word is broken within."""
    for line in plain(text).split("\n"):
        yield from _wrapped(line.rstrip(), max(width, 2))


def _wrapped(line: str, width: int) -> Iterator[str]:
    if cells(line) <= width:
        yield line
        return
    kept = line[: len(line) - len(line.lstrip(" "))][: width // 2]
    empty = True
    for word in line.split():
        gap = "" if empty else " "
        if cells(kept) + len(gap) + cells(word) <= width:
            kept += gap + word
            empty = False
            continue
        if not empty:
            yield kept
        kept = ""
        for character in word:
            if cells(kept) + cells(character) > width:
                yield kept
                kept = ""
            kept += character
        empty = False
    yield kept
