"""The terminal's bell for a new failure, where somebody wants to hear it."""

import asyncio
from collections.abc import Callable

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.screens.live import Live

QUIET = 1.0
"""Seconds between two looks, and so between two strokes at least: ten failures at once are one."""


class FailureBell:
    """Rings when there are more failures than there were; not for those that it finds when it begins."""

    def __init__(self, services: Services, caller: Caller, ring: Callable[[], None]) -> None:
        self._services = services
        self._caller = caller
        self._ring = ring
        self._known: int | None = None

    def saw(self, failures: int) -> None:
        """Hear how many failures there are by now; where some were deleted, there are fewer."""
        if self._known is not None and failures > self._known:
            self._ring()
        self._known = failures

    async def _look(self) -> None:
        overview = await self._services.overview(self._caller, ExecutionFilter())
        self.saw(overview.counts.get(Status.FAILED, 0))
        await asyncio.sleep(QUIET)

    async def listen(self) -> None:
        """Follow the database until cancelled, or until the session has ended: the screens say that."""
        try:
            await Live(self._services.changes, self._look, lambda: None, lambda _reason: None).run()
        except JobmonError:
            return
