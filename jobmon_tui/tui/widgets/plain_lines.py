"""A widget of a few fixed lines that repaints a line only when what it says has changed."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from jobmon_tui.tui import rows


class Piece(NamedTuple):
    """A piece of text on one line, already clean; `style` is one of the widget's component classes."""

    text: str
    style: str = ""


Said = tuple[tuple[Piece, ...], ...]


class PlainLines(Widget):
    """Lines made of pieces. A subclass says them in `compose_lines`."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._said: Said = ()

    def compose_lines(self, width: int) -> Said:
        """Return what the lines say at this width."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """What the lines say, for tests and screen readers."""
        return "\n".join("".join(piece.text for piece in line) for line in self._said)

    def say(self) -> None:
        """Repaint the lines that say something else than before."""
        said = self.compose_lines(self.size.width)
        before, self._said = self._said, said
        for y in range(max(len(said), len(before))):
            if before[y : y + 1] != said[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        """Say it for the new width."""
        self.say()

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        pieces = self._said[y] if y < len(self._said) else ()
        base = self.rich_style
        segments = [
            Segment(
                piece.text,
                base + self.get_component_rich_style(piece.style, partial=True) if piece.style else base,
            )
            for piece in pieces
        ]
        return Strip(segments).adjust_cell_length(self.size.width, base)


def both_ends(left: Sequence[Piece], right: Sequence[Piece], width: int) -> tuple[Piece, ...]:
    """Return one line: `left`, cut where it must be, then spaces, then `right` whole at the edge."""
    taken = sum(cell_len(piece.text) for piece in right)
    room = max(0, width - taken - (1 if right else 0))
    kept: list[Piece] = []
    for piece in left:
        used = sum(cell_len(each.text) for each in kept)
        short = rows.cut(piece.text, room - used)
        kept.append(Piece(short, piece.style))
        if short != piece.text:
            break
    used = sum(cell_len(each.text) for each in kept)
    return (*kept, Piece(" " * max(0, width - used - taken)), *right)
