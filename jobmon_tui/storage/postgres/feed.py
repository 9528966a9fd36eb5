"""PostgreSQL's change feed: LISTEN on a connection of its own, and a slow poll underneath.

Whoever watches hears of every change, a worker only of what concerns it. The poll is also the ping that
finds out a dead line, and what notices changes where notes are lost on the way (a pooler that gives each
transaction another server connection loses all of them).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from jobmon_tui.services.watching import Watch
from jobmon_tui.storage.crew import Crew
from jobmon_tui.storage.feed import StoreFeed, Wakeups
from jobmon_tui.storage.postgres.errors import FAILURES
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.postgres.work import WorkWakeup, set_within
from jobmon_tui.storage.triggers.postgres import CHANNEL, TICKETS
from jobmon_tui.storage.triggers.work import WORK_CHANNEL
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
# Whether anything waits that nobody has taken yet. Where a report has a limit its executions have no tickets.
_WAITING: Final = f"""
SELECT EXISTS (SELECT 1 FROM {TICKETS} WHERE status = 'queued' AND execute_after <= now()
                 AND (cardinality($1::text[]) = 0 OR entrypoint = ANY ($1)))
  OR EXISTS (SELECT 1
             FROM (SELECT id FROM report_configuration WHERE max_concurrent IS NOT NULL UNION ALL
                   SELECT configuration_id FROM report_state WHERE max_concurrent IS NOT NULL) AS limited
             JOIN job_execution_log AS e ON e.configuration_id = limited.id AND e.status = 'Queued')
"""  # noqa: S608 - constants
_PING: Final = "SELECT 1"
_log = logging.getLogger(__name__)


class ListenFeed(StoreFeed):
    """Listens from the first watcher on. After each reconnect all are told: nothing was heard before."""

    def __init__(self, source: PgSource, is_own: Callable[[int], bool] = lambda _pid: False) -> None:
        """`is_own` tells of a backend's pid whether its notes are told of by this process already."""
        super().__init__()
        self._source = source
        self._is_own = is_own
        self._workers: list[WorkWakeup] = []
        self._line: _Line | None = None

    def changed(self) -> None:
        """Tell every watcher and every worker: anything may have been committed."""
        self.committed(brings_work=True)

    def committed(self, *, brings_work: bool) -> None:
        """Tell every watcher of a commit in this process, and workers where it may concern them."""
        super().changed()
        if brings_work:
            for each in self._workers:
                each.anything()

    def watch(self) -> Watch:
        """Start watching."""
        made = super().watch()
        self._tune()
        return made

    def wakeups(self, worker: str, crew: Crew) -> Wakeups:
        """Wake this worker for what concerns it, and no more."""
        made = WorkWakeup(crew, worker, self._is_waiting)
        self._workers.append(made)
        self._begin()
        self._tune()
        return Wakeups(made, made.cancels)

    @property
    def _channels(self) -> set[str]:
        wanted = {CHANNEL} if self._watches else set()
        return wanted | {WORK_CHANNEL} if self._workers else wanted

    def _tune(self) -> None:
        if self._line is not None and not self._channels <= self._line.tuned:
            self._line.stirred.set()

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
        line = self._line = _Line(await self._source.connect(), self._heard)
        try:
            await line.tune(self._channels)
            state = await line.state(is_watched=bool(self._watches))
            self.changed()
            while True:
                if await set_within(line.stirred, PING_SECONDS):
                    if line.is_lost:
                        return
                    await line.tune(self._channels)
                    self.changed()
                before, state = state, await line.state(is_watched=bool(self._watches))
                if state != before:
                    # Workers look every few seconds by themselves.
                    super().changed()
                # Not sooner: a server that takes connections and drops them must not be asked in a circle.
                backoff.reset()
        finally:
            self._line = None
            line.raw.terminate()
            # The watchers' own reads will say what is wrong.
            self.changed()

    def _heard(self, _raw: Any, pid: int, channel: str, payload: str) -> None:
        if channel == WORK_CHANNEL:
            # Of their own as well: told at once is what was queued, but not what an end has made room for.
            for each in self._workers:
                each.told(payload)
        elif not self._is_own(pid):
            super().changed()

    async def _is_waiting(self, queues: Sequence[str]) -> bool:
        if self._line is None:
            return True
        try:
            return await self._line.is_waiting(queues)
        except FAILURES as error:
            _log.debug("not told what waits: %s", type(error).__name__)
            return True


class _Line:
    """A connection that listens, and is asked one question at a time."""

    def __init__(self, raw: Any, heard: Callable[[Any, int, str, str], None]) -> None:
        self.raw = raw
        self.tuned: set[str] = set()
        self.stirred = asyncio.Event()
        """It was lost, or is to listen to more."""
        self.is_lost = False
        self._heard = heard
        self._turn = asyncio.Lock()
        self._waiting: Any = None
        raw.add_termination_listener(self._lost)

    def _lost(self, _raw: Any) -> None:
        self.is_lost = True
        self.stirred.set()

    async def tune(self, channels: set[str]) -> None:
        """Listen to these."""
        self.stirred.clear()
        async with self._turn:
            for channel in sorted(channels - self.tuned):
                await self.raw.add_listener(channel, self._heard)
                self.tuned.add(channel)

    async def state(self, *, is_watched: bool) -> Any:
        """Return figures that differ where a watcher could see that something changed."""
        async with self._turn:
            return await self.raw.fetchrow(_STATE if is_watched else _PING, timeout=ANSWER_SECONDS)

    async def is_waiting(self, queues: Sequence[str]) -> bool:
        """Tell whether anything in these queues waits that nobody has taken; in all where none is named."""
        async with self._turn:
            if self._waiting is None:
                # Without a name asyncpg would have it planned anew each time.
                self._waiting = await self.raw.prepare(
                    _WAITING, name="jobmon_waiting", timeout=ANSWER_SECONDS
                )
            return bool(await self._waiting.fetchval([*queues], timeout=ANSWER_SECONDS))
