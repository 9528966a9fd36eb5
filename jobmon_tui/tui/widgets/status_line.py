"""The line above the keys: the name of what is focused, and which rows are shown."""

from typing import ClassVar

from rich.cells import cell_len

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui import rows
from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said, both_ends


def filter_text(wanted: ExecutionFilter, since: str | None = None, unknown: str = "") -> str:
    """Return a filter in words, such as `Failed, Running · “air” · since 2h`; empty where nothing narrows.

    `since` is how that was typed, `unknown` what was not understood, and so narrows nothing.
    """
    parts = [", ".join(status.value for status in Status if status in wanted.statuses)]
    parts += [f"“{one_line(wanted.search, _WORD)}”"] if wanted.search else []
    parts += [f"error “{one_line(wanted.error, _WORD)}”"] if wanted.error else []
    parts += [f"since {one_line(since or wanted.since.isoformat(), _WORD)}"] if wanted.since else []
    parts += [f"by {one_line(wanted.by, _WORD)}"] if wanted.by else []
    parts += [f"not understood: {one_line(unknown, _WORD)}"] if unknown else []
    return " · ".join(part for part in parts if part)


_WORD = 24
"""Characters at most of what was typed."""


class StatusLine(PlainLines):
    """One line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--muted", "status--filter", "status--name", "status--new"}
    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; color: $text; }
    StatusLine > .status--muted { color: $text-muted; }
    StatusLine > .status--filter { color: $text-warning; text-style: bold; }
    StatusLine > .status--new { color: $text-accent; text-style: bold; }
    StatusLine > .status--name { color: $text; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._name = ""
        self._hint = ""
        self._filter = ""
        self._new = ""
        self._count = ""

    def put(
        self, *, name: str = "", hint: str = "", narrowed: str = "", new: str = "", count: str = ""
    ) -> None:
        """Say the focused action's name or else a hint, the filter, what is new, and how many rows match."""
        self._name, self._hint, self._filter, self._new, self._count = name, hint, narrowed, new, count
        self.say()

    def compose_lines(self, width: int) -> Said:
        """Return the line."""
        left = [Piece(f" {self._name}", "status--name") if self._name else Piece(f" {self._hint}")]
        right = [Piece(f"{self._count or 'none'} ", "status--muted")] if self._count or self._filter else []
        if self._new:
            right = [Piece(f"{self._new} · ", "status--new"), *right]
        if self._filter:
            room = width - sum(cell_len(piece.text) for piece in right) - 4
            right = [Piece(f"{rows.cut(self._filter, room)} · ", "status--filter"), *right]
        return (both_ends(left, right, width),)
