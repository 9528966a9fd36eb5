"""`/events`: what changes, as it happens."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from jobmon_tui.api.asking import CallerOf, ServicesOf
from jobmon_tui.api.bulletin import Bulletin, Place, read_place
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.wire.forms import ProblemForm, write
from jobmon_tui.wire.problems import problem_form

router = APIRouter(tags=["events"])

BEAT_SECONDS = 15.0
"""How often a quiet stream says that it is alive."""
CHECK_SECONDS = 1.0
"""How often at most it is asked whether the session still holds."""
_STEPS_AT_ONCE = 200
_PAUSE = 0.1
_LONGEST = 86_400


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
    version: int = 0
    checked: float = field(default_factory=monotonic)

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

    async def _refusal(self) -> bytes | None:
        if monotonic() - self.checked < CHECK_SECONDS:
            return None
        self.checked = monotonic()
        try:
            await self.services.whoami(self.caller)
        except JobmonError as refusal:
            if refusal.code is ErrorCode.STORAGE_UNAVAILABLE:
                return None
            return _event("end", self.place, write(ProblemForm, problem_form(refusal)))
        return None

    async def run(self) -> AsyncIterator[bytes]:
        try:
            yield b"retry: 1000\n\n"
            while monotonic() < self.until and not self.bulletin.has_ended:
                end = await self._refusal()
                if end is not None:
                    yield end
                    return
                told = self._news()
                if told:
                    yield told
                    # A burst is told in parts; nobody is woken a hundred times a second.
                    await asyncio.sleep(_PAUSE)
                    continue
                left = min(BEAT_SECONDS, max(0.0, self.until - monotonic()))
                if not await self.bulletin.wait(self.version, self.place, left):
                    yield b": beat\n\n"
        finally:
            self.bulletin.leave()


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    of: Annotated[
        Literal["steps", "changes"],
        Query(description="Each step of each execution, or only that something changed."),
    ] = "steps",
    seconds: Annotated[int, Query(ge=1, le=_LONGEST, description="How long the stream lasts.")] = _LONGEST,
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
    bulletin: Bulletin = request.app.state.bulletin
    await bulletin.enter()
    asked = read_place(last_event_id) if last_event_id else None
    place = bulletin.place if last_event_id is None else asked or Place("", 0)
    # Who comes back is told of a change at once: there may have been one meanwhile.
    version = bulletin.version if last_event_id is None else -1
    stream = _Stream(services, caller, bulletin, of == "steps", place, monotonic() + seconds, version)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream.run(), media_type="text/event-stream", headers=headers)
