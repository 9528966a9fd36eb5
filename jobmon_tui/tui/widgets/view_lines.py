"""The lines around a text that fills the screen: whose it is, and where one is in it."""

from dataclasses import dataclass
from typing import ClassVar

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.domain.glyphs import status_text
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui.widgets.plain_lines import Piece, PlainLines, Said, both_ends


class ViewTitle(PlainLines):
    """One line: the execution, its report, how it stands."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "title--name",
        *(f"title--{status.value.lower()}" for status in Status),
    }
    DEFAULT_CSS = """
    ViewTitle { height: 1; background: $panel; color: $text; }
    ViewTitle > .title--name { text-style: bold; color: $text; }
    ViewTitle > .title--queued { color: $status-queued; }
    ViewTitle > .title--running { color: $status-running; }
    ViewTitle > .title--succeeded { color: $status-succeeded; }
    ViewTitle > .title--failed { color: $status-failed; }
    ViewTitle > .title--cancelled { color: $status-cancelled; }
    """

    def __init__(self, execution_id: int) -> None:
        super().__init__()
        self._about = execution_id
        self._execution: Execution | None = None

    def put(self, execution: Execution) -> None:
        """Say this."""
        self._execution = execution
        self.say()

    def compose_lines(self, width: int) -> Said:
        """Return the line."""
        execution = self._execution
        if execution is None:
            return (both_ends([Piece(f" #{self._about}", "title--name")], [], width),)
        status = execution.status
        left = [Piece(f" #{execution.id} {one_line(execution.report)}", "title--name")]
        right = [Piece(f"{status_text(status)} ", f"title--{status.value.lower()}")]
        return (both_ends(left, right, width),)


@dataclass(frozen=True, slots=True)
class Where:
    """What is said below the text: what was done, how it goes on (`state`), and how far one has read."""

    said: str = ""
    state: str = ""
    progress: str = ""
    warns: bool = False
    """True where `said` is a warning."""


class WhereLine(PlainLines):
    """One line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"where--warning", "where--state", "where--muted"}
    DEFAULT_CSS = """
    WhereLine { height: 1; background: $panel; color: $text; }
    WhereLine > .where--warning { color: $text-warning; text-style: bold; }
    WhereLine > .where--state { color: $text-accent; }
    WhereLine > .where--muted { color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._where = Where()

    def put(self, where: Where) -> None:
        """Say this."""
        self._where = where
        self.say()

    def compose_lines(self, width: int) -> Said:
        """Return the line."""
        where = self._where
        left = [
            Piece(f" {one_line(where.said)}" if where.said else "", "where--warning" if where.warns else "")
        ]
        right = [Piece(f"{where.state} · ", "where--state")] if where.state else []
        return (both_ends(left, [*right, Piece(f"{where.progress} ", "where--muted")], width),)
