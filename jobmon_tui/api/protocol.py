"""One connection: HTTP/1.1 that waits for nobody without end, and answers in problem documents only."""

import asyncio
import socket
import struct
import sys
from typing import ClassVar

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from jobmon_tui.api.answers import plain_problem, refuse
from jobmon_tui.domain.errors import storage_unavailable

HEAD_SECONDS = 10.0
"""How long the head of a request may take."""
STALL_SECONDS = 30.0
"""How long what is sent may lie unread, once the buffers are full."""
_REFUSED_AT_ONCE = 64
"""So many more are told that there are too many; all others are hung up on."""
_CREDENTIALS = struct.Struct("3i")


def _peer(transport: asyncio.BaseTransport) -> str | None:
    """Return who is at the other end of a Unix socket, as the kernel knows it; None for any other."""
    found = transport.get_extra_info("socket")
    if found is None or found.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return None
    raw = found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return f"uid={_CREDENTIALS.unpack(raw)[1]}"


async def _crowded(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = storage_unavailable("The server has as many connections as it can keep. Try again in a moment.")
    await refuse(refusal, {"Connection": "close", "Retry-After": "1"})(scope, receive, send)


class GuardedProtocol(H11Protocol):
    """Hangs up on who does not send a whole head in time, or does not read; knows a local peer's user."""

    most_connections: ClassVar[int] = 2_000
    _head: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        beyond = len(self.connections) - self.most_connections
        if beyond > _REFUSED_AT_ONCE:
            transport.abort()
            return
        if beyond > 0:
            self.app = _crowded
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
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to wait until what was sent is read."""
        super().pause_writing()
        if self._stall is None:
            self._stall = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Enough was read."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def shutdown(self) -> None:
        """Let go, in order; who does not read, or has not sent all of it, is not waited for."""
        is_coming = self.cycle is not None and not self.cycle.response_complete and self.cycle.more_body
        if is_coming or self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # told in our own form
        """Answer what is no HTTP, and hang up."""
        error = sys.exception()
        status = getattr(error, "error_status_hint", 400)
        title, detail = "Bad request", "This is no request that HTTP/1.1 knows."
        if status == 431:
            title, detail = "Request header fields too large", "The request's head is too long."
        response = plain_problem(status, title, detail, {"Connection": "close"})
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            head = h11.Response(status_code=status, headers=response.raw_headers, reason=title.encode())
            for event in (head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
