"""The workers: who runs reports, how much, and when each was last heard from."""

import os
import platform
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.workers import WorkerState
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.rows import fit, moment
from jobmon_tui.tui.screens.live import Live
from jobmon_tui.tui.widgets.pager import Pager
from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said

NOBODY = "No worker is alive. Start one with: jobmon worker"
_COLUMNS = (("PID", 7), ("Load", 7), ("Last beat", 11), ("Started", 11), ("Version", 9))
_STATE = 16
_LEAST_HOST = 10


class WorkerLines(PlainLines):
    """A heading and a line for each worker."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"workers--heading", "workers--alive", "workers--lost"}
    DEFAULT_CSS = """
    WorkerLines { height: 1; background: $background; color: $text; }
    WorkerLines > .workers--heading { color: $text-muted; }
    WorkerLines > .workers--alive { color: $text-success; }
    WorkerLines > .workers--lost { color: $text-warning; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__(id="workers-lines")
        self._known: Sequence[WorkerState] = ()

    def put(self, known: Sequence[WorkerState]) -> None:
        """Say these."""
        if len(known) != len(self._known):
            self.styles.height = len(known) + 1
        self._known = known
        self.say()

    def compose_lines(self, width: int) -> Said:
        """Return the heading and a line for each worker; on a narrow screen some columns are left out."""
        now = datetime.now().astimezone()
        left_out = {"Started"} if width < 100 else set()
        columns = [(name, size) for name, size in _COLUMNS if name not in left_out]
        taken = sum(size + 1 for _name, size in columns) + _STATE + 1
        host = max(_LEAST_HOST, width - taken)

        def line(first: str, cells: dict[str, str]) -> str:
            return " ".join([fit(first, host), *(fit(cells[name], size) for name, size in columns), ""])

        heading = line(" Host", {name: name for name, _size in _COLUMNS}) + "State"
        lines: list[tuple[Piece, ...]] = [(Piece(fit(heading, width), "workers--heading"),)]
        for known in self._known:
            text = line(f" {_host(known)}", _cells(known, now))
            state = Piece(f"● {known.state}", "workers--alive")
            if not known.is_alive:
                state = Piece(f"! {known.state}", "workers--lost")
            lines.append((Piece(text), state))
        return tuple(lines)


def _host(known: WorkerState) -> str:
    worker = known.worker
    here = (worker.host, worker.pid) == (platform.node(), os.getpid())
    return one_line(worker.host) + (" (this dashboard)" if here else "")


def _cells(known: WorkerState, now: datetime) -> dict[str, str]:
    worker = known.worker
    return {
        "PID": str(worker.pid),
        "Load": f"{worker.running}/{worker.concurrency}",
        "Last beat": moment(worker.beat_at, now, 11),
        "Started": moment(worker.started_at, now, 11),
        "Version": one_line(worker.version, 9),
    }


class WorkersScreen(Screen[None]):
    """Follows the database; who stops beating is shown so after 30 seconds."""

    BINDING_GROUP_TITLE = "Workers"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("w", "app.pop_screen", "Back", show=False, id="workers"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._known: Sequence[WorkerState] = ()
        self._title = Static("Workers", markup=False, id="workers-title", classes="screen-title")
        self._lines = WorkerLines()
        self._said = Content("")

    def compose(self) -> ComposeResult:
        """Lay out the list under its title."""
        yield self._title
        with Pager():
            yield self._lines
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Start reading."""
        self.run_worker(self._stay_live(), group="live")

    async def _stay_live(self) -> None:
        app = frame(self)
        try:
            await Live(app.services.changes, self._renew, self._fresh, self._old).run()
        except JobmonError as error:
            self._old(error.message)
            app.refused(error)

    async def _renew(self) -> None:
        app = frame(self)
        self._known = await app.services.workers(app.caller)

    def _fresh(self) -> None:
        alive = sum(known.is_alive for known in self._known)
        silent = len(self._known) - alive
        said = f"Workers: {alive:,} alive" if alive else NOBODY
        self._say(f"{said}, {silent:,} not heard from" if alive and silent else said)
        self._lines.put(self._known)

    def _old(self, reason: str) -> None:
        self._say(f"Workers, old data: {one_line(reason)}")

    def _say(self, text: str) -> None:
        said = Content(text)
        if said != self._said:
            self._said = said
            self._title.update(said)
