"""What happens by itself after an execution has failed: pure functions.

A failed execution is queued again as a new one, at most as often as its own snapshot says. Nothing here knows
a clock or a die: both are handed in.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jobmon_tui.domain.execution import (
    AUTOMATION,
    ConfigurationState,
    ExecutionDetails,
    NewExecution,
    Trigger,
    retry_of,
)
from jobmon_tui.domain.report import DEFAULTS

LOST_IN_A_ROW: Final = 3
"""How often in a row an execution whose worker was lost is queued anew."""
LONGEST_BACKOFF: Final = 86_400.0
"""Seconds that doubling leads to at most; a longer `retry_delay` is kept as it is."""
JITTER: Final = 0.2
"""The part of a backoff by which it is longer or shorter, so that what failed together does not return so."""


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """The policies of a snapshot that matter once its execution has failed."""

    max_retries: int
    retry_delay: float
    on_lost: str


@dataclass(frozen=True, slots=True)
class Step:
    """One execution of a line of retries, as far as it matters here."""

    trigger: str
    requested_by: str
    not_before: datetime | None

    @property
    def is_retry(self) -> bool:
        """True for an automatic retry, which waits before it runs."""
        return self._is_automatic and self.not_before is not None

    @property
    def is_requeue(self) -> bool:
        """True for one that took the place of a lost one; it never waits."""
        return self._is_automatic and self.not_before is None

    @property
    def _is_automatic(self) -> bool:
        return (self.trigger, self.requested_by) == (Trigger.RETRY.value, AUTOMATION)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The execution that is to be queued, and the words for the audit log."""

    new: NewExecution
    details: str


def after_failure(snapshot: str) -> AfterFailure:
    """Return a snapshot's policies; one that does not name them has the defaults."""
    known = {"max_retries", "retry_delay", "on_lost"}
    # Most snapshots name none: not worth parsing then.
    said = json.loads(snapshot) if any(f'"{key}"' in snapshot for key in known) else {}
    values = {key: said.get(key, DEFAULTS[key]) for key in known}
    return AfterFailure(**values)


def backoff(delay: float, number: int, spread: float) -> float:
    """Return the seconds before automatic retry `number` (from 1); `spread` is between -1 and 1."""
    # The exponent is bounded before it is used: 2.0 ** 2000 is no number.
    doubled = min(delay * 2.0 ** min(number - 1, 40), max(delay, LONGEST_BACKOFF))
    return doubled * (1 + JITTER * spread)


def requeues_in_a_row(line: Sequence[Step]) -> int:
    """Return how many of `line`, from its newest on, took the place of a lost one without a break."""
    count = 0
    for step in line:
        if not step.is_requeue:
            break
        count += 1
    return count


def is_lost_too_often(policies: AfterFailure, line: Sequence[Step]) -> bool:
    """Tell whether a lost execution would be queued anew, had it not been so too often already."""
    return policies.on_lost == "requeue" and requeues_in_a_row(line) >= LOST_IN_A_ROW


def follow_up(
    ended: ExecutionDetails, line: Sequence[Step], *, lost: bool, now: datetime, spread: float
) -> FollowUp | None:
    """Return what is queued by itself after `ended` has failed, with its exact snapshot; None for nothing.

    `line` holds `ended` and what it retried, newest first. `lost` says that its worker was lost: then
    `on_lost = "requeue"` queues it at once, or, where that was done too often in a row, nothing does.
    """
    execution = ended.execution
    policies = after_failure(ended.configuration)
    if execution.configuration_state is ConfigurationState.DELETED:
        return None
    not_before: datetime | None
    if lost and policies.on_lost == "requeue":
        if is_lost_too_often(policies, line):
            return None
        number = 1 + requeues_in_a_row(line)
        details, not_before = f"worker lost: queued anew, {number} of at most {LOST_IN_A_ROW} in a row", None
    else:
        number = 1 + sum(step.is_retry for step in line)
        if number > policies.max_retries:
            return None
        details = f"automatic retry {number} of at most {policies.max_retries}"
        not_before = now + timedelta(seconds=backoff(policies.retry_delay, number, spread))
    return FollowUp(retry_of(ended, AUTOMATION, now, not_before=not_before), details)
