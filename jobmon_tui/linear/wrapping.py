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
    used, is_empty = len(kept), True
    for word in line.split():
        gap, size = "" if is_empty else " ", cells(word)
        if used + len(gap) + size <= width:
            kept, used, is_empty = f"{kept}{gap}{word}", used + len(gap) + size, False
            continue
        if not is_empty:
            yield kept
        kept, used, is_empty = word, size, False
        if size > width:
            *whole, kept = _pieces(word, width)
            yield from whole
            used = cells(kept)
    yield kept


def _pieces(word: str, width: int) -> Iterator[str]:
    begin = used = 0
    for at, character in enumerate(word):
        size = cells(character)
        if used + size > width:
            yield word[begin:at]
            begin, used = at, 0
        used += size
    yield word[begin:]
