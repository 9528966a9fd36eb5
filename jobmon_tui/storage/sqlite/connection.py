"""SQLAlchemy's statements on the `sqlite3` connection itself: docs/decisions/0001 and 0004."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect
from sqlalchemy.sql.compiler import SQLCompiler

from jobmon_tui.storage.rows import ReadRows
from jobmon_tui.storage.statements import Convert, Statements


class _ByKeyset(SQLiteCompiler):
    """Writes a LIMIT as it is. SQLAlchemy's own adds `OFFSET 0`, and would take another one too."""

    def limit_clause(self, select: Any, **kw: Any) -> str:
        """Return it. Raises TypeError for rows that would have to be walked over."""
        if select._offset_clause is not None:  # noqa: SLF001 - what SQLAlchemy's own reads
            raise TypeError("lists are read by keyset")
        return f"\n LIMIT {self.process(select._limit_clause, **kw)}"  # noqa: SLF001


def _dialect() -> Dialect:
    made = sqlite_dialect()
    made.statement_compiler = _ByKeyset
    return made


STATEMENTS: Final = Statements(_dialect(), converts=True)
_shapes: WeakKeyDictionary[SQLCompiler, "_Shape"] = WeakKeyDictionary()


class SqliteRow(tuple[Any, ...]):
    """A row with its columns as attributes."""

    __slots__ = ()
    names: ClassVar[tuple[str, ...]] = ()

    @property
    def _mapping(self) -> Mapping[str, Any]:
        return dict(zip(self.names, self, strict=True))


@lru_cache(maxsize=500)
def _row_class(names: tuple[str, ...]) -> type[SqliteRow]:
    body = {name: property(itemgetter(place)) for place, name in enumerate(names)}
    return type("Row", (SqliteRow,), {"__slots__": (), "names": names, **body})


class _Shape:
    """How the rows of one statement become what its columns' types say."""

    def __init__(self, compiled: SQLCompiler, names: tuple[str, ...]) -> None:
        dialect = STATEMENTS.dialect
        self._row = _row_class(names)
        # A text has no types: what it answers stays as it is.
        found = [
            (place, column.type.dialect_impl(dialect).result_processor(dialect, None))
            for place, column in enumerate(compiled._result_columns)  # noqa: SLF001 - as `_compile_w_cache`
        ]
        self._convert: list[tuple[int, Convert]] = [
            (place, convert) for place, convert in found if convert is not None
        ]

    def rows(self, found: Sequence[tuple[Any, ...]]) -> list[SqliteRow]:
        """Convert what SQLite has answered."""
        row = self._row
        if not self._convert:
            return [row(each) for each in found]
        made = []
        for each in found:
            values = list(each)
            for place, convert in self._convert:
                values[place] = convert(values[place])
            made.append(row(values))
        return made


class SqliteConnection:
    """One `sqlite3` connection as queries see it, on its own thread."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    @property
    def changes(self) -> int:
        """How many rows this connection has written since it was opened."""
        return self.raw.total_changes

    def execute(self, statement: Executable, parameters: Any = None, /) -> ReadRows:
        """Run a statement, once, or for each of a list of parameters. Raises `sqlite3.Error`."""
        if isinstance(parameters, list):
            return self._execute_many(statement, parameters)
        told = STATEMENTS.written(statement, parameters or {})
        cursor = self.raw.execute(told.text, told.arguments)
        if cursor.description is None:
            return ReadRows((), cursor.rowcount)
        found = cursor.fetchall()
        if told.compiled is None:
            raise TypeError("nothing is known of what it answers")
        shape = _shapes.get(told.compiled)
        if shape is None:
            names = tuple(name for name, *_ in cursor.description)
            shape = _shapes[told.compiled] = _Shape(told.compiled, names)
        return ReadRows(shape.rows(found), cursor.rowcount)

    def _execute_many(self, statement: Executable, parameters: Sequence[Mapping[str, Any]]) -> ReadRows:
        if not parameters:
            return ReadRows((), 0)
        each = [STATEMENTS.written(statement, values) for values in parameters]
        done = self.raw.executemany(each[0].text, [one.arguments for one in each])
        return ReadRows((), done.rowcount)
