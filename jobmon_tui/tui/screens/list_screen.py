"""What the Reports, Workers and Audit screens are: a live list, a search, the details of a record."""

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui import rows
from jobmon_tui.tui.clipboard import Copied, record_text
from jobmon_tui.tui.frame import frame, key_of
from jobmon_tui.tui.screens.beside import WIDE, layout_css
from jobmon_tui.tui.screens.hints import in_details, to_details
from jobmon_tui.tui.screens.live import Live
from jobmon_tui.tui.story import Section
from jobmon_tui.tui.widgets.key_bar import KeyBar
from jobmon_tui.tui.widgets.part_search import PartSearch, parts_of
from jobmon_tui.tui.widgets.record_list import Face, Highlighted, RecordList
from jobmon_tui.tui.widgets.sections import SectionsPanel
from jobmon_tui.tui.widgets.status_line import StatusLine
from jobmon_tui.tui.working import start

T = TypeVar("T")


class ListScreen(Screen[None], Generic[T]):
    """A subclass reads the records, says how one reads, and may add keys of its own."""

    SEARCH_BY: ClassVar[str] = "name"
    SECTIONS: ClassVar[Sequence[str]] = ("facts",)
    DEFAULT_CSS = (
        layout_css("ListScreen", "LineList", "SectionsPanel") + "ListScreen PartSearch { display: none; }"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("d", "toggle_details", "Details", tooltip="Show or hide the details"),
        Binding(
            "enter",
            "open_details",
            "Details",
            show=False,
            tooltip="Show the details, or go into them",
            id="open",
        ),
        Binding("escape", "back", "Back", tooltip="Close the details, show all, or go back"),
    ]

    def __init__(self, face: Face[T]) -> None:
        super().__init__()
        self.list: RecordList[T] = RecordList(face, id="records")
        self.details = SectionsPanel(self.SECTIONS, id="record-details")
        self.parts: Sequence[str] = ()
        """What is searched for."""
        self.in_sight = asyncio.Event()
        """Set while no other screen covers this one."""
        self._old: str | None = None
        self._offers_nothing = False
        self._title_line = Static("", markup=False, id="list-title", classes="screen-title")

    @abstractmethod
    async def read(self) -> None:
        """Read what can have changed, and put it into the list. Raises `JobmonError`."""

    @abstractmethod
    def narrow(self) -> None:
        """Show what `parts` match, of what is read or of what has yet to be read."""

    @abstractmethod
    def title_text(self) -> str:
        """Return the line on top; one that needs the database's data to be fresh says so itself."""

    @abstractmethod
    def empty_text(self) -> str:
        """Return what stands in an empty list."""

    @abstractmethod
    def heading_of(self, record: T) -> Content:
        """Return the line above a record's details."""

    @abstractmethod
    def sections_of(self, record: T) -> Sequence[Section]:
        """Return a record's details."""

    def compose(self) -> ComposeResult:
        """Lay out title, list, details, status line and keys."""
        yield self._title_line
        with Container(id="main"):
            yield self.list
            yield self.details
        yield PartSearch(self.SEARCH_BY)
        yield StatusLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Start reading."""
        self.list.say("Reading …")
        self.list.focus()
        start(self, self._stay_live, group="live")

    def on_screen_suspend(self) -> None:
        """Rest while another screen covers this one."""
        self.in_sight.clear()

    def on_screen_resume(self) -> None:
        """Catch up."""
        self.in_sight.set()

    def on_resize(self, event: events.Resize) -> None:
        """Put the details where there is room."""
        self.query_one("#main").set_class(event.size.width >= WIDE, "-wide")

    async def _stay_live(self) -> None:
        app = frame(self)
        try:
            await Live(app.services.changes, self._renew, self._fresh, self.stale).run()
        except JobmonError as error:
            self.stale(error.message)
            app.refused(error)

    async def _renew(self) -> None:
        await self.in_sight.wait()
        await self.read()

    def _fresh(self) -> None:
        self._old = None
        self.say()

    def stale(self, reason: str) -> None:
        """Say that what is shown is old, and why."""
        self._old = reason
        self.say()

    def times_changed(self) -> None:
        """Show times as the reader now wants them."""
        if self.is_mounted:
            self.list.repaint()
            self.say()

    # What is copied

    @abstractmethod
    def named(self, record: T) -> Copied:
        """Return a record's name or id."""

    def to_copy(self) -> Copied | None:
        """Return the name or id of the cursor's record."""
        record = self.list.current if self.is_mounted else None
        return self.named(record) if record is not None else None

    async def to_copy_whole(self) -> Copied | None:
        """Return all of the cursor's record."""
        record = self.list.current
        return (
            Copied(record_text(record), f"all of {self.named(record).what}") if record is not None else None
        )

    # What is said

    def say(self) -> None:
        """Bring everything around the list up to date; each part repaints only what differs."""
        said = self.title_text() if self._old is None else f"{self.title_text()} · old data"
        if self._title_line.content != Content(said):
            self._title_line.update(Content(said))
        if self._old is not None and not self.list.total:
            self.list.say("Nothing can be read yet; trying again …")
        else:
            self.list.say((self.hint() or self._nothing_matches()) if self.parts else self.empty_text())
        self._say_status()
        self._follow()

    def _nothing_matches(self) -> str:
        back = key_of(self, "back")
        return "Nothing matches." + (f" {back} shows all." if back else "")

    def hint(self) -> str:
        """Return what the keys do, or what else is to be known, where nothing is more pressing."""
        return ""

    def _say_status(self) -> None:
        said = self.hint()
        if self._old is not None:
            said = one_line(self._old)
        elif self.details.has_focus:
            said = in_details(partial(key_of, self.details))
        elif self.details_open:
            said = to_details(partial(key_of, self.list))
        count = f"{rows.number(self.list.cursor + 1)} of {rows.number(self.list.total)}"
        self.query_one(StatusLine).put(
            hint=said,
            narrowed=f"Only “{one_line(' '.join(self.parts), 24)}” · {key_of(self, 'back')}: all"
            if self.parts
            else "",
            count=count if self.list.total else "",
        )

    @on(Highlighted)
    def highlighted(self) -> None:
        """Follow the cursor."""
        self._say_status()
        self._follow()
        if (self.list.current is None) != self._offers_nothing:
            self._offers_nothing = self.list.current is None
            self.refresh_bindings()

    def on_descendant_focus(self) -> None:
        """Say what the keys do where they go now."""
        self._say_status()

    # Details

    @property
    def details_open(self) -> bool:
        """True while the details are shown."""
        return self.query_one("#main").has_class("-open")

    def _follow(self) -> None:
        if not self.details_open:
            return
        record = self.list.current
        if record is None:
            self.details.paint(Content("Nothing is chosen."), ())
        else:
            self.details.paint(self.heading_of(record), self.sections_of(record))

    def action_open_details(self) -> None:
        """Show the details of the cursor's record; where they are shown, go into them."""
        self.list.show_cursor()
        if self.details_open:
            # At once: `focus()` would let keys that are already on their way go to the list.
            self.set_focus(self.details)
        else:
            self.action_toggle_details()

    def action_toggle_details(self) -> None:
        """Show or hide the details."""
        self.query_one("#main").toggle_class("-open")
        if not self.details_open:
            self.set_focus(self.list)
        self._follow()
        self._say_status()

    # Search

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only keys that do something."""
        if action == "search":
            return not self.query_one(PartSearch).display
        return super().check_action(action, parameters)

    def action_search(self) -> None:
        """Open the search."""
        self._let_search(True)
        self.set_focus(self.query_one(PartSearch))

    def _let_search(self, searching: bool) -> None:
        """Put the search where the status stands; by a class of the screen all would be painted anew."""
        self.query_one(PartSearch).display = searching
        self.query_one(StatusLine).display = not searching
        self.refresh_bindings()

    @on(Input.Changed, "#search")
    def searched(self, event: Input.Changed) -> None:
        """Search while it is typed."""
        parts = parts_of(event.value)
        if parts != self.parts:
            self.parts = parts
            self.narrow()
            self.say()

    @on(PartSearch.Closed)
    def search_closed(self) -> None:
        """Give the keys back to the list."""
        self._let_search(False)
        self.set_focus(self.list)

    def action_back(self) -> None:
        """Close the details, or else show all, or else go back to where this screen was called from."""
        if self.details_open:
            self.action_toggle_details()
        elif self.parts:
            self.query_one(PartSearch).value = ""
        else:
            self.app.pop_screen()
