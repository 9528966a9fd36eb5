"""Indexes that an upgrade of a large PostgreSQL table builds while everybody works."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

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


class AsIndexed(ColumnElement[bool]):
    """The condition of a partial index, for SQLite, which wants it in the very words.

    PostgreSQL concludes it, and takes what is said twice for twice as rare: it then read two indexes whole.
    """

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [("words", InternalTraversal.dp_string)]  # noqa: RUF012 - SQLAlchemy's own type

    def __init__(self, words: str) -> None:
        self.words = words

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002 - SQLAlchemy's signature
        """Stand among other conditions as it is: `(...) = 1` would be written, and no index served."""
        return self


@compiles(AsIndexed)
def _in_words(element: AsIndexed, _compiler: SQLCompiler, **_options: Any) -> str:
    return element.words


@compiles(AsIndexed, "postgresql")
def _concluded(_element: AsIndexed, _compiler: SQLCompiler, **_options: Any) -> str:
    return "true"


def building(name: str) -> str:
    """Return the statement that builds one while others write; outside of any transaction."""
    columns, condition = LATE[name]
    listed = ", ".join(columns)
    return f"CREATE INDEX CONCURRENTLY {name} ON job_execution_log ({listed}) WHERE {condition}"
