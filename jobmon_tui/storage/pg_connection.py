"""SQLAlchemy's statements on asyncpg, one round trip each.

SQLAlchemy puts the statements together and writes them out for PostgreSQL; asyncpg runs them. In between
SQLAlchemy's own execution layer doubles a retry's time: docs/decisions/0006-postgresql.md.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.util import await_only

_DIALECT: Final = asyncpg_dialect()  # type: ignore[no-untyped-call]
_MOST_PREPARED: Final = 300
"""Statements that a connection keeps prepared."""
_compiled: WeakKeyDictionary[Executable, dict[tuple[str, ...], SQLCompiler]] = WeakKeyDictionary()


class PgRow(asyncpg.Record):  # type: ignore[misc]  # asyncpg ships no types
    """A row with its columns as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def _mapping(self) -> Mapping[str, Any]:
        return self


class PgRows:
    """All rows of an answer; they have been read already."""

    def __init__(self, rows: Sequence[PgRow], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[PgRow]:
        return iter(self._rows)

    def all(self) -> Sequence[PgRow]:
        """Return every row."""
        return self._rows

    def first(self) -> PgRow | None:
        """Return the first row, None without one."""
        return self._rows[0] if self._rows else None

    def one(self) -> PgRow:
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


def _compile(statement: Executable, keys: tuple[str, ...]) -> SQLCompiler:
    # Those that were built once, at import, are found again; the others are written out each time.
    known = _compiled.setdefault(statement, {})
    found = known.get(keys)
    if found is None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=list(keys))  # type: ignore[attr-defined]
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only queries run here")
        found = known[keys] = compiled
    return found


def written(statement: Executable, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return PostgreSQL's text of a statement and its arguments in order."""
    compiled = _compile(statement, tuple(parameters))
    if compiled.post_compile_params:
        state = compiled.construct_expanded_state(dict(parameters))
        return state.statement, [state.parameters[name] for name in state.positiontup or ()]
    values = compiled.construct_params(dict(parameters))
    for column in compiled.insert_prefetch:
        # The table's own defaults, plain values all of them, which SQLAlchemy fills in when it runs.
        values.setdefault(column.key, None)
        if values[column.key] is None and isinstance(column.default, ScalarElementColumnDefault):
            values[column.key] = column.default.arg
    return str(compiled), [values[name] for name in compiled.positiontup or ()]


class PgConnection:
    """One asyncpg connection as queries see it; its methods run inside `greenlet_spawn` only.

    `changes` counts the rows that were written.
    """

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.changes = 0
        self.is_used = False
        self._prepared: OrderedDict[str, Any] = OrderedDict()

    def replace(self, raw: Any) -> None:
        """Go on with another connection; nothing was begun on it yet."""
        self.raw.terminate()
        self.raw = raw
        self.is_used = False
        self._prepared.clear()

    def execute(self, statement: Executable, parameters: Any = None, /) -> PgRows:
        """Run a statement, once, or for each of a list of parameters. Raises asyncpg's errors."""
        if isinstance(parameters, list):
            return self._execute_many(statement, parameters)
        text, arguments = written(statement, parameters or {})
        prepared = self._prepare(text)
        rows = await_only(prepared.fetch(*arguments))
        verb, *_, count = (prepared.get_statusmsg() or "- 0").split()
        if verb == "SELECT":
            return PgRows(rows, len(rows))
        touched = int(count) if count.isdigit() else 0
        self.changes += touched
        return PgRows(rows, touched)

    def _execute_many(self, statement: Executable, parameters: Sequence[Mapping[str, Any]]) -> PgRows:
        if not parameters:
            return PgRows((), 0)
        each = [written(statement, values) for values in parameters]
        prepared = self._prepare(each[0][0])
        await_only(prepared.executemany([arguments for _, arguments in each]))
        self.changes += len(each)
        return PgRows((), len(each))

    def _prepare(self, text: str) -> Any:
        if text not in self._prepared:
            return await_only(self.prepared(text))
        self._prepared.move_to_end(text)
        return self._prepared[text]

    async def prepared(self, text: str) -> Any:
        """Return a statement prepared on this connection. Raises asyncpg's errors."""
        prepared = self._prepared.get(text)
        if prepared is None:
            prepared = self._prepared[text] = await self.raw.prepare(text, record_class=PgRow)
            if len(self._prepared) > _MOST_PREPARED:
                self._prepared.popitem(last=False)
        else:
            self._prepared.move_to_end(text)
        return prepared
