"""Keeping a view live: read again after each change, keep old data through an outage, come back by itself."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.facade import Changes

AT_LEAST_EVERY = 5.0
"""Seconds after which the view is read again though nothing was heard: a worker may have died silently."""
PAUSE, LONGEST_PAUSE, REST = 0.1, 1.0, 39
"""Seconds between two readings, in which a burst of changes is read once: `REST` times what a reading took.

A server that is busy takes longer, and so is asked more seldom: no dashboard keeps it, or its own machine,
for more than a fortieth of the time.
"""
LONGEST_SPREAD, SPREAD = 0.5, 80
"""Seconds, at most, from a change to its reading, `SPREAD` times what the last one took.

All dashboards hear of it at once, and share one server: docs/scale.md.
"""
FIRST_BACK_OFF, LONGEST_BACK_OFF = 0.5, 5.0


def pause_after(spent: float) -> float:
    """Return how many seconds to wait after a reading that took so many."""
    return min(max(PAUSE, REST * spent), LONGEST_PAUSE)


def spread_after(spent: float) -> float:
    """Return how many seconds at most to wait before a reading where the last one took so many."""
    return min(SPREAD * spent, LONGEST_SPREAD)


@dataclass(frozen=True, slots=True)
class Live:
    """What the loop needs. `renew` reads and shows; `fresh` and `old` are told how it went."""

    watch: Callable[[], Changes]
    renew: Callable[[], Awaitable[None]]
    fresh: Callable[[], None]
    old: Callable[[str], None]

    async def run(self) -> None:
        """Run until cancelled. Raises the `JobmonError` that no waiting can mend."""
        changes: Changes | None = None
        back_off = FIRST_BACK_OFF
        try:
            while True:
                try:
                    if changes is None:
                        changes = self.watch()
                    began = monotonic()
                    await self.renew()
                    spent = monotonic() - began
                    self.fresh()
                    back_off = FIRST_BACK_OFF
                    await asyncio.sleep(pause_after(spent))
                    if await changes.wait(AT_LEAST_EVERY):
                        await asyncio.sleep(random.uniform(0.0, spread_after(spent)))  # noqa: S311 - no secret
                except JobmonError as error:
                    if error.code is not ErrorCode.STORAGE_UNAVAILABLE:
                        raise
                    self.old(error.message)
                    await asyncio.sleep(back_off)
                    back_off = min(2 * back_off, LONGEST_BACK_OFF)
        finally:
            if changes is not None:
                changes.close()
