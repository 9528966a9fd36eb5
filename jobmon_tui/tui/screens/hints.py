"""What the status line says of where the keys go now: the most pressing comes first."""

from collections.abc import Callable

from jobmon_tui.domain.execution import Execution
from jobmon_tui.domain.text import one_line

KeyOf = Callable[[str], str]
"""The first key of an action, by its name, as it now is; empty where it has none."""


def to_details(key: KeyOf) -> str:
    """Say how the keys get into the details."""
    return f"{' or '.join(filter(None, (key('open'), key('focus_next'))))}: into the details"


def in_details(key: KeyOf) -> str:
    """Say what the keys do in the details."""
    keys = (
        (f"{key('heading_before')}{key('next_heading')}", "headings"),
        (key("find"), "find"),
        (key("full_screen"), "full screen"),
        (key("view_output"), "output"),
        (key("back"), "close"),
    )
    return " · ".join(f"{its} {does}" for its, does in keys if its)


def hint(
    old: str | None,
    row: Execution | None,
    key: KeyOf,
    *,
    in_view: bool,
    details_open: bool,
    in_table: bool,
) -> str:
    """Return one plain line. `old` is why the data is old; `row` is the cursor's, `in_view` if it is seen.

    `in_table` is False while the keys go to the details; `key` tells those that work where they go.
    """
    if old is not None:
        return one_line(old)
    if details_open and not in_table:
        return in_details(key)
    if row is not None and not in_view:
        return f"The cursor is on #{row.id}, out of view"
    if row is not None and row.retried_by is not None and row.retried_by_status is not None:
        way = key("go_to_retry")
        return f"Retried by #{row.retried_by} ({row.retried_by_status.value})" + (
            way and f": {way} goes there"
        )
    if details_open:
        return to_details(key)
    return one_line(row.error) if row is not None and row.error else ""


def empty_notice(key: KeyOf, *, narrowed: bool, may_queue: bool) -> str:
    """Return what stands where there is no row, under a filter or without one."""
    if narrowed:
        return "Nothing matches." + (f" {back} shows all." if (back := key("back")) else "")
    queue = key("queue_report") if may_queue else ""
    return "No reports have run yet." + (f" Press {queue} to queue one." if queue else "")
