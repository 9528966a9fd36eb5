"""How the last 24 hours stand in the header: figures, and beside each its chart where there is room."""

from rich.cells import cell_len

from jobmon_tui.tui import rows
from jobmon_tui.tui.day import Day
from jobmon_tui.tui.sparks import spark, summed
from jobmon_tui.tui.widgets.plain_lines import Piece

_WIDTHS = (24, 12, 8, 6, 0)
"""Cells of a chart: one, two, three or four hours in each; at last the figures alone."""


def forms(day: Day, *, charts: bool) -> list[tuple[Piece, ...]]:
    """Return what can be said of a day, the most first. Without `charts` the figures alone."""
    return [_form(day, width) for width in (_WIDTHS if charts else _WIDTHS[-1:])]


def _form(day: Day, width: int) -> tuple[Piece, ...]:
    said: list[Piece] = []
    for before, counts, after, style in (
        ("24 h: ", day.ended, " ended", "header--succeeded"),
        (" · ", day.failed, " failed", "header--failed"),
    ):
        said.append(Piece(f"{before}{rows.number(sum(counts), compact=True)}{after}", "header--muted"))
        if width and any(counts):
            said.append(Piece(f" {spark(summed(counts, width))}", style))
    return (*said, Piece(" "))


def cells(pieces: tuple[Piece, ...]) -> int:
    """Return how many cells they take."""
    return sum(cell_len(piece.text) for piece in pieces)
