"""What the status line says of where the keys go now: the most pressing comes first."""

from jobmon_tui.domain.execution import Execution
from jobmon_tui.domain.text import one_line

TO_DETAILS = "Enter or Tab: into the details"
IN_DETAILS = "↑↓ scroll · ←→ headings · Enter full screen · Esc close"


def hint(old: str | None, row: Execution | None, *, in_view: bool, details_open: bool, in_table: bool) -> str:
    """Return one plain line. `old` is why the data is old; `row` is the cursor's, `in_view` if it is seen.

    `in_table` is False while the keys go to the details.
    """
    if old is not None:
        return one_line(old)
    if details_open and not in_table:
        return IN_DETAILS
    if row is not None and not in_view:
        return f"The cursor is on #{row.id}, out of view"
    if row is not None and row.retried_by is not None and row.retried_by_status is not None:
        return f"Retried by #{row.retried_by} ({row.retried_by_status.value}): t goes there"
    if details_open:
        return TO_DETAILS
    return one_line(row.error) if row is not None and row.error else ""
