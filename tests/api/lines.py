"""Raw HTTP: bytes sent as they are, on a connection of their own."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 20.0
"""Seconds until a test gives up; no promise."""

_OPEN: "list[Wire]" = []


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def answer(self) -> Answer:
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {}
            for line in head[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(head[0].split()[1]), headers, body)

    async def gone(self) -> bool:
        """Wait until the other end has hung up."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True

    def close(self) -> None:
        self.writer.transport.abort()


async def connect(path: Path) -> Wire:
    """Open a connection; `hang_up` closes it at last."""
    made = Wire(*await asyncio.open_unix_connection(str(path), limit=1 << 20))
    _OPEN.append(made)
    return made


async def hang_up() -> None:
    """Close every connection that was opened."""
    for each in _OPEN:
        each.close()
    while _OPEN:
        with contextlib.suppress(ConnectionError):
            await _OPEN.pop().writer.wait_closed()


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds that tells nobody."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.02)


def request(
    method: str = "GET", path: str = "/api/v1/health", *lines: str, body: bytes | None = None, token: str = ""
) -> bytes:
    """Write a request."""
    head = [f"{method} {path} HTTP/1.1", "Host: jobmon", *lines]
    if token:
        head.append(f"Authorization: Bearer {token}")
    if body is not None:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + (body or b"")


async def once(path: Path, sent: bytes) -> Answer:
    """Send bytes on a connection of their own and read one answer."""
    wire = await connect(path)
    try:
        await wire.send(sent)
        return await wire.answer()
    finally:
        wire.close()
