"""A scroll bar of whole cells that needs no colour: what stands for the view is reversed."""

from math import ceil

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender

_GREY = Color.parse("#808080")


class SolidScrollBar(ScrollBarRender):
    """Draws no eighths of cells, which neither ASCII nor a poor font has, and which cost bytes."""

    @classmethod
    def render_bar(  # noqa: PLR0917  # the base class's signature
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color = _GREY,
        bar_color: Color = _GREY,
    ) -> Segments:
        """Return the bar; sizes and position in cells."""
        blank = cls.BLANK_GLYPH * (thickness if vertical else 1)
        first, last = _thumb(size, virtual_size, window_size, position)
        back = Style(color=bar_color, bgcolor=back_color)
        segments = [
            *[Segment(blank, back + Style(meta={"@mouse.down": "scroll_up"}))] * first,
            *[Segment(blank, back + Style(reverse=True, meta={"@mouse.down": "grab"}))] * (last - first),
            *[Segment(blank, back + Style(meta={"@mouse.down": "scroll_down"}))] * (size - last),
        ]
        if vertical:
            return Segments(segments, new_lines=True)
        return Segments([*segments, Segment.line()] * thickness, new_lines=False)


def _thumb(size: int, whole: float, window: float, position: float) -> tuple[int, int]:
    """Return the first cell of what stands for the view, and the one after its last."""
    if not (window and size and whole and size != whole) or whole <= window:
        return 0, 0
    length = min(size, max(1, ceil(window * size / whole)))
    first = round((size - length) * min(1.0, position / (whole - window)))
    return first, first + length
