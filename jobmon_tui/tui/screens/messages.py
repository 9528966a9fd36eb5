"""The messages that have come and gone."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from jobmon_tui.domain.text import one_line
from jobmon_tui.tui import rows
from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.times import reader
from jobmon_tui.tui.toasts import Told
from jobmon_tui.tui.widgets.pager import Pager
from jobmon_tui.tui.widgets.part_search import PartSearch, has_parts, parts_of


class MessagesScreen(Screen[None]):
    """Lists past toasts, newest first, all of each; a search shows those that hold its words."""

    BINDING_GROUP_TITLE = "Messages"
    DEFAULT_CSS = "MessagesScreen PartSearch { display: none; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("escape", "back", "Back", tooltip="Show all, or go back"),
        Binding("m", "app.pop_screen", "Back", show=False, id="messages"),
    ]

    def __init__(self, history: Sequence[Told]) -> None:
        super().__init__()
        self._history = history
        self._lines = [Static(_line(told), classes="message") for told in history]
        self._title_line = Static("", markup=False, classes="screen-title")
        self._empty = Static("", markup=False, classes="muted")

    def compose(self) -> ComposeResult:
        """Lay out the list, and the search below it."""
        yield self._title_line
        with Pager():
            yield self._empty
            yield from self._lines
        yield PartSearch("text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Show all of them; the keys go to the list, not to a search that is not seen."""
        self._narrow(())
        self.set_focus(self.query_one(Pager))

    def _narrow(self, parts: Sequence[str]) -> None:
        found = 0
        for told, line in zip(self._history, self._lines, strict=True):
            line.display = has_parts(parts, f"{told.kind.value} {told.text}")
            found += line.display
        count = rows.number(len(self._history))
        if parts:
            count = f"{rows.number(found)} of {count}, only “{one_line(' '.join(parts), 24)}”"
        self._title_line.update(Content(f"Messages ({count}), newest first"))
        back = key_of(self, "back")
        nothing = f"Nothing matches. {back} shows all." if parts else "Nothing was said yet."
        self._empty.update(Content(nothing))
        self._empty.display = not found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only keys that do something."""
        if action == "search":
            return bool(self._history) and not self.query_one(PartSearch).display
        return super().check_action(action, parameters)

    def action_search(self) -> None:
        """Open the search."""
        search = self.query_one(PartSearch)
        search.display = True
        self.set_focus(search)
        self.refresh_bindings()

    @on(Input.Changed, "#search")
    def searched(self, event: Input.Changed) -> None:
        """Search while it is typed."""
        self._narrow(parts_of(event.value))

    @on(PartSearch.Closed)
    def search_closed(self) -> None:
        """Give the keys back to the list."""
        self.query_one(PartSearch).display = False
        self.set_focus(self.query_one(Pager))
        self.refresh_bindings()

    def action_back(self) -> None:
        """Show all, or else go back to where this screen was called from."""
        search = self.query_one(PartSearch)
        if search.value:
            search.value = ""
        else:
            self.app.pop_screen()


def _line(told: Told) -> Content:
    return Content.assemble(
        (told.at.astimezone(reader.zone).strftime("%H:%M:%S "), "$text-muted"),
        (f"{told.kind.glyph} {told.kind.value:<8}", f"$text-{told.kind.colour}"),
        told.text,
    )
