"""One of a few words, chosen by keys."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message

from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said, both_ends


class Choice(PlainLines, can_focus=True):
    """A line with all the words; the chosen one is marked, without colour too."""

    BINDING_GROUP_TITLE = "Choice"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--chosen", "choice--other"}
    DEFAULT_CSS = """
    Choice {
        height: 1; padding: 0 1 0 0; background: $panel; color: $text; border-left: outer $border-blurred;
    }
    Choice:focus { border-left: outer $border; }
    Choice > .choice--other { color: $text-muted; }
    Choice > .choice--chosen { color: $text; text-style: bold; }
    Choice:focus > .choice--chosen {
        background: $block-cursor-background; color: $block-cursor-foreground;
        text-style: $block-cursor-text-style;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "choose(1)", "Next choice", show=False, id="next_choice"),
        Binding("left", "choose(-1)", "Choice before", show=False, id="choice_before"),
        Binding("down", "app.focus_next", "Next field", show=False, id="field_below"),
        Binding("up", "app.focus_previous", "Previous field", show=False, id="field_above"),
    ]

    class Changed(Message):
        """Another word was chosen."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self._words = tuple(words)
        self._value = words[0]

    @property
    def value(self) -> str:
        """The chosen word."""
        return self._value

    @value.setter
    def value(self, word: str) -> None:
        # A word that is not on offer is what a report has all the same: it must not be lost.
        if word not in self._words:
            self._words = (*self._words, word)
        if word != self._value:
            self._value = word
            self.post_message(self.Changed())
        self.say()

    def action_choose(self, step: int) -> None:
        """Choose the next word, or the one before."""
        at = self._words.index(self._value) + step
        if 0 <= at < len(self._words):
            self.value = self._words[at]

    def on_key(self, event: events.Key) -> None:
        """Choose by the first letter; others do nothing: none may open a screen from a form."""
        if event.is_printable and event.character not in {None, " "}:
            event.stop()
            event.prevent_default()
            first = str(event.character).casefold()
            self.value = next((word for word in self._words if word.startswith(first)), self._value)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Take the letters, as a field does, so that nothing else is offered on them."""
        return character is not None and character.isprintable() and key != "space"

    def on_focus(self) -> None:
        """Show that the keys go here."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that the keys go elsewhere."""
        self.refresh()

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the terminal's own cursor belongs: on the chosen word's mark."""
        x, y, _, _ = self.content_region
        return Offset(x + 1 + sum(len(word) + 6 for word in self._words[: self._words.index(self._value)]), y)

    def compose_lines(self, width: int) -> Said:
        """Return the line."""
        pieces: list[Piece] = []
        for word in self._words:
            chosen = word == self._value
            mark = f"({'●' if chosen else ' '}) {word}"
            pieces += [Piece(mark, "choice--chosen" if chosen else "choice--other"), Piece("  ")]
        return (both_ends(pieces, [], width),)

    def on_click(self, event: events.Click) -> None:
        """Choose the word under the mouse."""
        offset, end = event.get_content_offset(self), 0
        for word in self._words:
            end += len(word) + 6
            if offset is not None and offset.x < end:
                self.value = word
                return
