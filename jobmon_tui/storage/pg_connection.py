"""SQLAlchemy's statements on asyncpg, one round trip each.

SQLAlchemy puts the statements together and writes them out for PostgreSQL; asyncpg runs them. In between
SQLAlchemy's own execution layer doubles a retry's time: docs/decisions/0006-postgresql.md.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.util import LRUCache, await_only

_DIALECT: Final = asyncpg_dialect()  # type: ignore[no-untyped-call]
_MOST_PREPARED: Final = 300
"""Statements that a connection keeps prepared."""


@dataclass(frozen=True, slots=True)
class _Given:
    """Stands among a statement's arguments where a parameter's value belongs."""

    name: str


_Plan = tuple[str, tuple[Any, ...]]
_plans: WeakKeyDictionary[Executable, dict[tuple[str, ...], _Plan]] = WeakKeyDictionary()
_compiled: LRUCache[Any, Any] = LRUCache(500)


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


def _compile(statement: Any, keys: tuple[str, ...]) -> tuple[SQLCompiler, Any]:
    # As SQLAlchemy's own engine does it, under a name that is not public: what has an earlier one's shape is
    # not written out again, only its values are taken.
    compiled, values, *_ = statement._compile_w_cache(  # noqa: SLF001
        _DIALECT, compiled_cache=_compiled, column_keys=list(keys)
    )
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("only queries run here")
    return compiled, values


def _plan(compiled: SQLCompiler, values: Any, keys: tuple[str, ...]) -> _Plan:
    filled = compiled.construct_params({key: _Given(key) for key in keys}, values)
    for column in compiled.insert_prefetch:
        # The table's own defaults, plain values all of them, which SQLAlchemy fills in when it runs.
        plain = column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
        filled[column.key] = plain if filled.get(column.key) is None else filled[column.key]
    return str(compiled), tuple(filled[name] for name in compiled.positiontup or ())


def written(statement: Executable, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return PostgreSQL's text of a statement and its arguments in order."""
    keys = tuple(parameters)
    # Those that were built once, at import, are found again at once.
    known = _plans.setdefault(statement, {})
    plan = known.get(keys)
    if plan is None:
        compiled, values = _compile(statement, keys)
        if compiled.post_compile_params:
            every = compiled.construct_params(dict(parameters), values)
            state = compiled.construct_expanded_state(every)
            return state.statement, [state.parameters[name] for name in state.positiontup or ()]
        plan = known[keys] = _plan(compiled, values, keys)
    text, arguments = plan
    return text, [parameters[each.name] if type(each) is _Given else each for each in arguments]


class PgConnection:
    """One asyncpg connection as queries see it; its methods run inside `greenlet_spawn` only.

    `changes` counts the rows that were written.
    """

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.changes = 0
        self._prepared: OrderedDict[str, Any] = OrderedDict()
        self._names = count()

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
            prepared = self._prepared[text] = await self.raw.prepare(
                # Without a name asyncpg would have it parsed and planned anew each time that it runs.
                text,
                name=f"jobmon_{next(self._names)}",
                record_class=PgRow,
            )
            if len(self._prepared) > _MOST_PREPARED:
                self._prepared.popitem(last=False)
        else:
            self._prepared.move_to_end(text)
        return prepared
