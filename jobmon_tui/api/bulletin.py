"""What has happened, kept for a while, so that any number of listeners can each read on from their places."""

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Execution
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Changes
from jobmon_tui.services.follow import Follower
from jobmon_tui.services.ports import Database
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.wire.forms import StepForm, step_form, write

KEPT_STEPS = 10_000
LINGER_SECONDS = 600.0
"""How long steps are followed after the last listener went: who comes back in this time misses nothing."""
_LEAST_PAUSE, _SHARE = 0.05, 4.0
"""Seconds between two looks at what has changed, and at least so many times what the last one took."""
_AT_LEAST_EVERY = 5.0


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
        self._listeners = 0
        self._left_at = 0.0
        self._news = asyncio.Event()
        self.has_ended = False
        """True once the server stops: no listener is to wait any longer."""

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
        """Be listened to. What happens from now on will be told."""
        self._listeners += 1
        if self._task is None or self._task.done():
            self._epoch, self._count = secrets.token_hex(4), 0
            self._steps.clear()
            begun = asyncio.Event()
            self._task = asyncio.create_task(self._run(begun), name="bulletin")
            await begun.wait()

    def leave(self) -> None:
        """Be listened to by one less."""
        self._listeners -= 1
        self._left_at = time.monotonic()

    async def wait(self, version: int, place: Place, timeout: float) -> bool:
        """Wait until there is more than this; False after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not self.has_ended and (self._version, self.place) == (version, place):
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
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _is_wanted(self) -> bool:
        return self._listeners > 0 or time.monotonic() - self._left_at < self._linger

    async def _run(self, begun: asyncio.Event) -> None:
        changes = self._watch()
        follower = Follower(_Unasked(self._database), Caller("", ""))
        try:
            while self._is_wanted():
                began = time.monotonic()
                # An outage is told by each listener's own reading; what happened meanwhile comes afterwards.
                with contextlib.suppress(JobmonError):
                    async for steps in follower.look():
                        self._steps.extend(write(StepForm, step_form(step)) for step in steps)
                        self._count += len(steps)
                        self._tell()
                begun.set()
                await asyncio.sleep(max(_LEAST_PAUSE, _SHARE * (time.monotonic() - began)))
                if await changes.wait(_AT_LEAST_EVERY):
                    self._version += 1
                    self._tell()
        finally:
            begun.set()
            changes.close()
