"""`/events`: what changes, as it happens."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from jobmon_tui.api.asking import CallerOf, ServicesOf
from jobmon_tui.api.bulletin import Bulletin, Place, read_place
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.wire.forms import ProblemForm, write
from jobmon_tui.wire.problems import problem_form

router = APIRouter(tags=["events"])

BEAT_SECONDS = 15.0
"""How often a quiet stream says that it is alive, and asks whether its session has run out."""
CHECK_SECONDS = 1.0
"""How soon after a change, and how often at most, it is asked whether the session still holds."""
_STEPS_AT_ONCE = 200
_PAUSE = 0.1
_LONGEST = 86_400
_EVENT_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["step", "change", "reset", "end"]},
        "id": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer"},
    },
    "additionalProperties": False,
}


def _event(kind: str, place: Place, data: bytes = b"{}") -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (kind.encode(), str(place).encode(), data)


@dataclass(slots=True)
class _Stream:
    services: Services
    caller: Caller
    bulletin: Bulletin
    wants_steps: bool
    place: Place
    until: float
    version: int
    told_at: float = field(default_factory=monotonic)
    checked: float = field(default_factory=monotonic)
    checked_version: int = -1

    def _news(self) -> bytes:
        told = b""
        if not self.bulletin.holds(self.place):
            self.place = self.bulletin.place
            told += _event("reset", self.place)
        if self.wants_steps:
            for data in self.bulletin.steps_from(self.place, _STEPS_AT_ONCE):
                self.place = Place(self.place.epoch, self.place.number + 1)
                told += _event("step", self.place, data)
        else:
            self.place = self.bulletin.place
        if self.version != self.bulletin.version:
            self.version = self.bulletin.version
            told += _event("change", self.place)
        return told

    @property
    def _check_due(self) -> float:
        """Whether somebody has ended the session is seen by a change; that its time is over is not."""
        has_changed = self.bulletin.version != self.checked_version
        return self.checked + (CHECK_SECONDS if has_changed else BEAT_SECONDS)

    async def _refusal(self) -> bytes | None:
        if monotonic() < self._check_due:
            return None
        self.checked, self.checked_version = monotonic(), self.bulletin.version
        try:
            await self.services.whoami(self.caller)
        except JobmonError as refusal:
            if refusal.code is ErrorCode.STORAGE_UNAVAILABLE:
                # Asked again, though nothing may have changed since.
                self.checked_version = -1
                return None
            return _event("end", self.place, write(ProblemForm, problem_form(refusal)))
        return None

    async def run(self) -> AsyncIterator[bytes]:
        """Give the stream's parts until its time is over, or the session, or the following of executions."""
        yield b"retry: 1000\n\n"
        while self.bulletin.is_followed and not self.bulletin.has_ended:
            end = await self._refusal()
            if end is not None:
                yield end
                return
            told = self._news()
            if told:
                self.told_at = monotonic()
                yield told
            if monotonic() >= self.until and self.place == self.bulletin.place:
                return
            if told:
                # A burst is told in parts; nobody is woken a hundred times a second.
                await asyncio.sleep(_PAUSE)
                continue
            beat = self.told_at + BEAT_SECONDS
            left = min(beat, self.until, self._check_due) - monotonic()
            if not await self.bulletin.wait(self.version, self.place, max(0.0, left)) and monotonic() >= beat:
                self.told_at = monotonic()
                yield b": beat\n\n"


class _Events(Response):
    """The stream as an answer. Nobody is listened to who has gone before it begins, or after it ends."""

    def __init__(
        self, services: Services, caller: Caller, bulletin: Bulletin, of: str, seconds: int, after: str | None
    ) -> None:
        super().__init__(media_type="text/event-stream")
        self._of = (services, caller, bulletin, of == "steps")
        self._bulletin = bulletin
        self._seconds = seconds
        self._after = after

    def _stream(self) -> _Stream:
        if self._after is None:
            place, version = self._bulletin.place, self._bulletin.version
        else:
            # Who comes back is told of a change at once: there may have been one meanwhile.
            place, version = read_place(self._after) or Place("", 0), -1
        return _Stream(*self._of, place, monotonic() + self._seconds, version)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream. Raises `storage_unavailable` before anything was sent."""
        await self._bulletin.enter()
        try:
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            parts = self._stream().run()
            stream = StreamingResponse(parts, media_type=self.media_type, headers=headers)
            await stream(scope, receive, send)
        finally:
            self._bulletin.leave()


@router.get(
    "/events",
    response_class=StreamingResponse,
    # `itemSchema` is OpenAPI 3.2's word for each event; readers of 3.1 pass over it.
    responses={200: {"content": {"text/event-stream": {"itemSchema": _EVENT_FORM}}}},
)
async def events(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    of: Annotated[
        Literal["steps", "changes"],
        Query(description="Each step of each execution, or only that something changed."),
    ] = "steps",
    seconds: Annotated[
        int, Query(ge=0, le=_LONGEST, description="How long the stream lasts; 0: only what is there already.")
    ] = _LONGEST,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", max_length=100, description="Read on after this event.")
    ] = None,
) -> Response:
    """Stream what changes, as server-sent events.

    `step` carries an execution as it stood once it was queued, had started or had ended. `change` says that
    something changed, reports and accounts too: look anew. `reset` says that the server cannot tell what came
    after the `Last-Event-ID`: look at the list, then read on. `end` says why the session holds no longer.
    """
    await services.whoami(caller)
    return _Events(services, caller, request.app.state.bulletin, of, seconds, last_event_id)
