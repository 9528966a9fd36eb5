"""The last 24 hours: how much ended in each of them, and how much of that failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobmon_tui.services.records import HourCount

HOURS = 24


@dataclass(frozen=True, slots=True)
class Day:
    """Executions by hour, the present hour last: how many ended, and how many of these failed."""

    ended: tuple[int, ...]
    failed: tuple[int, ...]


def first_hour(now: datetime) -> datetime:
    """Return the beginning of the first of the hours that end with the present one, in UTC."""
    present = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return present - timedelta(hours=HOURS - 1)


def day_of(counted: Sequence[HourCount], now: datetime) -> Day:
    """Return the day that ends with the present hour; an hour in which nothing ended counts nothing."""
    ended, failed = [0] * HOURS, [0] * HOURS
    for each in counted:
        at = round((each.hour - first_hour(now)) / timedelta(hours=1))
        if 0 <= at < HOURS:
            ended[at] = each.succeeded + each.failed + each.cancelled
            failed[at] = each.failed
    return Day(tuple(ended), tuple(failed))
