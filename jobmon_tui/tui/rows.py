"""How an execution reads in a row: pure functions from what is known to short plain text.

Widths are in terminal cells. Whatever came from data passes `one_line`, so that no name steers a terminal.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.domain.text import one_line

if TYPE_CHECKING:
    from jobmon_tui.services.look import Overview

RETRY_LABEL = "↻ Retry"
BUSY_LABEL = "… busy"
_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_COMPACT_FROM = 10_000


def duration(milliseconds: int) -> str:
    """Return a length of time in at most six cells, such as `0.4s`, `12s`, `3m05s`, `2h14m`, `3d04h`."""
    if milliseconds < 10 * _SECOND:
        return f"{max(0, milliseconds) // 100 / 10:.1f}s"
    if milliseconds < _MINUTE:
        return f"{milliseconds // _SECOND}s"
    if milliseconds < _HOUR:
        return f"{milliseconds // _MINUTE}m{milliseconds % _MINUTE // _SECOND:02}s"
    if milliseconds < _DAY:
        return f"{milliseconds // _HOUR}h{milliseconds % _HOUR // _MINUTE:02}m"
    days = milliseconds // _DAY
    return f"{days}d{milliseconds % _DAY // _HOUR:02}h" if days < 100 else f"{days}d"


def time_taken(execution: Execution, now: datetime) -> str:
    """Return how long it took, or has run so far in whole seconds; empty while it waits."""
    if execution.duration_ms is not None:
        return duration(execution.duration_ms)
    if execution.status is not Status.RUNNING or execution.started_at is None:
        return ""
    elapsed = int((now - execution.started_at).total_seconds())
    return f"{max(0, elapsed)}s" if elapsed < 10 else duration(elapsed * _SECOND)


def moment(at: datetime, now: datetime, width: int) -> str:
    """Return a time on the reader's own clock: of today `14:03:22`, of another day `03-02 06:00`, or `03-02`.

    `now` says which day is today; its timezone is the reader's.
    """
    local = at.astimezone(now.tzinfo)
    if local.date() == now.date():
        return local.strftime("%H:%M:%S")
    dated = local.strftime("%m-%d %H:%M" if local.year == now.year else "%Y-%m-%d")
    return dated if len(dated) <= width else local.strftime("%m-%d" if local.year == now.year else "%Y-%m")


def attempt(execution: Execution) -> str:
    """Return `retry of #4711`, or which attempt it is."""
    return str(execution.attempt) if execution.retry_of is None else f"retry of #{execution.retry_of}"


def brief(execution: Execution, *, with_attempt: bool) -> str:
    """Return the error in brief, behind the retry that came of it: `→ #4712 Queued  no such table`.

    `with_attempt` says here what a row is a retry of, where no column of its own does.
    """
    parts = []
    if execution.retried_by is not None and execution.retried_by_status is not None:
        parts.append(f"→ #{execution.retried_by} {execution.retried_by_status.value}")
    if execution.error:
        parts.append(one_line(execution.error))
    if with_attempt and execution.retry_of is not None:
        parts.append(attempt(execution))
    return " · ".join(parts)


def accessible_name(execution: Execution) -> str:
    """Return the name of a row's Retry action."""
    return f"Retry job [{one_line(execution.report)}]"


def total(overview: "Overview") -> str:
    """Return how many rows match, with a plus where there may be more of them."""
    return f"{number(overview.total)}{'+' if overview.total_is_least else ''}"


def number(value: int, *, compact: bool = False) -> str:
    """Return a count: `1,204`, or `601k` and `1.2M` where `compact` and large."""
    if not compact or value < _COMPACT_FROM:
        return f"{value:,}"
    if value < 1_000_000:
        return f"{value // 1_000}k"
    return f"{value // 100_000 / 10:.1f}M"


def cut(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, its end replaced by `…` where it is longer.

    A wide character is kept whole or dropped, never halved.
    """
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += cell_len(character)
        if used >= width:
            break
        kept.append(character)
    return f"{''.join(kept).rstrip()}…"


def fit(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells: cut, or padded with spaces."""
    short = cut(text, width)
    return short + " " * (width - cell_len(short))
