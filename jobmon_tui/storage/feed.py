"""The change feed: who watches is told of a commit, in this process at once, of other processes by a poll.

On SQLite the poll asks `PRAGMA data_version`, which differs once another connection has committed. Asking
costs a hop to a thread; a glance at the write-ahead log's file costs next to nothing, and comes more often.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from jobmon_tui.domain.errors import JobmonError

POLL_SECONDS = 0.25
"""How often the database itself is asked. With the time that this takes it stays under half a second."""
GLANCE_SECONDS = 0.05
"""How often to look whether asking earlier is worth it."""

# The log's file changes before the commit counts: a question in between is answered with "nothing new".
_WARY = 3


def _blind() -> None:
    return None


class Watch:
    """One watcher. It counts versions, so that a change between two waits is never lost."""

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed
        self._seen = feed.version
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake the watcher."""
        self._event.set()

    async def wait(self, timeout: float) -> bool:
        """Return True when something changed since the last return, False after `timeout` seconds."""
        if self._seen == self._feed.version:
            self._event.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._event.wait()
            except TimeoutError:
                return False
        self._seen = self._feed.version
        return True

    def close(self) -> None:
        """Stop watching."""
        self._feed.forget(self)


class WatchWakeup:
    """The scheduler's view of a watch: it wants to be woken, and does not ask why."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def wait(self, timeout: float) -> None:
        """Return when something changed, or after `timeout` seconds."""
        await self._watch.wait(timeout)


class Feed:
    """Counts changes. Looks for those of others only while somebody watches."""

    def __init__(self) -> None:
        self.version = 0
        self._watches: set[Watch] = set()
        self._task: asyncio.Task[None] | None = None

    async def _look(self) -> None:
        """Call `changed` for what others commit, until cancelled."""
        raise NotImplementedError

    def changed(self) -> None:
        """Tell every watcher: something was committed. Call it on the event loop's thread."""
        self.version += 1
        for watch in self._watches:
            watch.notify()

    def watch(self) -> Watch:
        """Start watching."""
        made = Watch(self)
        self._watches.add(made)
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        return made

    def forget(self, watch: Watch) -> None:
        """Let a watcher go."""
        self._watches.discard(watch)

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None


class ChangeFeed(Feed):
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
