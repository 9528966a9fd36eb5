"""Leaving: what runs here is waited for or stopped, then the connection is closed. Each happens once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobmon_tui.services.facade import EmbeddedWorker

STOPPED = "stopped by the operator"
TERMINAL_CLOSED = "terminal closed"
CLOSED = "the dashboard was closed"
TERMINATED = "the dashboard was ended"
CRASHED = "the dashboard ended unexpectedly"

_PATIENCE = 10.0
"""Seconds that a thing which should be prompt may take: somebody waits for the shell."""

_log = logging.getLogger(__name__)


class Opened(Protocol):
    """What has to be closed in the end."""

    @property
    def worker(self) -> "EmbeddedWorker | None":
        """The scheduler of this process, if it has one."""
        ...

    @property
    def close(self) -> Callable[[], Awaitable[None]]:
        """Ends what was opened."""
        ...


class Departure:
    """The way out, for every reason there is to leave."""

    def __init__(self) -> None:
        self._connection: Opened | None = None
        self._stopped = False
        self._closing: asyncio.Task[None] | None = None

    def opened(self, connection: Opened) -> None:
        """Remember what has to be closed."""
        self._connection = connection

    @property
    def running(self) -> Sequence[int]:
        """The executions that run inside this dashboard."""
        worker = self._connection.worker if self._connection else None
        return tuple(worker.running) if worker else ()

    async def stop(self, grace: float, reason: str) -> None:
        """Wait `grace` seconds for what runs here, and end the rest Failed with `reason`.

        May be asked again with a shorter grace while an earlier one still waits. Returns in bounded time.
        """
        worker = self._connection.worker if self._connection else None
        if worker is not None:
            try:
                async with asyncio.timeout(grace + _PATIENCE):
                    await worker.stop(grace, reason)
            except TimeoutError:
                _log.warning("the embedded scheduler did not stop in time")
        self._stopped = True

    async def close(self) -> None:
        """Stop at once what still runs, and close the connection. A second call waits for the first."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._connection is None:
            return
        if not self._stopped:
            await _quietly("stop the embedded scheduler", self.stop(0.0, CRASHED), 2 * _PATIENCE)
        await _quietly("close the connection", self._connection.close(), _PATIENCE)


async def _quietly(what: str, step: Awaitable[None], seconds: float) -> None:
    """Do the step, whatever becomes of it: a defect is logged, and the next step still done."""
    task = asyncio.ensure_future(step)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        _log.error("could not %s within %g seconds", what, seconds)
    elif not task.cancelled() and (error := task.exception()) is not None:
        _log.error("could not %s", what, exc_info=error)
