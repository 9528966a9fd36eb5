"""What no client may do: send a body without end, or one that never comes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobmon_tui.api.answers import plain_problem, refuse
from jobmon_tui.domain.errors import JobmonError, storage_unavailable

LARGEST_BODY = 4 * 1024**2
"""Bytes: some thousand reports for an import."""
SMALL_BODY = 64 * 1024
"""Bytes that anybody may send; of reports more by who may change them."""
MOST_HELD = 64 * 1024**2
"""Bytes of all large bodies that are on their way or in use at the same time."""
BODY_SECONDS = 30.0
DRAIN_SECONDS = 2.0
_LARGE = "/api/v1/report"


_CLOSE = {"Connection": "close"}


class _RefusedError(Exception):
    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


@dataclass(slots=True)
class _Body:
    most: int
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    held: int = 0
    """How much of it counts as large."""
    is_whole: bool = False

    def too_large(self) -> _RefusedError:
        told = f"This request holds {self.most:,} bytes at most."
        return _RefusedError(plain_problem(413, "Content too large", told, _CLOSE))


class BodyLimit:
    """Refuses a body that is too large (413) or does not come in time (408), before any route reads it.

    Of large ones there are so many at a time as `MOST_HELD` allows (503).
    """

    def __init__(self, app: ASGIApp, admit: Callable[[Scope], Awaitable[None]]) -> None:
        """`admit` raises `JobmonError` for who may send no more than `SMALL_BODY`."""
        self._app = app
        self._admit = admit
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        body = _Body(LARGEST_BODY if scope["path"].startswith(_LARGE) else SMALL_BODY)
        is_late = False
        try:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    is_whole = await self._read(body, scope, receive)
            except _RefusedError as refusal:
                answer = refusal.answer
            except JobmonError as refusal:
                answer = refuse(refusal, _CLOSE)
            except TimeoutError:
                is_late = True
                answer = plain_problem(408, "Request timeout", "The request did not come in time.", _CLOSE)
            else:
                if is_whole:
                    await self._app(scope, _replay(b"".join(body.parts), receive), send)
                return
            if not body.is_whole and not is_late:
                await _drain(scope, receive)
        finally:
            self._held -= body.held
        await answer(scope, receive, send)

    async def _read(self, body: _Body, scope: Scope, receive: Receive) -> bool:
        for name, value in scope["headers"]:
            if name == b"content-length" and (not value.isdigit() or int(value) > body.most):
                raise body.too_large()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            part = message.get("body", b"")
            body.is_whole = not message.get("more_body", False)
            body.parts.append(part)
            body.size += len(part)
            if body.size > body.most:
                raise body.too_large()
            large = max(0, body.size - SMALL_BODY) - body.held
            if large and not body.held:
                # Reading a large one is dear: somebody has to answer for it.
                await self._admit(scope)
            body.held += large
            self._held += large
            if self._held > MOST_HELD:
                crowd = storage_unavailable("Too much is sent to the server at once. Try again in a moment.")
                raise _RefusedError(refuse(crowd, _CLOSE))
            if body.is_whole:
                return True


async def _drain(scope: Scope, receive: Receive) -> None:
    """Let a refused body come for a moment: who still sends when he is hung up on does not read why."""
    if any(name == b"expect" for name, _value in scope["headers"]):
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while (await receive()).get("more_body", False):
                pass


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again
