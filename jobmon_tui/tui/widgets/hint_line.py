"""The line that says what the starter's own key is for, as long as that is needed."""

from typing import ClassVar

from jobmon_tui.domain.text import one_line
from jobmon_tui.tui.contracts import Extra
from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said, both_ends

_LOOK = 1.0
"""Seconds between looks: what was missing may have been put there by hand."""


class HintLine(PlainLines):
    """One line, or none."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"hint--text"}
    DEFAULT_CSS = """
    HintLine { height: 1; background: $panel; display: none; }
    HintLine.-needed { display: block; }
    HintLine > .hint--text { color: $text-warning; text-style: bold; }
    """

    def __init__(self, extra: Extra | None) -> None:
        super().__init__()
        self._extra = extra

    def on_mount(self) -> None:
        """Look now, from time to time, and whenever the keys change."""
        if self._extra is not None:
            self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self._look())
            self.set_interval(_LOOK, self._look)
            self._look()

    def _look(self) -> None:
        needed = self._extra is not None and self._extra.needed()
        if needed != self.has_class("-needed"):
            self.set_class(needed, "-needed")
            self.say()
            self.screen.refresh_bindings()

    def compose_lines(self, width: int) -> Said:
        """Return the line."""
        said = f" {one_line(self._extra.hint)}" if self._extra is not None else ""
        return (both_ends([Piece(said, "hint--text")], [], width),)
