"""The list of the Reports, Workers and Audit screens: records keep their line, and the cursor its record."""

from collections.abc import Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from textual.message import Message

from jobmon_tui.tui import rows
from jobmon_tui.tui.widgets.cells import CURSOR_MARK, Cell, Line
from jobmon_tui.tui.widgets.line_list import LineList

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class Records(Protocol[T_co]):
    """What a list shows at one moment, by position from the top."""

    @property
    def total(self) -> int:
        """How many there are."""
        ...

    def at(self, position: int) -> T_co | None:
        """Return a record, None while it is being read."""
        ...

    def key_at(self, position: int) -> Hashable:
        """Return what stays the same of the record at this position, though the record changes."""
        ...

    def position_of(self, key: Hashable) -> int | None:
        """Return where the record with this key stands, None where it is gone."""
        ...


class Held(Generic[T]):
    """Records that are all in memory."""

    def __init__(self, records: Sequence[T], keys: Sequence[Hashable]) -> None:
        """Hold them as they are sorted; `keys` has the key of each."""
        self._records = records
        self._keys = keys
        self._positions = {key: at for at, key in enumerate(keys)}

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self._records)

    def at(self, position: int) -> T | None:
        """Return a record."""
        return self._records[position] if 0 <= position < len(self._records) else None

    def key_at(self, position: int) -> Hashable:
        """Return the key of a record."""
        return self._keys[position]

    def position_of(self, key: Hashable) -> int | None:
        """Return where a record stands."""
        return self._positions.get(key)


class Face(Protocol[T_contra]):
    """How records read in a line of some width."""

    def heading(self, width: int) -> Line:
        """Return the line above the rows."""
        ...

    def line(self, record: T_contra, width: int) -> Line:
        """Return the line of a record."""
        ...


class Highlighted(Message):
    """The cursor stands on another record, or its record has changed."""


class Beyond(Message):
    """Somebody asked for what comes after the last record."""


class Reached(Message):
    """These rows are wanted: they are seen, and may have to be read."""

    def __init__(self, first: int, height: int) -> None:
        super().__init__()
        self.first = first
        self.height = height


_NONE: Held[object] = Held((), ())


class RecordList(LineList, Generic[T]):
    """Shows records; new ones above the view move nothing that is seen."""

    def __init__(self, face: Face[T], *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._face = face
        self._records: Records[T] = _NONE  # type: ignore[assignment]  # empty: of any kind
        self._key: Hashable = None
        self._told: tuple[object, int] | None = None
        self._notice = ""

    @property
    def total(self) -> int:
        """How many records there are."""
        return self._records.total

    @property
    def current(self) -> T | None:
        """The cursor's record."""
        return self._records.at(self._cursor)

    def put(self, records: Records[T], *, wish: Hashable = None) -> None:
        """Show these. The cursor keeps its record, or goes to the one with the key `wish`.

        What is seen keeps its lines, but at its top the list stays at its top.
        """
        key = self._key if wish is None else wish
        anchor = self._cursor if self.cursor_in_view else self.first
        held = self._records.key_at(anchor) if anchor < self._records.total else None
        first = self.first
        before, self._records = self._records, records
        if held is not None and first > 0 and records is not before:
            moved = records.position_of(held)
            first += moved - anchor if moved is not None else 0
        self.resize_list()
        self.scroll_quietly(first)
        found = records.position_of(key) if key is not None else None
        self._cursor = max(0, min(self._cursor if found is None else found, records.total - 1))
        if wish is not None or first == 0:
            self.bring_into_view()
        self.settled()

    def to_top(self) -> None:
        """Forget which record the cursor was on, and begin at the top."""
        self._key = None
        self._cursor = 0
        self.scroll_quietly(0)

    def say(self, notice: str) -> None:
        """Say this where there is no row; one plain line."""
        if notice != self._notice:
            self._notice = notice
            self.repaint()

    def line(self, y: int) -> Line:
        """Return the cells of a line of the view."""
        width = self.line_width
        if y == 0:
            return self._face.heading(width)
        position = self.first + y - 1
        if position >= self.total:
            notice = f" {self._notice}" if self.total == 0 and y == 2 else ""
            return (Cell(rows.fit(notice, width), "row"),)
        record = self._records.at(position)
        at_cursor = position == self._cursor
        line: Line = (Cell(rows.fit(" …", width), "muted"),)
        if record is not None:
            line = self._face.line(record, width)
        if not at_cursor:
            return line
        style = "cursor" if self.has_focus else "cursor-blurred"
        text = "".join(cell.text for cell in line)
        return (Cell(CURSOR_MARK + text[1:], style),)

    def settled(self) -> None:
        """Repaint what differs, and tell what the cursor is on."""
        if self.total:
            self._key = self._records.key_at(self._cursor)
        self.repaint()
        told = (self.current, self.total)
        if told != self._told:
            self._told = told
            self.post_message(Highlighted())
        self.post_message(Reached(self.first, self.rows_in_view))

    def go(self, position: int) -> None:
        """Put the cursor on a row; what lies beyond the last one is asked for."""
        if position >= self.total:
            self.post_message(Beyond())
        super().go(position)

    def action_last(self) -> None:
        """Go to the last row, and ask for what comes after it."""
        super().action_last()
        self.post_message(Beyond())
