"""What queries ask of a connection and of its answers: the little of SQLAlchemy's that they use."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from sqlalchemy import Executable


class Rows(Protocol):
    """An answer. SQLAlchemy's own results are such; a row has its columns as attributes, and unpacks."""

    @property
    def rowcount(self) -> int:
        """How many rows a writing statement has touched."""
        ...

    def __iter__(self) -> Iterator[Any]: ...

    def all(self) -> Sequence[Any]:
        """Every row."""
        ...

    def first(self) -> Any | None:
        """The first row, None without one."""
        ...

    def one(self) -> Any:
        """The only row."""
        ...

    def scalar(self) -> Any | None:
        """The first row's first column, None without a row."""
        ...

    def scalar_one(self) -> Any:
        """The only row's first column."""
        ...

    def scalar_one_or_none(self) -> Any | None:
        """The only row's first column, None without a row."""
        ...


class Executes(Protocol):
    """A connection inside a transaction."""

    def execute(self, statement: Executable, parameters: Any = None, /) -> Rows:
        """Run a statement, once, or for each of a list of parameters."""
        ...


class ReadRows:
    """All rows of an answer; they have been read already."""

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> Sequence[Any]:
        """Return every row."""
        return self._rows

    def first(self) -> Any | None:
        """Return the first row, None without one."""
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        """Return the only row. Raises LookupError where there is none, or another one."""
        if len(self._rows) != 1:
            raise LookupError(f"one row was expected, {len(self._rows)} came")
        return self._rows[0]

    def scalar(self) -> Any | None:
        """Return the first row's first column, None without a row."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """Return the only row's first column. Raises LookupError as `one` does."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any | None:
        """Return the only row's first column, None without a row. Raises LookupError where there are more."""
        return self.one()[0] if self._rows else None
