"""SQLAlchemy's statements on asyncpg, one round trip each.

SQLAlchemy puts the statements together and writes them out for PostgreSQL; asyncpg runs them. In between
SQLAlchemy's own execution layer doubles a retry's time: docs/decisions/0006-postgresql.md.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.util import await_only

from jobmon_tui.storage.rows import ReadRows
from jobmon_tui.storage.statements import Statements

# asyncpg knows the columns' types by itself.
STATEMENTS: Final = Statements(asyncpg_dialect(), converts=False)  # type: ignore[no-untyped-call]
_MOST_PREPARED: Final = 100
"""Statements that a connection keeps prepared."""


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


class PgConnection:
    """One asyncpg connection as queries see it; its methods run inside `greenlet_spawn` only.

    `changes` counts the rows that were written. `begin` opens a transaction where the first statement has to
    be in one, None once that is done; the statement before which `goes_alone` is set needs none, and then is
    given `alone_seconds`. `edges` and `known` are what lists remember of the database: see `BoundedList` and
    `Assuming`.
    """

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.changes = 0
        self.begin: Callable[[], Awaitable[None]] | None = None
        self.goes_alone = False
        self.alone_seconds: float | None = None
        self.edges: dict[Any, int] = {}
        self.known: dict[Any, list[Any]] = {}
        self._prepared: OrderedDict[str, Any] = OrderedDict()
        self._names = count()

    def execute(self, statement: Executable, parameters: Any = None, /) -> ReadRows:
        """Run a statement, once, or for each of a list of parameters. Raises asyncpg's errors."""
        seconds = None
        if self.begin is not None:
            if self.goes_alone:
                seconds = self.alone_seconds
            else:
                await_only(self.open())
        self.goes_alone = False
        if isinstance(parameters, list):
            return self._execute_many(statement, parameters)
        told = STATEMENTS.written(statement, parameters or {})
        prepared = self._prepare(told.text)
        rows = await_only(prepared.fetch(*told.arguments, timeout=seconds))
        verb, *_, count = (prepared.get_statusmsg() or "- 0").split()
        if verb == "SELECT":
            return ReadRows(rows, len(rows))
        touched = int(count) if count.isdigit() else 0
        self.changes += touched
        return ReadRows(rows, touched)

    async def open(self) -> None:
        """Begin the transaction, if that is not done. Raises asyncpg's errors."""
        begin, self.begin = self.begin, None
        if begin is not None:
            await begin()

    def _execute_many(self, statement: Executable, parameters: Sequence[Mapping[str, Any]]) -> ReadRows:
        if not parameters:
            return ReadRows((), 0)
        each = [STATEMENTS.written(statement, values) for values in parameters]
        prepared = self._prepare(each[0].text)
        await_only(prepared.executemany([one.arguments for one in each]))
        self.changes += len(each)
        return ReadRows((), len(each))

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
