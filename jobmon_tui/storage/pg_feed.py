"""PostgreSQL's change feed: LISTEN, and a slow poll underneath."""

import asyncio
from typing import Any, Final

import asyncpg

from jobmon_tui.storage.feed import Feed
from jobmon_tui.storage.pg_errors import BROKEN
from jobmon_tui.storage.pg_source import PgSource
from jobmon_tui.storage.triggers_postgres import CHANNEL

_POLL_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 1.0


class ListenFeed(Feed):
    """Listens on one connection of its own while somebody watches."""

    def __init__(self, source: PgSource) -> None:
        super().__init__()
        self._source = source

    async def _look(self) -> None:
        while True:
            try:
                await self._listen()
            except (*BROKEN, asyncpg.PostgresError):
                self.changed()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        raw = await self._source.connect()
        try:
            await raw.add_listener(CHANNEL, self._heard)
            # Whatever happened before this moment was not heard.
            self.changed()
            while True:
                await asyncio.sleep(_POLL_SECONDS)
                await raw.execute("SELECT 1")
        finally:
            raw.terminate()

    def _heard(self, *_note: Any) -> None:
        self.changed()
