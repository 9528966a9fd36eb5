"""A long text that fills its place: only rows in view are worked out, and only changed ones painted."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip

from jobmon_tui.tui.finding import Matches
from jobmon_tui.tui.full_text import FullText
from jobmon_tui.tui.text_rows import Row, TextRows
from jobmon_tui.tui.widgets import text_look
from jobmon_tui.tui.widgets.plain_lines import Piece
from jobmon_tui.tui.widgets.selected_rows import SelectedRows

_WHEEL = 3
CUT = "›"
"""Stands at the edge where a line goes on beyond it."""


class TextView(SelectedRows, can_focus=True):
    """Reads as in `less`: wrapped or moved sideways, searched, and followed while the text grows."""

    BINDING_GROUP_TITLE = "Output, full screen"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,enter", "move(1)", "Down", show=False, id="down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="up"),
        Binding("pagedown,space", "page(2)", "Page down", show=False, id="page_down"),
        Binding("pageup,b", "page(-2)", "Page up", show=False, id="page_up"),
        Binding("ctrl+d", "page(1)", "Half a page down", show=False, id="half_page_down"),
        Binding("ctrl+u", "page(-1)", "Half a page up", show=False, id="half_page_up"),
        Binding("home,g", "top", "Top", show=False, id="first"),
        Binding("end,G", "end", "End", show=False, id="last"),
        Binding("left", "sideways(-1)", "To the left, unwrapped", show=False, id="text_left"),
        Binding("right", "sideways(1)", "To the right, unwrapped", show=False, id="text_right"),
        Binding("tab", "part", "To the output, and back to the error", show=False, id="other_part"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = set(text_look.PARTS)
    DEFAULT_CSS = text_look.CSS

    class Moved(Message):
        """What is shown, or where, is another now."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._full = FullText()
        self._rows = TextRows("", 1, wrap=True)
        self._top = Row(0, 0)
        self._left = 0
        self._painted: dict[int, tuple[Piece, ...]] = {}
        self._page: Sequence[Row] = ()
        self._matches: Matches | None = None
        self._current: int | None = None
        self.following = False
        """True while the end is kept in view."""

    # What is shown

    def put(self, full: FullText) -> None:
        """Show this text: the place stays, or the end where it is followed."""
        if full == self._full:
            return
        place = self._full.place_in(full, self._top.start)
        at = None if self._current is None else self._full.place_in(full, self._match_at(self._current))
        self._full = full
        if self._matches is not None:
            self._matches = Matches(full.text, self._matches.wanted)
            self._current = None if at is None else self._matches.next_from(at)
        self._lay_out(place)

    def follow(self, following: bool) -> None:
        """Keep the end in view from now on, or no longer."""
        self.following = following
        self._go(self._top)

    @property
    def wrap(self) -> bool:
        """True while lines are wrapped."""
        return self._rows.wrap

    @wrap.setter
    def wrap(self, wrap: bool) -> None:
        self._left = 0
        self._lay_out(self._top.start, wrap=wrap)

    @property
    def column(self) -> int:
        """How far it is moved sideways."""
        return self._left

    @property
    def text(self) -> str:
        """The whole text."""
        return self._full.text

    @property
    def current_line(self) -> str:
        """The line of the match that was gone to, else the first one in view: what a copy of a line takes."""
        at = self._top.start if self._current is None else self._match_at(self._current)
        return self.text[self.text.rfind("\n", 0, at) + 1 :].partition("\n")[0]

    @property
    def at_end(self) -> bool:
        """True while the end is in view."""
        return not self._page or self._page[-1].end >= len(self.text)

    @property
    def progress(self) -> str:
        """How far one has read, such as `37 %`."""
        if self.at_end:
            return "end" if self._top.start else "all"
        return f"{100 * self._page[-1].end // max(1, len(self.text))} %" if self._top.start else "top"

    def _lay_out(self, place: int, *, wrap: bool | None = None) -> None:
        self._rows = TextRows(self.text, self.size.width, wrap=self.wrap if wrap is None else wrap)
        self._go(self._rows.at(place))

    def _go(self, top: Row) -> None:
        """Let this row, or the last one that leaves no room below, stand on top, and repaint what differs."""
        last = self._rows.last_page(self.size.height)
        before, self._top = self._top, last if self.following else min(top, last)
        if before != self._top:
            self.unselect()
        self._page = self._rows.page(self._top, self.size.height)
        for y in range(self.size.height):
            if self._painted.get(y) != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))
        self.post_message(self.Moved())

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the terminal's own cursor belongs: on the match that was gone to, else on the first row."""
        spot = Offset(0, 0)
        if self._current is not None:
            row = self._rows.at(self._match_at(self._current))
            if row in self._page:
                beside = self._match_at(self._current) - self._rows.seen(row, self._left).start
                spot = Offset(max(0, min(beside, self.size.width - 1)), self._page.index(row))
        return self.content_region.offset + spot

    # Painting

    @property
    def rows_said(self) -> Sequence[tuple[str, bool]]:
        """The text of each row in view, and whether a line ends with it."""
        lines = ("".join(piece.text for piece in self._line(y)) for y in range(len(self._page)))
        return [
            (line, self.text[row.end : row.end + 1] in {"", "\n"})
            for row, line in zip(self._page, lines, strict=True)
        ]

    def _line(self, y: int) -> tuple[Piece, ...]:
        if y >= len(self._page):
            return ()
        row = self._page[y]
        seen = row if self.wrap else self._rows.seen(row, self._left)
        cut = seen.end < row.end
        if cut:
            seen = self._rows.seen(row, self._left, self.size.width - 1)
        pieces = self._pieces(seen, self._full.style_at(row.start))
        return (*pieces, Piece(CUT, "cut")) if cut else pieces

    def _pieces(self, row: Row, style: str) -> tuple[Piece, ...]:
        matches = self._matches.within(row.start, row.end) if self._matches is not None else ()
        pieces: list[Piece] = []
        at = row.start
        for start in matches:
            begin, end = max(start, row.start), min(start + self._length, row.end)
            current = self._current is not None and start == self._match_at(self._current)
            pieces.append(Piece(self.text[at:begin], style))
            pieces.append(Piece(self.text[begin:end], "current" if current else "match"))
            at = end
        pieces.append(Piece(self.text[at : row.end], style))
        return tuple(piece for piece in pieces if piece.text)

    def render_line(self, y: int) -> Strip:
        """Paint one row."""
        line = self._painted[y] = self._line(y)
        base = self.rich_style
        segments = [
            Segment(
                piece.text,
                base + self.get_component_rich_style(f"text--{piece.style}", partial=True)
                if piece.style
                else base,
            )
            for piece in line
        ]
        return self.selectable(Strip(segments).adjust_cell_length(self.size.width, base), y)

    def notify_style_update(self) -> None:
        """Paint everything in its new colours."""
        super().notify_style_update()
        self._painted.clear()

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        self._painted.clear()
        self._lay_out(self._top.start)

    # Moving

    def action_move(self, rows: int) -> None:
        """Go down so many rows, or up."""
        self.following = self.following and rows > 0
        self._go(self._rows.moved(self._top, rows))

    def action_page(self, halves: int) -> None:
        """Go down so many half pages, or up."""
        self.action_move(halves * max(1, self.size.height // 2))

    def action_top(self) -> None:
        """Go to the beginning."""
        self.following = False
        self._go(self._rows.at(0))

    def action_end(self) -> None:
        """Go to the end."""
        self._go(self._rows.last_page(self.size.height))

    def action_sideways(self, direction: int) -> None:
        """Show what lies half a screen to the side, where lines are not wrapped."""
        half = max(1, self.size.width // 2)
        longest = max((row.end - row.start for row in self._page), default=0)
        if not self.wrap:
            self._left = max(0, min(self._left + direction * half, max(self._left, longest - half)))
            self._go(self._top)

    def action_part(self) -> None:
        """Go to the heading below, from the last one to the first."""
        below = [at for at in self._full.headings if at > self._top.start and not self.at_end]
        self.following = False
        self._go(self._rows.at(min(below, default=0)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go down by the wheel."""
        event.stop()
        self.action_move(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go up by the wheel."""
        event.stop()
        self.action_move(-_WHEEL)

    # Searching

    @property
    def matches(self) -> Matches | None:
        """What was found, None where nothing is looked for."""
        return self._matches

    @property
    def match(self) -> int | None:
        """The number of the match that was gone to, counted from 0."""
        return self._current

    @property
    def _length(self) -> int:
        return self._matches.length if self._matches is not None else 0

    def _match_at(self, number: int) -> int:
        return self._matches.starts[number] if self._matches is not None else 0

    def find(self, wanted: str) -> bool:
        """Look for this from the top of the view on, or else from the beginning: tell whether it went round.

        With nothing to look for, mark no match any more.
        """
        self._matches = Matches(self.text, wanted) if wanted else None
        self._current = None
        if not self._matches:
            self._go(self._top)
            return False
        below = self._matches.next_from(self._top.start)
        self._to_match(below or 0)
        return below is None

    def find_again(self, *, down: bool) -> bool:
        """Go to the next match or the one before; from the last to the first. Tell whether it went round."""
        found = self._matches
        if not found:
            return False
        here = self._top.start if self._current is None else self._match_at(self._current)
        after = here + (self._current is not None)
        number = found.next_from(after) if down else found.last_before(here)
        self._to_match(number if number is not None else (0 if down else len(found) - 1))
        return number is None

    def _to_match(self, number: int) -> None:
        self._current, self.following = number, False
        at = self._match_at(number)
        row = self._rows.at(at)
        beside = at - row.start
        if not self.wrap and not self._left <= beside <= self._left + self.size.width - self._length - 1:
            self._left = max(0, beside - self.size.width // 2)
        self._go(self._top if row in self._page else self._rows.moved(row, -(self.size.height // 3)))
