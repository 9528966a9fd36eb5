"""Columns of a list of records: which there is room for, how wide each is, and a record's line in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from jobmon_tui.tui import rows
from jobmon_tui.tui.widgets.cells import Cell, Line, joined


@dataclass(frozen=True, slots=True)
class PlainColumn:
    """A column. `width` in cells; 0 takes what is left. `from_width`: narrower lists leave it out."""

    name: str
    width: int = 0
    from_width: int = 0
    least: int = 10
    """Cells that a column without a width keeps at least."""


@dataclass(frozen=True, slots=True)
class PlainColumns:
    """Columns from left to right, after one cell for the cursor's mark; a cell between each two."""

    columns: Sequence[PlainColumn]

    def widths(self, width: int) -> Mapping[str, int]:
        """Return the columns that a list `width` cells wide has, with their widths."""
        shown = [each for each in self.columns if width >= each.from_width]
        left = width - 1 - sum(each.width for each in shown) - (len(shown) - 1)
        free = [each for each in shown if not each.width]
        share = max(1, left) // max(1, len(free))
        found = {each.name: each.width or max(each.least, share) for each in shown}
        if free:
            # What does not divide evenly goes to the first of them.
            found[free[0].name] += max(0, left - share * len(free))
        return found

    def heading(self, width: int, titles: Mapping[str, str] = MappingProxyType({})) -> Line:
        """Return the line above the rows, with `titles` in place of the names of some columns."""
        shown = self.widths(width).items()
        names = " ".join(rows.fit(titles.get(name, name), cells) for name, cells in shown)
        return (Cell(rows.fit(f" {names}", width), "header"),)

    def line(self, width: int, texts: Mapping[str, tuple[str, str]]) -> Line:
        """Return a line from each column's text, already clean, and the name of its style."""
        line = [Cell(" ", "row")]
        used = 1
        for name, cells in self.widths(width).items():
            text, style = texts[name]
            shown = rows.fit(text, min(cells, max(0, width - used)))
            # Blank cells go with what stands before them: each change of style costs bytes on a slow line.
            line.append(Cell(shown + (" " if used + cells < width else ""), style if text.strip() else "row"))
            used += cells + 1
        line.append(Cell(" " * max(0, width - used), "row"))
        return joined(line)
