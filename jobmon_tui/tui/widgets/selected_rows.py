"""What the mouse has selected in rows that are painted one by one."""

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget


class SelectedRows(Widget):
    """A widget whose rows can be selected with the mouse. A subclass says what stands in them."""

    @property
    def rows_said(self) -> Sequence[tuple[str, bool]]:
        """The text of each row in view, and whether a line ends with it."""
        raise NotImplementedError

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return what is selected, with lines whole where they are wrapped, and what stands behind it."""
        said = ""
        for y, (text, ends) in enumerate(self.rows_said):
            span = selection.get_span(y)
            if span is not None:
                said += text[span[0] : None if span[1] < 0 else span[1]] + ("\n" if ends else "")
        return said.removesuffix("\n"), "\n"

    def unselect(self) -> None:
        """Forget what is selected: other rows stand there now."""
        if self.text_selection is not None:
            self.screen.clear_selection()

    def selectable(self, strip: Strip, y: int) -> Strip:
        """Return a row as it is painted, with what is selected marked."""
        selection = self.text_selection
        span = selection.get_span(y) if selection is not None else None
        if span is not None:
            start, end = span[0], strip.cell_length if span[1] < 0 else span[1]
            style = self.screen.get_component_rich_style("screen--selection")
            marked = Strip(Segment.apply_style(strip.crop(start, end), post_style=style))
            strip = Strip.join([strip.crop(0, start), marked, strip.crop(end)])
        return strip.apply_offsets(*Offset(0, y))
