"""Which columns a table of a given width has, and how wide each is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Column(StrEnum):
    """A column of the table; the value is its heading."""

    MARK = ""
    ID = "Id"
    REPORT = "Report"
    STATUS = "Status"
    QUEUED = "Queued"
    STARTED = "Started"
    ENDED = "Ended"
    DURATION = "Took"
    ATTEMPT = "Attempt"
    BY = "By"
    TRIGGER = "Trigger"
    WORKER = "Worker"
    VERSION = "Version"
    ERROR = "Error"
    ACTION = "Action"


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns with their widths in cells, left to right; the mark touches the id, else one cell between."""

    width: int
    widths: Mapping[Column, int]

    def has(self, column: Column) -> bool:
        """Tell whether this width has room for the column."""
        return column in self.widths

    def gap(self, column: Column) -> int:
        """Return the cells between this column and the next."""
        return 0 if column is Column.MARK else 1

    def is_at(self, x: int, column: Column) -> bool:
        """Tell whether cell `x` of a line lies in the column."""
        start = self.start(column)
        return self.has(column) and start <= x < start + self.widths[column]

    def start(self, column: Column) -> int:
        """Return the cell where the column begins; the line's width where it has none."""
        start = 0
        for each, width in self.widths.items():
            if each is column:
                return start
            start += width + self.gap(each)
        return self.width


ALWAYS = frozenset({Column.MARK, Column.ID, Column.REPORT, Column.STATUS, Column.ACTION})
CHOOSABLE = tuple(column for column in Column if column not in ALWAYS)
DEFAULT = frozenset({Column.QUEUED, Column.DURATION, Column.ATTEMPT, Column.ERROR})
_FIXED: Mapping[Column, int] = {
    Column.MARK: 1,
    Column.STATUS: 11,
    Column.DURATION: 6,
    Column.BY: 10,
    Column.TRIGGER: 8,
    Column.WORKER: 16,
    Column.VERSION: 7,
    Column.ACTION: 9,
}
_WIDE, _WIDER = 104, 132
_LEAST_REPORT, _LEAST_ERROR, _MOST_REPORT = 15, 15, 48
_LEAST_FOR_ERROR = 22
"""Cells for report and error together: with fewer the error goes too."""
# What is dropped first comes first: what is there unasked, then what was asked for. The error stays long: it
# names the retry too. Never dropped: id, report, status, the action.
_UNASKED = (Column.ATTEMPT, Column.DURATION, Column.QUEUED)
_ASKED = (Column.VERSION, Column.TRIGGER, Column.ENDED, Column.STARTED, Column.WORKER, Column.BY)
_DROPPED = (*_UNASKED, *_ASKED, Column.ERROR)


@lru_cache(maxsize=64)
def layout(width: int, digits: int = 4, chosen: frozenset[Column] = DEFAULT) -> Layout:
    """Return the columns for a table `width` cells wide whose greatest id has `digits` digits.

    Of the `chosen` ones those that have room; the others in any case.
    """
    moment = 11 if width >= _WIDE else 8
    fixed = {
        **_FIXED,
        Column.ID: max(4, digits) + 1,
        Column.QUEUED: moment,
        Column.STARTED: moment,
        Column.ENDED: moment,
        Column.ATTEMPT: max(9, digits + 10),
    }
    shown = [column for column in Column if column in ALWAYS or column in chosen]
    if width < _WIDE and Column.ERROR in chosen and Column.ATTEMPT in chosen:
        shown.remove(Column.ATTEMPT)  # the error says it there
    room = _room(width, shown, fixed)
    for column in _DROPPED:
        if room >= _least(column, shown):
            break
        if column in shown:
            shown.remove(column)
            room = _room(width, shown, fixed)
    if room < 4:  # narrower than any real terminal: the glyph alone says the status
        fixed[Column.STATUS] = 1
        room = _room(width, shown, fixed)
    report = max(1, room)
    if Column.ERROR in shown:
        share = room * 2 // 5 if width >= _WIDER else room // 2
        report = min(_MOST_REPORT, share)
    widths = {**fixed, Column.REPORT: report, Column.ERROR: room - report}
    return Layout(width, {column: widths[column] for column in shown})


def _least(column: Column, shown: list[Column]) -> int:
    """Return the cells for report and error from which on a column stays."""
    if Column.ERROR not in shown:
        return _LEAST_REPORT
    return _LEAST_REPORT + _LEAST_ERROR if column in _UNASKED else _LEAST_FOR_ERROR


def _room(width: int, shown: list[Column], fixed: Mapping[Column, int]) -> int:
    """Return the cells that are left for the report and the error."""
    taken = sum(fixed.get(column, 0) for column in shown)
    return width - taken - (len(shown) - 2)
