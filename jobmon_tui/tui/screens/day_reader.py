"""Reads once a minute what ended in the last 24 hours."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.audited import utc_now
from jobmon_tui.tui.day import Day, day_of, first_hour
from jobmon_tui.tui.host import Host

EVERY = 60.0
"""Seconds between two readings."""
AT_FIRST = 5.0
"""Seconds between them as long as nothing has ended in these hours: the first that does is told soon."""


class DayReader:
    """Knows the day as it was last read."""

    def __init__(
        self,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self.day: Day | None = None
        """None before the first time."""

    async def run(self, host: Host, in_sight: asyncio.Event) -> None:
        """Read until cancelled, but not while nobody sees it.

        An outage is waited out; what no waiting can mend ends it. Both are told by who reads the rows.
        """
        while True:
            await in_sight.wait()
            now = self._now()
            try:
                counted = await host.services.finished_by_hour(host.caller, first_hour(now))
            except JobmonError as error:
                if error.code is not ErrorCode.STORAGE_UNAVAILABLE:
                    return
            else:
                self.day = day_of(counted, now)
            known = self.day is not None and any(self.day.ended)
            await self._sleep(EVERY if known else AT_FIRST)
