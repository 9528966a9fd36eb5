"""Halts units of work between any two of their statements."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
import pytest
from asyncpg.prepared_stmt import PreparedStatement

from jobmon_tui.storage.sqlite.database import SqliteDatabase
from tests.backends import Store
from tests.noting import noting

Halt = Callable[[], Awaitable[None]]
HALT: ContextVar[Halt | None] = ContextVar("HALT", default=None)
"""What the statements of this task, and of those that it starts, wait for on PostgreSQL."""
_SENDING = {
    asyncpg.Connection: ("execute", "executemany", "fetch", "fetchrow", "fetchval", "prepare"),
    PreparedStatement: ("executemany", "fetch", "fetchrow", "fetchval"),
}


@contextmanager
def halting() -> Iterator[None]:
    """Let whatever is sent to PostgreSQL wait for its task's `HALT` first."""
    with pytest.MonkeyPatch.context() as patch:
        for kind, names in _SENDING.items():
            for name in names:
                patch.setattr(kind, name, _after_halt(getattr(kind, name)))
        yield


def _after_halt(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def halted(*arguments: Any, **options: Any) -> Any:
        halt = HALT.get()
        if halt is not None:
            await halt()
        return await send(*arguments, **options)

    return halted


@asynccontextmanager
async def before_each_statement(store: Store, call: Callable[[], None]) -> AsyncIterator[None]:
    """Call before each statement of the writing units of work that this task starts."""
    if isinstance(store, SqliteDatabase):
        await store.write(lambda _transaction: None)  # opens the connection
        with noting(store, lambda *_statement: call()):
            yield
        return

    async def halt() -> None:
        call()

    with halting():
        token = HALT.set(halt)
        try:
            yield
        finally:
            HALT.reset(token)
