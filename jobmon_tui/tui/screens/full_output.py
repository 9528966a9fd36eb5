"""The error and the output of one execution, full screen: searched, followed while it runs, in $PAGER."""

import asyncio
import time
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.glyphs import status_text
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.tui import times
from jobmon_tui.tui.clipboard import Copied
from jobmon_tui.tui.frame import key_of
from jobmon_tui.tui.full_text import full_text
from jobmon_tui.tui.host import host_of
from jobmon_tui.tui.outside_pager import page
from jobmon_tui.tui.screens.details_reader import EVERY
from jobmon_tui.tui.screens.live import Live
from jobmon_tui.tui.widgets.find_input import FindInput
from jobmon_tui.tui.widgets.key_bar import KeyBar
from jobmon_tui.tui.widgets.text_view import TextView
from jobmon_tui.tui.widgets.view_lines import ViewTitle, Where, WhereLine
from jobmon_tui.tui.working import start


class FullOutputScreen(Screen[None]):
    """Reads the execution until it has ended, at most once a second."""

    BINDING_GROUP_TITLE = "Output, full screen"
    DEFAULT_CSS = """
    FullOutputScreen { layout: vertical; background: $background; }
    FullOutputScreen.-finding FindInput { display: block; }
    FullOutputScreen.-finding WhereLine { display: none; }
    FullOutputScreen ToastRack { margin-bottom: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("q", "app.pop_screen", "Back", show=False, id="quit"),
        Binding("v", "app.pop_screen", "Back", show=False, id="view_output"),
        Binding(
            "slash",
            "find",
            "Find",
            key_display="/",
            tooltip="Find in this text, in capitals or not",
            id="find",
        ),
        Binding("n", "again(True)", "Next", tooltip="Next match", id="next_match"),
        Binding("N", "again(False)", "Before", show=False, tooltip="Match before", id="match_before"),
        Binding("w", "wrap", "Wrap", tooltip="Wrap long lines, or not"),
        Binding("f", "follow", "Follow", tooltip="Keep the end in view while it runs"),
        Binding("p,vertical_line", "pager", "Pager", tooltip="Open it in $PAGER"),
    ]

    def __init__(self, execution_id: int) -> None:
        super().__init__()
        self.execution_id = execution_id
        self._story: ExecutionStory | None = None
        self._ran_here = False
        self._said = ""
        self._old: str | None = None
        self._read_at = 0.0
        self._reading: Worker[None] | None = None
        self._in_sight = asyncio.Event()

    def compose(self) -> ComposeResult:
        """Lay out title, text, the line below it and keys."""
        yield ViewTitle(self.execution_id)
        yield TextView()
        yield FindInput()
        yield WhereLine()
        yield KeyBar()

    @property
    def view(self) -> TextView:
        """The text."""
        return self.query_one(TextView)

    def on_mount(self) -> None:
        """Start reading."""
        self._said = "Reading …"
        self.view.focus()
        self._say()
        self._reading = start(self, self._stay_live, group="live")

    def on_screen_suspend(self) -> None:
        """Rest while another screen covers this one."""
        self._in_sight.clear()

    def on_screen_resume(self) -> None:
        """Catch up."""
        self._in_sight.set()

    # Live

    async def _stay_live(self) -> None:
        live = Live(host_of(self.app).services.changes, self._renew, self._fresh, self._stale)
        try:
            await live.run()
        except JobmonError as error:
            self._stale(error.message)
            host_of(self.app).refused(error)

    async def _renew(self) -> None:
        await self._in_sight.wait()
        await asyncio.sleep(max(0.0, self._read_at + EVERY - time.monotonic()))
        host = host_of(self.app)
        story = await host.services.show(host.caller, self.execution_id)
        if not self.is_attached:
            return  # it was closed meanwhile
        self._read_at = time.monotonic()
        if self._story is None:
            self._said = ""
            self._ran_here = not story.details.execution.status.is_final
            self.view.following = story.details.execution.status is Status.RUNNING
        self._story = story
        self.query_one(ViewTitle).put(story.details.execution)
        self.view.put(full_text(story))

    def _fresh(self) -> None:
        if not self.is_attached:
            return
        self._old = None
        self.refresh_bindings()
        if self._is_over and self._reading is not None:
            self.view.following = False
            self._reading.cancel()  # what has ended never changes again
        self._say()

    def _stale(self, reason: str) -> None:
        self._old = reason
        self._say()

    @property
    def _is_over(self) -> bool:
        return self._story is not None and self._story.details.execution.status.is_final

    # What is said

    @on(TextView.Moved)
    def _say(self) -> None:
        """Bring the line below the text up to date."""
        view = self.view
        progress = view.progress if view.wrap else f"column {view.column + 1} · {view.progress}"
        said = self._found() or self._said
        if self._old is not None:
            said = f"! data is old: {self._old}"
        self.query_one(WhereLine).put(Where(said, self._state(), progress, warns=self._old is not None))

    def _found(self) -> str:
        matches, match = self.view.matches, self.view.match
        if matches is None:
            return ""
        wanted = f"“{one_line(matches.wanted, 30)}”"
        if not matches:
            return f"{wanted} is not here"
        count = f"more than {len(matches):,}" if matches.more else f"{len(matches):,}"
        round_it = f" · {self._said}" if self._said else ""
        return (
            f"{wanted}: match {match + 1:,} of {count}{round_it}"
            if match is not None
            else f"{wanted}: {count}"
        )

    def _state(self) -> str:
        story = self._story
        if story is None:
            return ""
        execution = story.details.execution
        if not execution.status.is_final:
            key = key_of(self, "follow")
            if self.view.following:
                return f"following: {key} stops it" if key else "following"
            return f"{key} follows it" if key else ""
        if not self._ran_here:
            return ""
        at = (execution.finished_at or times.now()).astimezone(times.reader.zone)
        return f"ended: {status_text(execution.status)} {at:%H:%M:%S}"

    # What can be copied

    def to_copy(self) -> Copied | None:
        """Return the line of the match that was gone to, else the first one in view."""
        line = self.view.current_line if self._story is not None else ""
        return Copied(line, "the line") if line else None

    async def to_copy_whole(self) -> Copied | None:
        """Return the whole text."""
        return Copied(self.view.text, f"all of #{self.execution_id}") if self._story is not None else None

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only keys that do something."""
        if not self.is_mounted or not self.query(TextView):
            return False
        if action == "again":
            return bool(self.view.matches)
        if action == "follow":
            return self._story is not None and not self._is_over
        if action == "pager":
            return self._story is not None and host_of(self.app).options.has_shell
        return super().check_action(action, parameters)

    def action_find(self) -> None:
        """Ask what to look for."""
        self.add_class("-finding")
        self.query_one(FindInput).focus()
        self.view.can_focus = False  # the keys go to the one or to the other

    @on(FindInput.Entered)
    def find(self, event: FindInput.Entered) -> None:
        """Look for it, and give the keys back to the text."""
        self.remove_class("-finding")
        self.view.can_focus = True
        self.view.focus()
        if event.wanted is not None:
            self._went_round(self.view.find(event.wanted))

    def action_again(self, down: bool) -> None:
        """Go to another match."""
        self._went_round(self.view.find_again(down=down), down=down)

    def _went_round(self, round_it: bool, *, down: bool = True) -> None:
        self._said = f"from the {'top' if down else 'end'} again" if round_it else ""
        self._say()
        self.refresh_bindings()

    def action_wrap(self) -> None:
        """Wrap long lines, or no longer."""
        self.view.wrap = not self.view.wrap

    def action_follow(self) -> None:
        """Follow what it prints, or no longer."""
        self.view.follow(not self.view.following)

    def action_pager(self) -> None:
        """Open the whole text in the reader's own pager."""
        start(self, self._page, group="pager", exclusive=True)

    async def _page(self) -> None:
        if self._story is not None:
            await page(self, full_text(self._story, tabs=True).text)
