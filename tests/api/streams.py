"""A listener to the stream of events, as any client may write one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.api.lines import PATIENCE


@dataclass(frozen=True)
class Event:
    """One event as it came."""

    kind: str
    id: str
    data: Any

    @property
    def step(self) -> tuple[int, str]:
        return self.data["id"], self.data["status"]


class Listener:
    """Reads events one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self, *kinds: str) -> Event | None:
        """Give the next event, or the next of these kinds; None at the stream's end."""
        found: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                found[name] = value
                if not line and "event" in found:
                    event = Event(found["event"], found["id"], json.loads(found["data"]))
                    if not kinds or event.kind in kinds:
                        return event
                    found = {}
        return None

    async def beat(self) -> None:
        """Wait for a sign of life."""
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if line == ": beat":
                    return

    async def steps(self, count: int) -> list[Event]:
        """Give so many steps."""
        found = []
        while len(found) < count:
            event = await self.next("step", "reset", "end")
            assert event is not None
            assert event.kind == "step", event
            found.append(event)
        return found


@asynccontextmanager
async def listening(
    path: Path, token: str, after: str | None = None, **params: str | int
) -> AsyncIterator[Listener]:
    """Listen, from now or from `after` on."""
    headers = {"Authorization": f"Bearer {token}"} | ({} if after is None else {"Last-Event-ID": after})
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://jobmon/api/v1", timeout=PATIENCE) as client,
        client.stream("GET", "/events", params=params, headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        yield Listener(response)
