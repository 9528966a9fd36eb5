"""Indexes that an upgrade of a large PostgreSQL table builds while everybody works."""

from collections.abc import Mapping, Sequence
from typing import Final

FEW: Final = 100_000
"""Rows of which an index is made in less than a worker's patience, within the migration."""
LATE: Final[Mapping[str, tuple[Sequence[str], str]]] = {
    # What schedules ask for is most of all: it is found without.
    "ix_execution_asked": (("requested_by", "id"), "requested_by <> 'schedule'"),
    "ix_execution_seldom": (("report", "status", "id"), "status IN ('Cancelled', 'Failed')"),
}
"""By name: the columns, and the condition, which queries say in the same words (`listing_filter`).

Without them everything works, more slowly.
"""


def building(name: str) -> str:
    """Return the statement that builds one while others write; outside of any transaction."""
    columns, condition = LATE[name]
    listed = ", ".join(columns)
    return f"CREATE INDEX CONCURRENTLY {name} ON job_execution_log ({listed}) WHERE {condition}"
