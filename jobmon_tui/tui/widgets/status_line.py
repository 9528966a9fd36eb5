"""The line above the keys: the name of what is focused, and which rows are shown."""

from typing import ClassVar

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.ports import ExecutionFilter
from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said, both_ends


def filter_text(wanted: ExecutionFilter) -> str:
    """Return a filter in words, such as `Failed, Running · “air”`; empty where nothing narrows."""
    parts = [", ".join(status.value for status in Status if status in wanted.statuses)]
    if wanted.search:
        parts.append(f"“{one_line(wanted.search, 24)}”")
    return " · ".join(part for part in parts if part)


class StatusLine(PlainLines):
    """One line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--muted", "status--filter", "status--name"}
    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; color: $text; }
    StatusLine > .status--muted { color: $text-muted; }
    StatusLine > .status--filter { color: $text-warning; text-style: bold; }
    StatusLine > .status--name { color: $text; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._name = ""
        self._hint = ""
        self._filter = ""
        self._count = ""

    def put(self, *, name: str = "", hint: str = "", narrowed: str = "", count: str = "") -> None:
        """Say the focused action's name or else a hint, the filter, and how many rows there are."""
        self._name, self._hint, self._filter, self._count = name, hint, narrowed, count
        self.say()

    def compose_lines(self, width: int) -> Said:
        """Return the line."""
        left = [Piece(f" {self._name}", "status--name") if self._name else Piece(f" {self._hint}")]
        right = [Piece(f"{self._count or 'none'} ", "status--muted")] if self._count or self._filter else []
        if self._filter:
            right = [Piece(f"{self._filter} · ", "status--filter"), *right]
        return (both_ends(left, right, width),)
