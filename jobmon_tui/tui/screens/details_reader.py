"""Keeps the details on the cursor's row: read soon after a move, and live while it stays."""

import asyncio
import time
from collections.abc import Awaitable, Callable

SETTLE = 0.12
"""Seconds of quiet after a move before anything is read: a held key reads nothing."""
EVERY = 1.0
"""Seconds between two readings of the same row, however often the database changes."""


class DetailsReader:
    """One reading at a time. A reading that was overtaken by a move of the cursor is not shown."""

    def __init__(
        self,
        read: Callable[[int | None], Awaitable[Callable[[], None]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` gets what is to be said of an execution, and answers with how to show that."""
        self._read = read
        self._clock = clock
        self._wanted: int | None = None
        self._open = False
        self._shown: int | None = None
        self._has_shown = False
        self._read_at = 0.0
        self._due = asyncio.Event()
        self._moved = asyncio.Event()

    def follow(self, execution_id: int | None) -> None:
        """Show this execution from now on; None says that no row is chosen."""
        if not self._open or execution_id != self._wanted:
            self._open = True
            self._wanted = execution_id
            self._moved.set()
            self._due.set()

    def changed(self) -> None:
        """Read again: something was committed."""
        if self._open:
            self._due.set()

    def close(self) -> None:
        """Show nothing, until `follow` is called."""
        self._open = self._has_shown = False
        self._due.clear()

    async def run(self) -> None:
        """Read and show until cancelled."""
        while True:
            await self._due.wait()
            if await self._is_moved_within(self._pause()):
                continue
            self._due.clear()
            wanted = self._wanted
            if self._open:
                show = await self._read(wanted)
                self._read_at = self._clock()
                if self._open and wanted == self._wanted:
                    self._shown, self._has_shown = wanted, True
                    show()

    def _pause(self) -> float:
        if not self._has_shown:
            return 0.0
        if self._wanted != self._shown:
            return SETTLE
        return max(0.0, self._read_at + EVERY - self._clock())

    async def _is_moved_within(self, seconds: float) -> bool:
        self._moved.clear()
        if seconds <= 0:
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return False
        return True
