"""How wrong passwords slow down the next try, and how many refusals the audit log takes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

FREE: Final = 5
"""Wrong passwords in a row before anybody has to wait."""
FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(days=1)
WINDOW: Final = timedelta(minutes=1)
MOST_NOTED: Final = 60
"""Refusals without a session that the audit log takes in a window, a row for each; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong passwords for one name, since the last right one."""

    count: int
    last_at: datetime
    blocked_until: datetime | None = None
    is_told: bool = False
    """Whether the audit log tells of an attempt while it was blocked."""


@dataclass(frozen=True, slots=True)
class RefusalBudget:
    """How many refusals the audit log took since `since`, and how many were only counted."""

    since: datetime
    noted: int = 0
    dropped: int = 0


def wait_after(count: int) -> timedelta:
    """Return how long nobody may try after so many wrong passwords in a row.

    A second after the fifth, twice as long after each further one, never more than a quarter of an hour.
    """
    if count < FREE:
        return timedelta(0)
    # Beyond the longest wait the power only grows: bounded, as the count is not.
    return min(FIRST_WAIT * (1 << min(count - FREE, 20)), LONGEST_WAIT)


def failed(before: Failures | None, now: datetime) -> Failures:
    """Return what is known after one more wrong password."""
    count = 1 if before is None or now - before.last_at > FORGOTTEN_AFTER else before.count + 1
    wait = wait_after(count)
    return Failures(count, now, now + wait if wait else None)


def blocked_until(failures: Failures | None, now: datetime) -> datetime | None:
    """Return when the next password is looked at; None where it is now.

    A time further away than the longest wait was written by a clock that was wrong: nobody waits for it.
    """
    until = failures.blocked_until if failures is not None else None
    return until if until is not None and now < until <= now + LONGEST_WAIT else None


def spend(budget: RefusalBudget | None, now: datetime) -> tuple[RefusalBudget, bool, int]:
    """Return the budget after one more refusal, whether to note it, and how many earlier ones to tell of."""
    # A clock that was set back must not keep an old window open for long.
    if budget is None or not budget.since <= now < budget.since + WINDOW:
        return RefusalBudget(now, noted=1), True, budget.dropped if budget is not None else 0
    if budget.noted < MOST_NOTED:
        return replace(budget, noted=budget.noted + 1), True, 0
    return replace(budget, dropped=budget.dropped + 1), False, 0
