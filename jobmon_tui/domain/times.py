"""Lengths and moments as people write them."""

import re
from datetime import UTC, datetime, timedelta

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line

_LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?", re.ASCII)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST_SECONDS = 366 * 86_400
_AGE = re.compile(r"(\d{1,9})([dwy])", re.ASCII)
_AGES = {"d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
LONGEST_AGE = 100 * _AGES["y"]


def parse_length(text: str) -> float:
    """Return the seconds of `45s`, `10m`, `1h30m`, `2d`, or of a plain number. Raises ValueError."""
    written = text.strip().lower()
    found = _LENGTH.fullmatch(written)
    if found and written:
        seconds = sum(
            float(part) * size for part, size in zip(found.groups(), _SECONDS.values(), strict=True) if part
        )
    elif re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", written):
        seconds = float(written)
    else:
        raise ValueError("write it as 45s, 10m or 1h30m")
    if seconds > LONGEST_SECONDS:
        raise ValueError("it is longer than a year")
    return seconds


def parse_age(text: str, option: str) -> float:
    """Return the seconds of `90d`, `12w`, `2y`, or of what `parse_length` reads. Raises `invalid_input`."""
    found = _AGE.fullmatch(text.strip().lower())
    try:
        seconds = float(found[1]) * _AGES[found[2]] if found else parse_length(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_AGE:
        raise invalid_input(
            f"{option}: “{one_line(text, 40)}” is no age. Write it as 90d, 12w or 2y, at most 100y."
        )
    return seconds


def length_text(seconds: float) -> str | None:
    """Return `1h30m` for 5400.0; None where only a number says it exactly."""
    if seconds <= 0 or seconds != int(seconds) or seconds > LONGEST_SECONDS:
        return None
    left, parts = int(seconds), []
    for unit, size in (("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def parse_since(text: str, now: datetime | None = None, option: str = "--since") -> datetime:
    """Return a moment in UTC: an RFC 3339 time, a date, `today`, or a length back from now.

    A date, and a time without an offset, are of this machine's time zone. Raises `invalid_input`, whose
    message begins with `option`.
    """
    moment = now or datetime.now(UTC)
    word = text.strip().lower()
    if word == "today":
        midnight = moment.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        return midnight.astimezone().astimezone(UTC)
    try:
        if word and _LENGTH.fullmatch(word):
            return moment - timedelta(seconds=parse_length(word))
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid_input(
            f"{option}: “{one_line(text, 40)}” is not a time. Write 2h, 3d, today, or 2026-01-31T08:00:00Z."
        ) from None
