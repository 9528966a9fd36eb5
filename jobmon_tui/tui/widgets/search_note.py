"""The line under the search: what is wrong with which word, else what Tab makes of the last one."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len

from jobmon_tui.domain.search import KEYS_LINE, Problem, Search
from jobmon_tui.domain.search_completion import Completion
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said, both_ends

_LABEL = 30
"""Cells at most for each completion."""


def under(problem: Problem, text: str, scrolled: int, width: int) -> Sequence[Piece]:
    """Return carets under the word, with the message where there is room: behind, before, or in their place.

    `scrolled` is how many cells of `text` are out of view on the left.
    """
    start = 1 + cell_len(text[: problem.start]) - scrolled
    marks = "^" * max(1, cell_len(text[problem.start : problem.end]))
    if start >= 0:
        if start + len(marks) + 1 + cell_len(problem.message) <= width:
            return [Piece(" " * start), Piece(f"{marks} {problem.message}", "note--wrong")]
        room = start - cell_len(problem.message) - 1
        if room >= 0:
            return [Piece(" " * room), Piece(f"{problem.message} {marks}", "note--wrong")]
    return [Piece(f" {problem.message}", "note--wrong")]


class SearchNote(PlainLines):
    """One line; it stands where the keys stand else, so that opening the search moves nothing."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"note--wrong", "note--key", "note--muted"}
    DEFAULT_CSS = """
    SearchNote { dock: bottom; height: 1; background: $footer-background; color: $footer-foreground; }
    SearchNote > .note--wrong { color: $text-error; text-style: bold; }
    SearchNote > .note--key { color: $footer-key-foreground; text-style: bold; }
    SearchNote > .note--muted { color: $footer-description-foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._search = Search()
        self._text = ""
        self._scrolled = 0
        self._offers: Sequence[Completion] = ()
        self._keys = ("", "", "")

    def put(
        self,
        search: Search,
        text: str,
        scrolled: int,
        offers: Sequence[Completion],
        keys: tuple[str, str, str],
    ) -> None:
        """Say what is wrong with `text`, else what it may become; `keys` complete, keep, and give up."""
        self._search, self._text, self._scrolled, self._offers = search, text, scrolled, offers
        self._keys = keys
        self.say()

    def compose_lines(self, width: int) -> Said:
        """Return the line."""
        search, (complete, keep, give_up) = self._search, self._keys
        if search.problems:
            return (both_ends(under(search.problems[0], self._text, self._scrolled, width), [], width),)
        if self._offers:
            labels = " · ".join(one_line(each.label, _LABEL) for each in self._offers)
            return (
                both_ends(
                    [Piece(f" {complete}", "note--key"), Piece(f" {labels}", "note--muted")], [], width
                ),
            )
        said = search.begun or f"{keep} keeps it · {give_up} shows all · words: {KEYS_LINE}"
        return (both_ends([Piece(f" {said}", "note--muted")], [], width),)
