"""A process's connections to PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.postgres.errors import BROKEN
from jobmon_tui.storage.postgres.source import PgSource

_FAREWELL_SECONDS: Final = 1.0


class PgPool:
    """A few connections, made when they are needed; whoever asks first is served first."""

    def __init__(self, source: PgSource, most: int) -> None:
        # A unit of work is bounded as a whole.
        self._source = replace(source, keeps_time=False)
        self._free = asyncio.Semaphore(most)
        self._idle: list[PgConnection] = []
        self._pids: set[int] = set()

    def is_own(self, pid: int) -> bool:
        """Tell whether one of these connections is served by the backend with this number."""
        return pid in self._pids

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[PgConnection]:
        """Give a connection; inside a transaction afterwards, it is closed and not given again."""
        async with self._free:
            lane = self._taken() or PgConnection(await self._connect())
            try:
                yield lane
            finally:
                if not lane.raw.is_closed() and lane.raw.is_in_transaction():
                    lane.raw.terminate()
                if not lane.raw.is_closed():
                    self._idle.append(lane)

    def _taken(self) -> PgConnection | None:
        # One that was closed while it lay here says so by itself, unless the line just went dead.
        while self._idle:
            lane = self._idle.pop()
            if not lane.raw.is_closed():
                return lane
        return None

    async def _connect(self) -> Any:
        raw = await self._source.connect()
        pid = raw.get_server_pid()
        self._pids.add(pid)
        raw.add_termination_listener(lambda _: self._pids.discard(pid))
        return raw

    def forget(self) -> None:
        """Let go of all that are idle: one of them was found to be of no use."""
        for lane in self._idle:
            lane.raw.terminate()
        self._idle.clear()

    async def close(self) -> None:
        """Close those that are idle."""
        idle, self._idle = self._idle, []
        for lane in idle:
            try:
                await lane.raw.close(timeout=_FAREWELL_SECONDS)
            except BROKEN:
                lane.raw.terminate()
