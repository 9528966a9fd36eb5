"""How an execution and its story sound: each line is to be understood by itself when it is read aloud.

Whatever came from data is on one line and cleaned. No glyphs, no columns, no colour.
"""

from datetime import UTC, datetime

from jobmon_tui.domain.execution import AUTOMATION, Execution, Status, Trigger
from jobmon_tui.domain.following import Step
from jobmon_tui.domain.text import one_line

NAME_LIMIT, ERROR_LIMIT = 60, 200
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun, such as `1 report` or `1,204 reports`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def length(milliseconds: int) -> str:
    """Return a length of time as it is said: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 14 min`, `3 d 4 h`."""
    seconds = max(0, milliseconds) // 1_000
    if seconds < 10:
        tenths = max(0, milliseconds) // 100
        return f"{tenths // 10} s" if tenths % 10 == 0 and tenths else f"{tenths / 10:.1f} s"
    for size, unit, below, small in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // below
            return f"{seconds // size:,} {unit}" + (f" {rest} {small}" if rest else "")
    return f"{seconds} s"


def clock_time(at: datetime, now: datetime) -> str:
    """Return a time in the zone of `now`: of today `14:03`, of another day with its date."""
    local = at.astimezone(now.tzinfo)
    return local.strftime("%H:%M" if local.date() == now.date() else "%Y-%m-%d %H:%M")


def zone_words(now: datetime) -> str:
    """Return the name of the zone of `now`, with how far it is from UTC where its name does not say that."""
    name = now.tzname() or "local time"
    offset = now.strftime("%z")
    return name if name == "UTC" else f"{name} (UTC{offset[:3]}:{offset[3:5]})"


def named(execution: Execution) -> str:
    """Return `#4711 Sales`."""
    return f"#{execution.id} {one_line(execution.report, NAME_LIMIT)}"


def asked_words(execution: Execution) -> str:
    """Return who asked for it, and what it retries: `by ada, a retry of #4711`."""
    if execution.trigger is Trigger.RETRY and execution.requested_by == AUTOMATION:
        return f"as an automatic retry of #{execution.retry_of}"
    if execution.requested_by == AUTOMATION:
        return "by its schedule"
    by = f"by {one_line(execution.requested_by, NAME_LIMIT)}"
    return by if execution.retry_of is None else f"{by}, a retry of #{execution.retry_of}"


def _outcome(execution: Execution) -> tuple[str, list[str]]:
    """Return how it stands, and what else there is to say of that."""
    error = one_line(execution.error or "", ERROR_LIMIT)
    said = execution.status.value
    if execution.status is Status.CANCELLED and error.startswith("cancelled "):
        said, error = error[0].upper() + error[1:], ""
    if execution.status is Status.QUEUED:
        said = f"{said} {asked_words(execution)}"
    took = [] if execution.duration_ms is None else [f"took {length(execution.duration_ms)}"]
    return said, [*took, *([error] if error else [])]


def step_words(step: Step) -> str:
    """Return what a step was, without its time: `#4711 Sales: Failed, took 2 s, no such table: sales`."""
    said, more = _outcome(step.execution)
    return f"{named(step.execution)}: {', '.join([said, *more])}"


def list_line(execution: Execution, now: datetime) -> str:
    """Return an execution as lists say it: `#4711 Sales: Failed, 14:03, took 2 s, no such table: sales`.

    The time is that of its last step; `now` says which day is today, in the reader's zone.
    """
    at = execution.finished_at or execution.started_at or execution.queued_at
    said, more = _outcome(execution)
    since = "since " if execution.status is Status.RUNNING else ""
    told = ", ".join([said, f"{since}{clock_time(at, now)}", *more])
    if execution.not_before is not None and execution.waits_in_backoff(datetime.now(UTC)):
        told += f", waits until {clock_time(execution.not_before, now)}"
    if execution.retried_by is not None and execution.retried_by_status is not None:
        told += f"; retried as #{execution.retried_by}, which is {execution.retried_by_status.value}"
    return f"{named(execution)}: {told}"
