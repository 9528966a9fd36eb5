"""What stands in each cell of a line: text of the exact width, and the name of its style.

A line is a plain tuple, so that an unchanged one is known by comparing, and not painted again.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from jobmon_tui.domain.execution import Execution
from jobmon_tui.domain.glyphs import status_text
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui import rows, times
from jobmon_tui.tui.widgets.columns import Column, Layout


class Action(Enum):
    """What the action column of a row offers."""

    NONE = auto()
    RETRY = auto()
    FOCUSED = auto()
    BUSY = auto()


class Cell(NamedTuple):
    """A piece of a line. `style` is the last part of a component class of the table."""

    text: str
    style: str


Line = tuple[Cell, ...]

_ACTIONS = {
    Action.NONE: ("", "row"),
    Action.RETRY: (f" {rows.RETRY_LABEL} ", "action"),
    Action.FOCUSED: (f"[{rows.RETRY_LABEL}]", "action-focused"),
    Action.BUSY: (f" {rows.BUSY_LABEL}", "busy"),
}
CURSOR_MARK = "›"


def _line(layout: Layout, cells: dict[Column, tuple[str, str]]) -> Line:
    line: list[Cell] = []
    for column, width in layout.widths.items():
        text, style = cells.get(column, ("", "row"))
        # Blank cells go with what stands before them: each change of style costs bytes on a slow line.
        line.append(Cell(rows.fit(text, width) + " " * layout.gap(column), style if text else "row"))
    last = line.pop()
    line.append(Cell(last.text.removesuffix(" "), last.style))
    used = sum(layout.widths.values()) + sum(map(layout.gap, layout.widths)) - 1
    line.append(Cell(" " * max(0, layout.width - used), "row"))
    return joined(line)


def joined(line: Iterable[Cell]) -> Line:
    """Return the line with neighbours of the same style made one."""
    pieces: list[Cell] = []
    for cell in line:
        if pieces and pieces[-1].style == cell.style:
            pieces[-1] = Cell(pieces[-1].text + cell.text, cell.style)
        elif cell.text:
            pieces.append(cell)
    return tuple(pieces)


def heading(layout: Layout) -> Line:
    """Return the line above the rows."""
    cells = {column: (column.value, "header") for column in layout.widths}
    cells[Column.ACTION] = (f" {Column.ACTION.value}", "header")
    cells[Column.DURATION] = (Column.DURATION.value.rjust(6), "header")
    return joined(Cell(cell.text, "header") for cell in _line(layout, cells))


def missing(layout: Layout, *, cursor: bool = False) -> Line:
    """Return the line of a row that is still being read."""
    mark = CURSOR_MARK if cursor else ""
    return _line(layout, {Column.MARK: (mark, "row"), Column.ID: ("…", "muted")})


def row(execution: Execution, layout: Layout, now: datetime, action: Action, *, cursor: bool = False) -> Line:
    """Return the line of an execution. `now` is aware, in the reader's timezone."""
    cells = {column: (_text(column, execution, layout, now), "muted") for column in layout.widths}
    cells[Column.MARK] = (CURSOR_MARK if cursor else "", "row")
    cells[Column.ID] = (f"#{execution.id}", "row")
    cells[Column.REPORT] = (one_line(execution.report), "row")
    cells[Column.STATUS] = (status_text(execution.status), execution.status.value.lower())
    cells[Column.ACTION] = _ACTIONS[action]
    if execution.retried_by is not None and Column.ERROR in cells:
        cells[Column.ERROR] = (cells[Column.ERROR][0], "followed")
    return _line(layout, cells)


def _text(column: Column, execution: Execution, layout: Layout, now: datetime) -> str:
    match column:
        case Column.QUEUED:
            return times.short(execution.queued_at, now, layout.widths[column])
        case Column.STARTED:
            at = execution.started_at
            return times.short(at, now, layout.widths[column]) if at is not None else ""
        case Column.ENDED:
            at = execution.finished_at
            return times.short(at, now, layout.widths[column]) if at is not None else ""
        case Column.DURATION:
            return rows.time_taken(execution, now).rjust(6)
        case Column.ATTEMPT:
            return rows.attempt(execution)
        case Column.BY:
            return one_line(execution.requested_by)
        case Column.TRIGGER:
            return execution.trigger.value
        case Column.WORKER:
            return one_line(execution.worker or "")
        case Column.VERSION:
            return f"v{execution.configuration_version}"
        case Column.ERROR:
            return rows.brief(execution, with_attempt=not layout.has(Column.ATTEMPT))
        case _:
            return ""
