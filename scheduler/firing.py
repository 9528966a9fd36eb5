"""Schedules: what is due is fired once, however many schedulers are alive and however long they slept."""

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.clock import Backoff, first_of
from scheduler.cron import latest_due, next_firing
from scheduler.ports import AHEAD, UNAVAILABLE, Clock, Schedule, ScheduleSource

_log = logging.getLogger(__name__)


IN_TIME = 60.0
"""Seconds by which a due time may be late and still counts as met."""
LONGEST_DOUBT = timedelta(hours=1)
"""How long at most, and `IN_TIME` besides, a cursor far ahead has to stand still until it counts no more."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A cursor that lies far ahead: since when it has stood there, and until when it is believed.

    Somebody whose clock is that far ahead would move it on by then. `until` is on the monotonic clock, and
    infinite once the cursor counts no more: until the next firing moves it back.
    """

    cursor: datetime
    since: datetime
    until: float


@dataclass(slots=True)
class _Known:
    cron: str
    timezone: str
    since: datetime
    due: datetime | None
    doubt: _Doubt | None = None


class Firing:
    """Fires each due schedule at its time; of several missed times only the latest, or none at all."""

    def __init__(self, source: ScheduleSource, clock: Clock, *, refresh: float = 5.0) -> None:
        self._source = source
        self._clock = clock
        self._refresh = refresh
        self._in_time = timedelta(seconds=max(IN_TIME, refresh))
        self._known: dict[int, _Known] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Fire until `stopping` is set."""
        backoff = Backoff()
        while not stopping.is_set():
            try:
                pause = await self.fire_due()
            except UNAVAILABLE as error:
                _log.warning("cannot fire schedules: %s", error)
                pause = backoff.next()
            else:
                backoff.reset()
            await first_of(self._clock, pause, stopping)

    async def fire_due(self) -> float:
        """Fire what is due now; return how many seconds to wait before looking again."""
        schedules = {schedule.report_id: schedule for schedule in await self._source.schedules()}
        now = self._clock.now()
        self._known = {report_id: self._recall(each, now) for report_id, each in schedules.items()}
        current: Mapping[int, _Known] = self._known
        for report_id, known in current.items():
            if known.due is None or known.due > now:
                continue
            try:
                due = latest_due(known.cron, known.timezone, known.since, now) or known.due
                following = next_firing(known.cron, known.timezone, due)
            except ValueError as error:
                _refuse(report_id, error)
                known.due = None
                continue
            if schedules[report_id].misfire == "skip" and now - due > self._in_time:
                await self._source.skip(report_id, due)
                _log.info("report %d: nothing fires for %s, which was missed", report_id, due.isoformat())
            else:
                await self._source.fire(report_id, due)
            # Also where another scheduler was first: that due time is dealt with.
            known.since = due
            known.due = following
        waits = [(known.due - self._clock.now()).total_seconds() for known in current.values() if known.due]
        # Never longer than `refresh`: schedules are edited, and wall clocks are put right.
        return max(0.0, min([self._refresh, *waits]))

    def _recall(self, schedule: Schedule, now: datetime) -> _Known:
        known = self._known.get(schedule.report_id)
        if known is not None and (known.cron, known.timezone) != (schedule.cron, schedule.timezone):
            known = None
        cursor = schedule.last_due
        if cursor is not None and cursor - now > AHEAD:
            return self._doubt(schedule, cursor, known, now)
        # An edited schedule counts from the edit, not from when it is noticed: a time in between was
        # promised. Times it would have had before the edit were not.
        since = cursor or now
        # What this scheduler did itself by a clock that was ahead is known to the source as well.
        if known is not None and known.since - now <= AHEAD:
            since = max(known.since, cursor or known.since)
            if since == known.since and known.doubt is None:
                return known
        return _reckon(schedule, since)

    def _doubt(self, schedule: Schedule, cursor: datetime, known: _Known | None, now: datetime) -> _Known:
        """Let a cursor far ahead stop firings only while somebody moves it on."""
        doubt = None if known is None else known.doubt
        if known is None or doubt is None or doubt.cursor != cursor or doubt.since > now:
            following = _reckon(schedule, cursor).due or cursor
            patience = min(following - cursor, LONGEST_DOUBT).total_seconds() + IN_TIME
            doubt = _Doubt(cursor, now, self._clock.monotonic() + patience)
        elif self._clock.monotonic() < doubt.until:
            return known
        else:
            _log.warning(
                "report %d: the due time %s lies ahead of the clock, and nobody goes on from there",
                schedule.report_id,
                cursor.isoformat(),
            )
            return _reckon(schedule, doubt.since, replace(doubt, until=math.inf))
        return _Known(schedule.cron, schedule.timezone, doubt.since, None, doubt)


def _reckon(schedule: Schedule, since: datetime, doubt: _Doubt | None = None) -> _Known:
    try:
        due = next_firing(schedule.cron, schedule.timezone, since)
    except ValueError as error:
        _refuse(schedule.report_id, error)
        due = None
    return _Known(schedule.cron, schedule.timezone, since, due, doubt)


def _refuse(report_id: int, error: ValueError) -> None:
    # One bad line must not stop the others; it was refused when it was written, or came another way.
    _log.warning("report %d has a schedule that cannot be used: %s", report_id, error)
