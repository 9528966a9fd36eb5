"""The lines of rows as they were last made: every key compares all that are in view."""

from datetime import date, datetime, timedelta

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.tui import times
from jobmon_tui.tui.widgets import cells
from jobmon_tui.tui.widgets.cells import Action, Line
from jobmon_tui.tui.widgets.columns import Layout

_KEPT = 1_000


class RowLines:
    """Keeps the lines that time does not change, for one layout, day, timezone, and minute if told."""

    def __init__(self) -> None:
        self._lines: dict[tuple[Execution, Action, bool], Line] = {}
        self._hold_for: tuple[Layout, date, timedelta | None, int | None] | None = None

    def line(
        self, execution: Execution, table: Layout, now: datetime, action: Action, *, cursor: bool
    ) -> Line:
        """Return a row's cells, as `cells.row` makes them."""
        if execution.status is Status.RUNNING:
            return cells.row(execution, table, now, action, cursor=cursor)
        hold_for = (table, now.date(), now.utcoffset(), times.minute() if times.reader.relative else None)
        if hold_for != self._hold_for or len(self._lines) > _KEPT:
            self._hold_for = hold_for
            self._lines.clear()
        key = (execution, action, cursor)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = cells.row(execution, table, now, action, cursor=cursor)
        return line
