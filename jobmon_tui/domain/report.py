"""What a report is, and the snapshot that each of its executions carries."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jobmon_tui.domain.text import one_line

MISFIRES: Final = ("once", "skip")
"""What becomes of due times that nobody was there to fire: the latest of them fires, or none does."""
ON_LOST: Final = ("fail", "requeue")
"""What becomes of an execution whose worker is lost: it ends Failed, and with `requeue` it is queued anew."""
MOST_AT_ONCE: Final = 10_000
MOST_RETRIES: Final = 100
LONGEST_DELAY: Final = 366 * 86_400.0
MOST_URGENT: Final = 1_000_000
QUEUE_LIMIT: Final = 100
_POLICIES: Final = ("misfire", "overlap", "max_concurrent", "max_retries", "retry_delay", "on_lost")


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A report as somebody wrote it, checked. `timeout` is in seconds; None means no limit.

    `overlap` lets a due time fire while an execution of the report is Queued or Running. `max_concurrent` is
    how many of it run at once (None: no limit). `max_retries` is how often a failed one is queued again by
    itself, the first time after `retry_delay` seconds, then after twice as many each time.
    """

    name: str
    runner: str
    parameters: Mapping[str, Any]
    schedule: str | None = None
    timezone: str = "UTC"
    timeout: float | None = None
    queue: str = "default"
    priority: int = 0
    misfire: str = "once"
    overlap: bool = False
    max_concurrent: int | None = None
    max_retries: int = 0
    retry_delay: float = 60.0
    on_lost: str = "fail"


DEFAULTS: Final[Mapping[str, Any]] = {key: ReportDraft.__dataclass_fields__[key].default for key in _POLICIES}
"""The policies of a report that says nothing about them."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A due time that fired nothing, and why."""

    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report as the database keeps it. `version` grows with each edit; pausing is no edit."""

    id: int
    version: int
    draft: ReportDraft
    created_at: datetime
    updated_at: datetime
    paused: bool = False
    last_skip: Skip | None = None
    """The latest due time that fired nothing."""


def snapshot_text(draft: ReportDraft) -> str:
    """Return the configuration as canonical JSON: sorted keys, no spaces, so that equal means byte-equal.

    Policies stand in it only where they differ from the defaults.
    """
    body = {
        "name": draft.name,
        "runner": draft.runner,
        "parameters": dict(draft.parameters),
        "schedule": draft.schedule,
        "timezone": draft.timezone,
        "timeout": draft.timeout,
        "queue": draft.queue,
        "priority": draft.priority,
    }
    policies = {key: getattr(draft, key) for key in _POLICIES}
    body |= {key: value for key, value in policies.items() if value != DEFAULTS[key]}
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def policy_problems(draft: ReportDraft) -> Sequence[tuple[str, str]]:
    """Return the key and the reason of each policy that cannot be used."""
    found = []
    for key, known in (("misfire", MISFIRES), ("on_lost", ON_LOST)):
        if getattr(draft, key) not in known:
            found.append((key, f'must be "{known[0]}" or "{known[1]}"'))
    if draft.max_concurrent is not None and not _is_whole(draft.max_concurrent, 1, MOST_AT_ONCE):
        found.append(("max_concurrent", f"must be a whole number from 1 to {MOST_AT_ONCE:,}"))
    if not _is_whole(draft.max_retries, 0, MOST_RETRIES):
        found.append(("max_retries", f"must be a whole number from 0 to {MOST_RETRIES}"))
    if not 0 <= draft.retry_delay <= LONGEST_DELAY:
        found.append(("retry_delay", "must be between nothing and a year, such as 45s, 10m or 1h30m"))
    if not _is_whole(draft.priority, -MOST_URGENT, MOST_URGENT):
        found.append(("priority", f"must be a whole number from -{MOST_URGENT:,} to {MOST_URGENT:,}"))
    if not draft.queue or draft.queue != one_line(draft.queue, QUEUE_LIMIT):
        found.append(("queue", f"needs a name of 1 to {QUEUE_LIMIT} characters on one line"))
    return found
