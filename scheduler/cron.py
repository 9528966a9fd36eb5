"""Cron expressions with time zones: refused in plain words, and answered in UTC.

Five fields (minute hour day month weekday), or six with seconds in front. With five fields and a fixed
minute and hour the schedule goes by the wall clock, as Debian's cron does: a time that a change to summer
time skips fires as soon as the gap is over, a time that comes twice fires the first time only. Every other
schedule goes by elapsed time.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_LONGEST: Final = 200
_RANGES: Final = {
    "second": "0-59",
    "minute": "0-59",
    "hour": "0-23",
    "day-of-month": "1-31, L or LW, and a day that the month has",
    "month": "1-12 or JAN-DEC",
    "day-of-week": "0-7 or SUN-SAT, also MON#1 or 5L",
}


def check(cron: str, tz: str) -> None:
    """Raise ValueError, in words for the person who wrote it, unless this can be scheduled."""
    next_firing(cron, tz, datetime(2024, 1, 1, tzinfo=UTC))


def next_firing(cron: str, tz: str, after: datetime) -> datetime:
    """Give the first due time strictly after `after` (aware), in UTC. Raises ValueError as `check` does."""
    zone = _zone(tz)
    fields = cron.split()
    if len(cron) > _LONGEST:
        raise ValueError(f"a cron expression has at most {_LONGEST} characters, this one has {len(cron)}")
    if len(fields) not in {5, 6}:
        raise ValueError(
            f'"{cron}" has {len(fields)} fields; a cron expression has five (minute hour day month weekday), '
            "or six with seconds in front"
        )
    start = after.astimezone(zone)
    # A zone equal to UTC must be the UTC object: the parser tests for it by value, and is faster with it.
    if tz == "UTC":
        start = after.astimezone(UTC)
    try:
        for due in CronSim(cron, start):
            found = due.astimezone(UTC)
            # In the hour that comes twice the parser may answer with its first pass, which is over by now.
            if found > after:
                return found
    except CronSimError as error:
        raise ValueError(_plain(cron, str(error))) from error
    except (OverflowError, ValueError) as error:
        raise ValueError(f'"{cron}" cannot be reckoned from {after.isoformat()}') from error
    raise ValueError(f'"{cron}" never comes due')


def latest_due(cron: str, tz: str, after: datetime, now: datetime) -> datetime | None:
    """Give the last due time later than `after` and not later than `now`; None where there is none.

    By bisection, not step by step: a schedule of every second that slept for a year has 31 million due times.
    """
    low = next_firing(cron, tz, after)
    if low > now:
        return None
    high = now
    # `low` is due; nothing is due later than `high` and up to `now`. Due times are whole seconds.
    while high - low >= timedelta(seconds=1):
        middle = low + (high - low) / 2
        due = next_firing(cron, tz, middle)
        if due <= now:
            low = due
        else:
            high = middle
    return low


def _zone(tz: str) -> ZoneInfo:
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f'there is no time zone "{tz}"; write one such as Europe/Berlin or UTC') from error


def _plain(cron: str, message: str) -> str:
    field = message.removeprefix("Bad ")
    if field in _RANGES:
        return f'the {field} in "{cron}" is not understood: it may be {_RANGES[field]}, *, lists, a-b and */n'
    return f'"{cron}" is not a cron expression: {message}'
