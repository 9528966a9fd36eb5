"""The change feed: who watches is told of a commit, in this process at once, of other processes by a poll.

On SQLite the poll asks `PRAGMA data_version`, which differs once another connection has committed. Asking
costs a hop to a thread; a glance at the write-ahead log's file costs next to nothing, and comes more often.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.services.watching import Feed, Watch
from jobmon_tui.storage.crew import Crew
from scheduler.ports import Wakeup

POLL_SECONDS = 0.25
"""How often the database itself is asked. With the time that this takes it stays under half a second."""
GLANCE_SECONDS = 0.05
"""How often to look whether asking earlier is worth it."""

# The log's file changes before the commit counts: a question in between is answered with "nothing new".
_WARY = 3


def _blind() -> None:
    return None


class WatchWakeup:
    """The scheduler's view of a watch: it wants to be woken, and does not ask why."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def wait(self, timeout: float) -> None:
        """Return when something changed, or after `timeout` seconds."""
        await self._watch.wait(timeout)


@dataclass(frozen=True, slots=True)
class Wakeups:
    """What wakes a scheduler: for work, and for cancels where these are told apart; else one does both."""

    work: Wakeup
    cancels: Wakeup | None = None


class StoreFeed(Feed):
    """A database's feed, which wakes schedulers too."""

    def wakeups(self, _worker: str, _crew: Crew) -> Wakeups:
        """Give what wakes a worker of this name."""
        return Wakeups(WatchWakeup(self.watch()))


class ChangeFeed(StoreFeed):
    """The feed of a database that must be asked: a poll."""

    def __init__(
        self, foreign_version: Callable[[], Awaitable[int]], glance: Callable[[], object] = _blind
    ) -> None:
        """`foreign_version` answers with a number that differs once another connection has committed.

        `glance` is quick, and mostly differs then too. It may miss a change: it only makes the poll prompt.
        """
        super().__init__()
        self._foreign_version = foreign_version
        self._glance = glance

    async def _look(self) -> None:
        last: int | None = None
        glanced: object = None
        wary, due = 0, 0.0
        while True:
            # Taken before the question: what changes while it is answered makes the next glance differ.
            glance = self._glance()
            if glance != glanced:
                glanced, wary = glance, _WARY
            if self._watches and (wary or time.monotonic() >= due):
                wary = max(0, wary - 1)
                try:
                    current: int | None = await self._foreign_version()
                except JobmonError:
                    # The watchers' own reads will say what is wrong; this one only has to go on asking.
                    current = None
                due = time.monotonic() + POLL_SECONDS
                if current != last:
                    last = current
                    self.changed()
            await asyncio.sleep(GLANCE_SECONDS)
