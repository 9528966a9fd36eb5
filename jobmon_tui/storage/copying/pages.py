"""Reading a table by its key, a bounded amount of memory at a time."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, literal, select, tuple_

from jobmon_tui.storage.rows import Executes

BUDGET: Final = 8 * 1024 * 1024
"""Characters of text that a page may hold, as far as the pages before it tell."""
_FIRST: Final = 50
_MOST: Final = 500


class Pages:
    """One pass over a table by its primary key. A page's rows have all columns, in the table's order."""

    def __init__(self, table: Table, after: tuple[Any, ...] | None = None) -> None:
        """Begin behind the key `after`."""
        self.table = table
        self.at_end = False
        self._after = after
        self._key = list(table.primary_key.columns)
        self._query = select(table).order_by(*self._key)
        self._rows = _FIRST

    def where(self, condition: ColumnElement[bool]) -> "Pages":
        """Take only rows of which this is true; return the same pass."""
        self._query = self._query.where(condition)
        return self

    def read(self, connection: Executes) -> Sequence[Any]:
        """Return the next page; empty at the end."""
        query = self._query.limit(self._rows)
        if self._after is not None:
            last = [literal(value, column.type) for value, column in zip(self._after, self._key, strict=True)]
            query = query.where(tuple_(*self._key) > tuple_(*last))
        rows = connection.execute(query).all()
        self.at_end = len(rows) < self._rows
        if rows:
            self._after = tuple(getattr(rows[-1], column.name) for column in self._key)
            size = sum(len(value) for row in rows for value in row if isinstance(value, str))
            fitting = BUDGET * len(rows) // max(1, size)
            self._rows = max(1, min(fitting, 2 * self._rows, _MOST))
        return rows
