"""What a widget with a cursor of its own has: the place where the terminal's cursor belongs."""

from typing import Protocol, runtime_checkable

from textual.geometry import Offset


@runtime_checkable
class CursorLeader(Protocol):
    """A widget that knows where its cursor is, in cells from the screen's corner."""

    @property
    def cursor_screen_offset(self) -> Offset:
        """The cell where reading starts."""
        ...
