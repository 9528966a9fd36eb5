"""Cron expressions with time zones: refused in plain words, and answered in UTC.

Five fields (minute hour day month weekday), or six with seconds in front. With five fields and a fixed
minute and hour the schedule goes by the wall clock, as Debian's cron does: a time that a change to summer
time skips fires as soon as the gap is over, a time that comes twice fires the first time only. Every other
schedule goes by elapsed time: it fires at each moment at which the wall clock shows a time that matches.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_LONGEST: Final = 200
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
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
    fixed = len(fields) == 5 and not any(field.startswith("*") for field in fields[:2])
    try:
        found = _by_wall_clock(cron, zone, after) if fixed else _by_elapsed_time(cron, zone, after)
    except CronSimError as error:
        raise ValueError(_plain(cron, str(error))) from error
    except (OverflowError, ValueError) as error:
        raise ValueError(f'"{cron}" cannot be reckoned from {after.isoformat()}') from error
    if found is None:
        raise ValueError(f'"{cron}" never comes due')
    return found


def _by_wall_clock(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    for due in CronSim(cron, after.astimezone(zone)):
        found: datetime = due.astimezone(UTC)
        # In the hour that comes twice the parser may answer with its first pass, which is over by now.
        if found > after:
            return found
    return None


def _by_elapsed_time(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    # The parser is given naive times between two changes of the zone only: across a change it steps by whole
    # hours, and so misses times where clocks change at midnight (Beirut) or by half an hour (Lord Howe).
    moment = after.astimezone(UTC).replace(microsecond=0)
    offset = _offset(zone, moment)
    while (due := next(CronSim(cron, (moment + offset).replace(tzinfo=None)), None)) is not None:
        found: datetime = due.replace(tzinfo=UTC) - offset
        change = _first_change(zone, offset, moment, found)
        if change is None:
            return found
        moment, offset = change - _SECOND, _offset(zone, change)
    return None


def _first_change(zone: ZoneInfo, offset: timedelta, start: datetime, end: datetime) -> datetime | None:
    """Give the first second later than `start`, and not later than `end`, at which the offset is another."""
    low = start
    while low < end:
        high = min(low + _DAY, end)
        if _offset(zone, high) != offset:
            while high - low > _SECOND:
                middle = low + (high - low) // _SECOND // 2 * _SECOND
                low, high = (low, middle) if _offset(zone, middle) != offset else (middle, high)
            return high
        low = high
    return None


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def latest_due(cron: str, tz: str, after: datetime, now: datetime) -> datetime | None:
    """Give the last due time later than `after` and not later than `now`; None where there is none.

    By bisection, not step by step: a schedule of every second that slept for a year has 31 million due times.
    """
    low = next_firing(cron, tz, after)
    if low > now:
        return None
    high = now
    # `low` is due; nothing is due later than `high` and up to `now`. Due times are whole seconds.
    while high - low >= _SECOND:
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
