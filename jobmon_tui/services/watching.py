"""Watching for changes: who waits is woken, and a change between two waits is never lost."""

import asyncio
import contextlib


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
        self._begin()
        return made

    def _begin(self) -> None:
        """Look from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._look())

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
