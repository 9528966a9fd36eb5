"""How long the server itself takes for a look: `EXPLAIN ANALYZE` of each of its statements, summed."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.util import await_only

from jobmon_tui.storage.postgres.connection import STATEMENTS, PgConnection
from jobmon_tui.storage.postgres.database import PostgresDatabase

T = TypeVar("T")


class ServerTime:
    """A database whose `spent` is the server's milliseconds for what was asked since `clear`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.spent = 0.0
        self.statements = 0
        self._database = database

    def clear(self) -> None:
        """Begin anew."""
        self.spent, self.statements = 0.0, 0

    async def read(self, work: Callable[[Any], T]) -> T:
        """Run on a snapshot, each statement twice: once for its plan's time."""

        def unit(transaction: Any) -> T:
            transaction._connection = _Timed(transaction._connection, self)
            return work(transaction)

        return await self._database.read(unit)


class _Timed:
    def __init__(self, lane: PgConnection, total: ServerTime) -> None:
        self._lane = lane
        self._total = total

    def execute(self, statement: Any, parameters: Any = None, /) -> Any:
        told = STATEMENTS.written(statement, parameters or {})
        await_only(self._lane.open())
        answer = self._lane.execute(statement, parameters)
        # Without a clock at each node, which would cost more than the node.
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {told.text}"
        [[found]] = await_only(self._lane.raw.fetch(explain, *told.arguments))
        [plan] = json.loads(found)
        self._total.spent += plan["Execution Time"]
        self._total.statements += 1
        return answer
