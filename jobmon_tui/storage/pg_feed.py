"""PostgreSQL's change feed: LISTEN on a connection of its own, and a slow poll underneath.

The poll is also the ping that finds out a dead line, and what notices changes where notes are lost on the way
(a pooler that gives each transaction another server connection loses all of them).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from jobmon_tui.services.watching import Feed
from jobmon_tui.storage.pg_errors import FAILURES
from jobmon_tui.storage.pg_source import PgSource
from jobmon_tui.storage.triggers_postgres import CHANNEL
from scheduler.clock import Backoff

PING_SECONDS: Final = 3.0
"""Between two questions on the line."""
ANSWER_SECONDS: Final = 3.0
"""How long an answer may take: a dead line is found out within these two together."""
_LONGEST_PAUSE: Final = 3.0
"""Between two attempts to connect. Who comes back within 10 s of the server's return must not wait longer."""

# All that a watcher can see, in figures that differ where it does: an execution's every step moves a sum or
# the greatest id, the audit log grows with what a person changes, and workers and output stand by themselves.
_STATE: Final = """
SELECT
  (SELECT audit_id FROM audit_head),
  (SELECT max(id) FROM job_execution_log),
  (SELECT array_agg(each.n ORDER BY each.status)
     FROM (SELECT status, sum(n) AS n FROM status_count GROUP BY status) AS each),
  (SELECT array_agg(name ORDER BY name) FROM worker),
  (SELECT sum(o.total) FROM execution_output o JOIN job_execution_log e ON e.id = o.execution_id
     WHERE e.status = 'Running')
"""
_log = logging.getLogger(__name__)


class ListenFeed(Feed):
    """Listens from the first watcher on. After each reconnect all are told: nothing was heard before."""

    def __init__(self, source: PgSource, is_own: Callable[[int], bool] = lambda _pid: False) -> None:
        """`is_own` tells of a backend's pid whether its notes are told of by this process already."""
        super().__init__()
        self._source = source
        self._is_own = is_own

    async def _look(self) -> None:
        backoff = Backoff(first=0.2, most=_LONGEST_PAUSE)
        while True:
            try:
                await self._listen(backoff)
            except FAILURES as error:
                _log.debug("not listening: %s", type(error).__name__)
            await asyncio.sleep(backoff.next())

    async def _listen(self, backoff: Backoff) -> None:
        """Connect and listen until the line is lost, which is told once. Raises what asyncpg does."""
        raw = await self._source.connect()
        try:
            lost = asyncio.Event()
            raw.add_termination_listener(lambda _: lost.set())
            await raw.add_listener(CHANNEL, self._heard)
            state = await raw.fetchrow(_STATE, timeout=ANSWER_SECONDS)
            self.changed()
            while not await _set_within(lost, PING_SECONDS):
                before, state = state, await raw.fetchrow(_STATE, timeout=ANSWER_SECONDS)
                if state != before:
                    self.changed()
                # Not sooner: a server that takes connections and drops them must not be asked in a circle.
                backoff.reset()
        finally:
            raw.terminate()
            # The watchers' own reads will say what is wrong.
            self.changed()

    def _heard(self, _raw: Any, pid: int, _channel: str, _payload: str) -> None:
        if not self._is_own(pid):
            self.changed()


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
