"""PostgreSQL as one end of a copy."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Table
from sqlalchemy.util import greenlet_spawn

from jobmon_tui.domain.errors import storage_unavailable
from jobmon_tui.storage.copying.sides import Rows, row_refused
from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.postgres.errors import FAILURES, pg_error
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.rows import Executes

T = TypeVar("T")

_SECONDS: Final = 600.0
"""How long a statement may take: whole tables are counted."""
_ROLLBACK_SECONDS: Final = 2.0
_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_ALONE: Final = "SELECT pg_try_advisory_lock(7091, 2)"


class PgSide:
    """A PostgreSQL database, on a connection of its own."""

    def __init__(self, source: PgSource, raw: Any, *, writes: bool) -> None:
        self.name = source.name
        self._raw = raw
        self._lane = PgConnection(raw)
        self._begin = "BEGIN" if writes else _READ

    @classmethod
    async def open(cls, source: PgSource, *, writes: bool) -> "PgSide":
        """Connect. Raises `storage_unavailable`, also where somebody else copies into it."""
        patient = replace(source, seconds=_SECONDS)
        try:
            raw = await patient.connect(idle_in_transaction_session_timeout="0", lock_timeout="10s")
        except FAILURES as error:
            raise pg_error(error, source.name) or error from error
        side = cls(source, raw, writes=writes)
        if writes and not await side._guarded(raw.fetchval(_ALONE)):
            await side.close()
            raise storage_unavailable(f"Another copy into the database {source.name} is under way.")
        return side

    async def _guarded(self, asking: Any) -> Any:
        try:
            return await asking
        except FAILURES as error:
            raise pg_error(error, self.name) or error from error

    async def begin(self) -> None:
        """Begin."""
        await self._guarded(self._raw.execute(self._begin))

    async def run(self, work: Callable[[Executes], T]) -> T:
        """Run queries."""
        answer: T = await self._guarded(greenlet_spawn(work, self._lane))
        return answer

    async def put(self, table: Table, rows: Rows) -> None:
        """Add rows by COPY; the triggers hear of them as of one statement."""
        if not rows:
            return
        columns = [column.name for column in table.columns]
        try:
            await self._raw.copy_records_to_table(table.name, records=rows, columns=columns)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise row_refused(self.name, table.name, str(error)) from error
        except FAILURES as error:
            raise pg_error(error, self.name) or error from error

    async def greatest_ids(self, tables: Sequence[str]) -> Mapping[str, int]:
        """Return what the sequences gave last."""
        found: dict[str, int] = {}
        for name in tables:
            sequence = await self._sequence(name)
            [row] = await self._guarded(self._raw.fetch(f"SELECT last_value, is_called FROM {sequence}"))  # noqa: S608
            found[name] = int(row["last_value"]) if row["is_called"] else 0
        return found

    async def _sequence(self, table: str) -> str:
        # The server's own spelling of the name, quoted where it has to be.
        return str(await self._guarded(self._raw.fetchval("SELECT pg_get_serial_sequence($1, 'id')", table)))

    async def raise_ids(self, greatest: Mapping[str, int]) -> None:
        """Set the sequences."""
        own = await self.greatest_ids(list(greatest))
        for name, value in greatest.items():
            if value > own[name]:
                sequence = await self._sequence(name)
                await self._guarded(
                    self._raw.fetchval("SELECT setval($1::text::regclass, $2)", sequence, value)
                )

    async def commit(self) -> None:
        """Commit."""
        await self._guarded(self._raw.execute("COMMIT"))

    async def roll_back(self) -> None:
        """Roll back, or hang up where that is not answered at once: it comes to the same."""
        try:
            async with asyncio.timeout(_ROLLBACK_SECONDS):
                await self._raw.execute("ROLLBACK")
        except FAILURES:
            self._raw.terminate()

    async def close(self) -> None:
        """Disconnect."""
        try:
            await self._raw.close(timeout=_ROLLBACK_SECONDS)
        except FAILURES:
            self._raw.terminate()
