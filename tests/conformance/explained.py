"""A database that says how it would run each statement that it is asked."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.util import await_only

from jobmon_tui.storage.postgres.connection import STATEMENTS, PgConnection
from jobmon_tui.storage.sqlite.connection import SqliteConnection
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from jobmon_tui.storage.transaction import SqlTransaction
from tests.backends import Store
from tests.noting import Noting

T = TypeVar("T")


class Explained:
    """Runs units of work on a database; `plans` has the plans of every statement, by its text."""

    def __init__(self, store: Store) -> None:
        self.plans: dict[str, list[str]] = {}
        self._store = store

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run on a snapshot."""

        def unit(transaction: SqlTransaction) -> T:
            connection: Any = transaction._connection
            if isinstance(self._store, SqliteDatabase):
                raw = connection.raw
                noted: Any = Noting(raw, lambda *told: self._on_sqlite(raw, *told))
                transaction._connection = SqliteConnection(noted)
            else:
                transaction._connection = _OnPostgres(connection, self.plans)
            return work(transaction)

        return await self._store.read(unit)

    def _on_sqlite(self, raw: Any, statement: str, values: tuple[Any, ...]) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            steps = raw.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            self.plans.setdefault(statement, []).append("\n".join(step[3] for step in steps))


class _OnPostgres:
    def __init__(self, lane: PgConnection, plans: dict[str, list[str]]) -> None:
        self._lane = lane
        self._plans = plans

    def execute(self, statement: Any, parameters: Any = None, /) -> Any:
        told = STATEMENTS.written(statement, parameters or {})
        text, values = told.text, told.arguments
        raw = self._lane.raw
        await_only(self._lane.open())
        # As it is planned for these very values, and once for all.
        found = [await_only(raw.fetch(f"EXPLAIN {text}", *values))]
        await_only(raw.execute("SET LOCAL plan_cache_mode = force_generic_plan"))
        await_only(raw.execute(f"PREPARE explained AS {text}"))
        given = f"({', '.join(['NULL'] * len(values))})" if values else ""
        found.append(await_only(raw.fetch(f"EXPLAIN EXECUTE explained{given}")))
        await_only(raw.execute("DEALLOCATE explained"))
        await_only(raw.execute("SET LOCAL plan_cache_mode = auto"))
        self._plans.setdefault(text, []).extend("\n".join(row[0] for row in rows) for rows in found)
        return self._lane.execute(statement, parameters)
