"""The messages that have come and gone."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from jobmon_tui.tui.times import reader
from jobmon_tui.tui.toasts import Told
from jobmon_tui.tui.widgets.pager import Pager


class MessagesScreen(Screen[None]):
    """Lists past toasts, newest first."""

    BINDING_GROUP_TITLE = "Messages"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("m", "app.pop_screen", "Back", show=False, id="messages"),
    ]

    def __init__(self, history: Sequence[Told]) -> None:
        super().__init__()
        self._history = history

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield Static(f"Messages ({len(self._history)}), newest first", markup=False, classes="screen-title")
        with Pager():
            if not self._history:
                yield Static("Nothing was said yet.", markup=False, classes="muted")
            for told in self._history:
                yield Static(
                    Content.assemble(
                        (told.at.astimezone(reader.zone).strftime("%H:%M:%S "), "$text-muted"),
                        (f"{told.kind.glyph} {told.kind.value:<8}", f"$text-{told.kind.colour}"),
                        told.text,
                    ),
                    classes="message",
                )
        yield Footer(show_command_palette=False)
