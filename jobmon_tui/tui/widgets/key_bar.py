"""The last line: the keys that work now.

Textual's own footer is a widget for each key; rebuilding it cost 4 kB on the line and 30 ms. The keys change
with the row under the cursor, so this one is a line of text.
"""

from typing import ClassVar

from rich.cells import cell_len
from textual import events

from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said, both_ends


class KeyBar(PlainLines):
    """Key and label of each binding that is shown and enabled; a click presses the key."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--label"}
    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $footer-background; color: $footer-foreground; }
    KeyBar > .keys--key { color: $footer-key-foreground; }
    KeyBar > .keys--label { color: $footer-description-foreground; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._keys: list[tuple[int, str]] = []

    def on_mount(self) -> None:
        """Hear of every change of the keys."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self.say())

    def compose_lines(self, width: int) -> Said:
        """Return the line, and remember where each key ends."""
        pieces: list[Piece] = []
        self._keys = []
        end = 0
        actions: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or not active.enabled or binding.action in actions:
                continue
            actions.add(binding.action)
            key = Piece(f" {self.app.get_key_display(binding)}", "keys--key")
            label = Piece(f" {binding.description}", "keys--label")
            pieces += [key, label]
            end += cell_len(key.text) + cell_len(label.text)
            self._keys.append((end, binding.key))
        return (both_ends(pieces, [], width),)

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        for end, key in self._keys:
            if event.x < end:
                self.app.simulate_key(key)
                return
