"""What no client may do: send without end, or keep a connection without saying anything."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from jobmon_tui.api.answers import plain_problem

LARGEST_BODY = 4 * 1024**2
"""Bytes: some thousand reports for an import."""
BODY_SECONDS = 30.0
HEAD_SECONDS = 10.0
_CREDENTIALS = struct.Struct("3i")


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """Refuses a body that is too large (413) or does not come in time (408), before any route reads it."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY, seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._largest = largest
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(scope, receive)
        except _TooLargeError:
            response = plain_problem(
                413,
                "Content too large",
                f"A request holds {self._largest:,} bytes at most.",
                {"Connection": "close"},
            )
        except TimeoutError:
            response = plain_problem(
                408, "Request timeout", "The request did not come in time.", {"Connection": "close"}
            )
        else:
            if body is not None:
                await self._app(scope, _replay(body, receive), send)
            return
        await response(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        for name, value in scope["headers"]:
            if name == b"content-length" and (not value.isdigit() or int(value) > self._largest):
                raise _TooLargeError
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._largest:
                raise _TooLargeError
            if not message.get("more_body", False):
                return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again


def _peer(transport: asyncio.BaseTransport) -> str | None:
    """Return who is at the other end of a Unix socket, as the kernel knows it; None for any other."""
    found = transport.get_extra_info("socket")
    if found is None or found.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return None
    raw = found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return f"uid={_CREDENTIALS.unpack(raw)[1]}"


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on who does not send a whole head in time, and knows a local peer's user."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        local = _peer(transport)
        if local is not None:
            self.client = (local, 0)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is not yet whole must be so in time."""
        if self._head is None and (self.cycle is None or self.cycle.response_complete):
            self._wait_for_head()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
