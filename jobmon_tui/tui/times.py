"""The reader's clock: in which zone times are shown, and whether as a time or as how long ago.

One for the process, as there is one reader; whatever makes a text of a time asks it.
"""

import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Final

from jobmon_tui.tui import rows

_DATABASE: Final = Path("/usr/share/zoneinfo")
_POSIX: Final = re.compile(r":?(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?\d.*")
"""POSIX's own form of TZ, such as `CET-1CEST` (POSIX.1-2017, 8.3)."""
_YEAR, _STEP = 366, 15
"""Days that the names of a zone are looked for, and days between two looks: no summer is shorter."""
_AGO_CELLS = 7
_UNITS = (("y", 365 * 1_440), ("d", 1_440), ("h", 60), ("m", 1))


def _is_garbage(zone: str) -> bool:
    """Tell whether the system understands nothing of TZ: it then goes by UTC, named after the garbage."""
    name = zone.removeprefix(":")
    if not name or _POSIX.fullmatch(zone):
        return False
    try:
        return not (_DATABASE / name).is_file()
    except (OSError, ValueError):
        return True


class _Here(tzinfo):
    """The system's zone with all its changes; `datetime.astimezone()` fixes the offset of one moment."""

    def fromutc(self, dt: datetime) -> datetime:
        """Return a time of UTC on the clock here."""
        # `fromtimestamp` also tells which of the two it is, in the hour that comes twice.
        here = datetime.fromtimestamp(dt.replace(tzinfo=UTC, microsecond=0).timestamp())  # noqa: DTZ006
        return here.replace(tzinfo=self, microsecond=dt.microsecond)

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Return how far the clock here was ahead of UTC then."""
        return dt.replace(tzinfo=None).astimezone().utcoffset() if dt is not None else None

    def dst(self, _dt: datetime | None) -> timedelta | None:
        """Return nothing: the offset has it all."""
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        """Return what the zone was called then."""
        if dt is None:
            return None
        named = dt.replace(tzinfo=None).astimezone()
        if _is_garbage(os.environ.get("TZ", "")) and not named.utcoffset():
            return "UTC"
        return named.tzname() or "local time"


HERE: Final = _Here()


@dataclass(slots=True)
class Reader:
    """What the reader wants to see; the keys change it."""

    utc: bool = False
    relative: bool = False

    @property
    def zone(self) -> tzinfo:
        """The zone that times are shown in."""
        return UTC if self.utc else HERE


reader = Reader()


def now() -> datetime:
    """Return the present moment on the reader's clock."""
    return datetime.now(reader.zone)


def minute() -> int:
    """Return which minute it is, counted from 1970: how long ago things were changes with it."""
    return int(time.time() // 60)


def full(at: datetime | None) -> str:
    """Return a time with its zone as it was then called, such as `2026-03-02 06:00:07 CET`, or a dash.

    Where the reader wants to know it, how long ago that was stands behind it.
    """
    if at is None:
        return "-"
    said = f"{local(at)} {at.astimezone(reader.zone).tzname()}"
    return f"{said} ({ago(at, now()).strip()})" if reader.relative else said


def local(at: datetime | None) -> str:
    """Return a time on the reader's clock, such as `2026-03-02 06:00:07`, or a dash."""
    return at.astimezone(reader.zone).strftime("%Y-%m-%d %H:%M:%S") if at is not None else "-"


def zone_names(at: datetime | None = None) -> str:
    """Return what the zone is called, and after a slash what it is called in the other half of the year.

    A list shows times of both halves; `CET/CEST` is right for all of them, today's first.
    """
    hour = int((at or datetime.now(UTC)).timestamp() // 3_600)
    return _names(hour, reader.zone, os.environ.get("TZ"))


@lru_cache(maxsize=8)
def _names(hour: int, zone: tzinfo, _tz: str | None) -> str:
    today = datetime.fromtimestamp(hour * 3_600, UTC)
    looks = ((today - timedelta(days=days)).astimezone(zone) for days in range(0, _YEAR, _STEP))
    return "/".join(dict.fromkeys(str(each.tzname()) for each in looks))


def ago(at: datetime, moment: datetime) -> str:
    """Return how long before `moment` that was, such as `3m ago`, or how long after it, such as `in 2h`.

    It goes by whole minutes of the clock, so that what stands on a screen changes once a minute.
    """
    minutes = int(moment.timestamp() // 60) - int(at.timestamp() // 60)
    if not minutes:
        return "now".rjust(_AGO_CELLS)
    unit, length = next(each for each in _UNITS if abs(minutes) >= each[1])
    count = f"{abs(minutes) // length}{unit}"
    return (f"{count} ago" if minutes > 0 else f"in {count}").rjust(_AGO_CELLS)


def short(at: datetime, moment: datetime, width: int) -> str:
    """Return a time for a column `width` cells wide: how long ago where the reader wants that, else the time.

    `moment` says what is now, and which day is today.
    """
    return ago(at, moment) if reader.relative else rows.moment(at, moment, width)
