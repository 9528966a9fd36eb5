"""The workers: who runs reports, how much, and when each was last heard from."""

import os
import platform
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from jobmon_tui.domain.text import one_line
from jobmon_tui.services.workers import WorkerState
from jobmon_tui.tui import times
from jobmon_tui.tui.clipboard import Copied
from jobmon_tui.tui.frame import frame
from jobmon_tui.tui.screens.list_screen import ListScreen
from jobmon_tui.tui.story import Section
from jobmon_tui.tui.times import full
from jobmon_tui.tui.widgets.cells import Line
from jobmon_tui.tui.widgets.part_search import has_parts
from jobmon_tui.tui.widgets.plain_columns import PlainColumn, PlainColumns
from jobmon_tui.tui.widgets.record_list import Held

NOBODY = "No worker is alive. Start one with: jobmon worker"
_COLUMNS = PlainColumns(
    (
        PlainColumn("Host"),
        PlainColumn("PID", 7),
        PlainColumn("Load", 7),
        PlainColumn("Last beat", 11),
        PlainColumn("Started", 11, from_width=100),
        PlainColumn("Version", 9),
        PlainColumn("State", 16),
    )
)


class WorkerFace:
    """How a worker reads in a line."""

    def heading(self, width: int) -> Line:
        """Return the line above the rows."""
        return _COLUMNS.heading(width)

    def line(self, record: WorkerState, width: int) -> Line:
        """Return a worker's line."""
        worker, now = record.worker, times.now()
        return _COLUMNS.line(
            width,
            {
                "Host": (_host(record), "row"),
                "PID": (str(worker.pid), "row"),
                "Load": (f"{worker.running}/{worker.concurrency}", "row"),
                "Last beat": (times.short(worker.beat_at, now, 11), "muted"),
                "Started": (times.short(worker.started_at, now, 11), "muted"),
                "Version": (one_line(worker.version, 9), "muted"),
                "State": _state(record),
            },
        )


def _state(known: WorkerState) -> tuple[str, str]:
    return (f"● {known.state}", "succeeded") if known.is_alive else (f"! {known.state}", "busy")


def _host(known: WorkerState) -> str:
    worker = known.worker
    here = (worker.host, worker.pid) == (platform.node(), os.getpid())
    return one_line(worker.host) + (" (this dashboard)" if here else "")


class WorkersScreen(ListScreen[WorkerState]):
    """Follows the database; who stops beating is shown so after 30 seconds."""

    BINDING_GROUP_TITLE = "Workers"
    SEARCH_BY = "name or host"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("w", "app.pop_screen", "Back", show=False, id="workers")]

    def __init__(self) -> None:
        super().__init__(WorkerFace())
        self._known: Sequence[WorkerState] = ()

    async def read(self) -> None:
        """Read every worker."""
        app = frame(self)
        self._known = await app.services.workers(app.caller)
        self.narrow()

    def narrow(self) -> None:
        """Show the workers whose name or host matches."""
        found = [
            each for each in self._known if has_parts(self.parts, f"{each.worker.name} {each.worker.host}")
        ]
        self.list.put(Held(found, [each.worker.name for each in found]))

    def title_text(self) -> str:
        """Return how many are alive."""
        alive = sum(known.is_alive for known in self._known)
        silent = len(self._known) - alive
        said = f"Workers: {alive:,} alive" if alive else NOBODY
        return f"{said}, {silent:,} not heard from" if alive and silent else said

    def empty_text(self) -> str:
        """Say nothing: the title says that nobody is alive."""
        return ""

    def named(self, record: WorkerState) -> Copied:
        """Return the worker's name."""
        return Copied(record.worker.name, f"“{one_line(record.worker.name)}”")

    def heading_of(self, record: WorkerState) -> Content:
        """Return host, process and state."""
        state, _style = _state(record)
        return Content.assemble((f"{_host(record)}, process {record.worker.pid}", "bold"), f"  {state}")

    def sections_of(self, record: WorkerState) -> Sequence[Section]:
        """Return all that is known of it."""
        worker = record.worker
        facts = [
            ("Name", one_line(worker.name)),
            ("Runs", f"{worker.running} of at most {worker.concurrency} at once"),
            ("Queues", ", ".join(one_line(each) for each in worker.queues) or "all"),
            ("Started", full(worker.started_at)),
            ("Last beat", f"{full(worker.beat_at)} by its own clock, number {worker.beats:,}"),
            ("Version", one_line(worker.version)),
        ]
        lines = [Content.assemble((f"{name:<11}", "$text-muted"), value) for name, value in facts]
        return (Section("facts", "Facts", Content("\n").join(lines)),)
