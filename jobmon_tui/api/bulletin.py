"""What has happened, kept for a while, so that any number of listeners can each read on from their places."""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobmon_tui.domain.errors import JobmonError, storage_unavailable
from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Changes
from jobmon_tui.services.follow import Follower
from jobmon_tui.services.ports import Database
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.wire.forms import StepForm, step_form, write

_LOG = logging.getLogger("jobmon.api")
KEPT_STEPS = 10_000
LINGER_SECONDS = 600.0
"""How long steps are followed after the last listener went: who comes back in this time misses nothing."""
_LEAST_PAUSE, _SHARE = 0.05, 4.0
"""Seconds between two looks at what has changed, and at least so many times what the last one took."""
_AT_LEAST_EVERY = 5.0
BEGIN_SECONDS = 5.0
"""How long a listener waits for the first look at the database."""
_NO_LOOK = "The server cannot see what happens at the moment. Try again."


@dataclass(frozen=True, slots=True)
class _Unasked:
    # The server's own reading: who may hear of it is asked where it is told.
    database: Database

    async def executions(
        self,
        _caller: Caller,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
    ) -> Sequence[Execution]:
        return await self.database.read(
            lambda transaction: transaction.executions(wanted, limit, before=before, after=after)
        )


@dataclass(frozen=True, slots=True)
class Place:
    """How far a listener has read: steps by number, within one life of the bulletin."""

    epoch: str
    number: int

    def __str__(self) -> str:
        """Return it as an event's id."""
        return f"{self.epoch}-{self.number}"


def read_place(text: str) -> Place | None:
    """Return the place that an event's id names, None where it is none."""
    epoch, _, number = text.partition("-")
    return Place(epoch, int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None


class Bulletin:
    """Follows all executions once for all listeners, while there are any and for a while longer."""

    def __init__(
        self,
        database: Database,
        watch: Callable[[], Changes],
        *,
        linger: float = LINGER_SECONDS,
        kept: int = KEPT_STEPS,
    ) -> None:
        self._database = database
        self._watch = watch
        self._linger = linger
        self._epoch = ""
        self._steps: deque[bytes] = deque(maxlen=kept)
        self._count = 0
        self._version = 0
        self._task: asyncio.Task[None] | None = None
        self._begun: asyncio.Future[None] | None = None
        self._listeners = 0
        self._left_at = 0.0
        self._news = asyncio.Event()
        self.has_ended = False
        """True once the server stops: no listener is to wait any longer."""

    @property
    def is_followed(self) -> bool:
        """False once the following has ended: who still listens then is to come back."""
        return self._task is not None and not self._task.done()

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return self._listeners

    @property
    def version(self) -> int:
        """Grows whenever anything in the database has changed, reports and accounts among them."""
        return self._version

    @property
    def place(self) -> Place:
        """Where the next step will stand."""
        return Place(self._epoch, self._count)

    def holds(self, place: Place) -> bool:
        """Tell whether a listener can read on from there with nothing left out."""
        oldest = self._count - len(self._steps)
        return place.epoch == self._epoch and oldest <= place.number <= self._count

    def steps_from(self, place: Place, most: int) -> Sequence[bytes]:
        """Return the next steps, each as JSON; the place must be held."""
        skipped = place.number - (self._count - len(self._steps))
        return [self._steps[index] for index in range(skipped, min(len(self._steps), skipped + most))]

    async def enter(self) -> None:
        """Be listened to; each `enter` needs its `leave`. What happens from now on will be told.

        Raises `storage_unavailable` where the database does not answer; then there is nothing to leave.
        """
        self._listeners += 1
        try:
            begun = self._begin()
            # Not waited for by awaiting: who is cancelled would cancel it for all others.
            await asyncio.wait([begun], timeout=BEGIN_SECONDS)
        except asyncio.CancelledError:
            self.leave()
            raise
        refusal = begun.exception() if begun.done() else storage_unavailable(_NO_LOOK)
        if refusal is not None:
            self.leave()
            raise refusal

    def _begin(self) -> "asyncio.Future[None]":
        if self._begun is None or not self.is_followed:
            self._epoch, self._count = secrets.token_hex(4), 0
            self._steps.clear()
            self._begun = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._run(self._begun), name="bulletin")
            self._task.add_done_callback(self._has_stopped)
        return self._begun

    def _has_stopped(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _LOG.error("the following of executions has failed", exc_info=error)
        self._tell()

    def leave(self) -> None:
        """Be listened to by one less."""
        self._listeners -= 1
        self._left_at = time.monotonic()

    async def wait(self, version: int, place: Place, timeout: float) -> bool:
        """Wait until there is more than this; False after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while (
                    not self.has_ended
                    and self.is_followed
                    and (self._version, self.place) == (version, place)
                ):
                    news = self._news
                    await news.wait()
        except TimeoutError:
            return False
        return True

    def end(self) -> None:
        """Let every listener go."""
        self.has_ended = True
        self._tell()

    async def close(self) -> None:
        """Follow no longer."""
        self.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _is_wanted(self) -> bool:
        return self._listeners > 0 or time.monotonic() - self._left_at < self._linger

    async def _run(self, begun: "asyncio.Future[None]") -> None:
        changes = self._watch()
        follower = Follower(_Unasked(self._database), Caller("", ""))
        try:
            while self._is_wanted():
                began = time.monotonic()
                try:
                    async for steps in follower.look():
                        self._steps.extend(write(StepForm, step_form(step)) for step in steps)
                        self._count += len(steps)
                        self._tell()
                except JobmonError as refusal:
                    # Nothing is known yet of what a listener would be told of: each may come again.
                    if not begun.done():
                        self._refuse(begun, refusal)
                        return
                    # Each listener's own reading tells of an outage; what happens meanwhile is told after it.
                if not begun.done():
                    begun.set_result(None)
                await asyncio.sleep(max(_LEAST_PAUSE, _SHARE * (time.monotonic() - began)))
                if await changes.wait(_AT_LEAST_EVERY):
                    self._version += 1
                    self._tell()
        finally:
            if not begun.done():
                self._refuse(begun, storage_unavailable(_NO_LOOK))
            changes.close()

    @staticmethod
    def _refuse(begun: "asyncio.Future[None]", refusal: JobmonError) -> None:
        begun.set_exception(refusal)
        begun.exception()  # told even where nobody waits any longer
