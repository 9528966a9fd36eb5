"""Following what becomes of executions: each step told once, none missed, however seldom somebody looks.

An execution's times say which steps it has made, so that what was Queued, started and Failed between two
looks still gives three steps. What has to be remembered is one id, up to which all is known, and what may
still change: the Queued and the Running ones, and ids that were skipped a moment ago. On PostgreSQL an id is
given out before the commit that makes it seen, so that a lower one may come after a higher one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from jobmon_tui.domain.execution import Execution, Status

MOST_GAPS = 2_000
"""Skipped ids that are waited for; of more only the newest: a transaction under way has a recent one."""


@dataclass(frozen=True, slots=True)
class Step:
    """An execution as it stood once it had made a step, and when that was (UTC)."""

    execution: Execution
    at: datetime


def _as_queued(execution: Execution) -> Execution:
    return replace(
        execution,
        status=Status.QUEUED,
        started_at=None,
        finished_at=None,
        duration_ms=None,
        worker=None,
        error=None,
        output_path=None,
    )


def _as_running(execution: Execution) -> Execution:
    return replace(
        execution,
        status=Status.RUNNING,
        finished_at=None,
        duration_ms=None,
        error=None,
        output_path=None,
    )


def steps_of(execution: Execution, known: Status | None) -> Sequence[Step]:
    """Return the steps that led from the `known` status (None: it was not there) to where it stands now.

    Their times never go back: clocks of several machines may differ, the order of the steps does not.
    """
    if execution.status is known or (known is not None and known.is_final):
        return ()
    queued = execution.queued_at
    started = max(queued, execution.started_at or queued)
    found = []
    if known is None:
        found.append(Step(_as_queued(execution), queued))
    if known is not Status.RUNNING and execution.started_at is not None:
        found.append(Step(_as_running(execution), started))
    if execution.status.is_final:
        found.append(Step(execution, max(started, execution.finished_at or started)))
    return found


@dataclass(slots=True)
class Following:
    """What is known so far. `mark` is the greatest id seen.

    Times here are seconds of any clock that only goes forward.
    """

    mark: int
    active: dict[int, Status] = field(default_factory=dict)
    gaps: dict[int, float] = field(default_factory=dict)
    """Ids below the mark that were not there, and until when they may still come."""

    def take_new(self, rows: Iterable[Execution], until: float) -> Sequence[Step]:
        """Take rows above the mark, in any order; ids skipped between them are waited for `until` then."""
        found: list[Step] = []
        for row in sorted(rows, key=lambda each: each.id):
            if row.id <= self.mark:
                continue
            self.skipped(range(max(self.mark + 1, row.id - MOST_GAPS), row.id), until)
            self.mark = row.id
            found += self.take(row)
        return found

    def skipped(self, ids: Iterable[int], until: float) -> None:
        """Wait for these ids `until` then."""
        self.gaps |= dict.fromkeys(ids, until)
        for extra in sorted(self.gaps)[: max(0, len(self.gaps) - MOST_GAPS)]:
            del self.gaps[extra]

    def take(self, row: Execution) -> Sequence[Step]:
        """Take one row as it stands now. Only ids that are followed, or new ones, may be given."""
        found = steps_of(row, self.active.get(row.id))
        self.gaps.pop(row.id, None)
        if row.status.is_final:
            self.active.pop(row.id, None)
        else:
            self.active[row.id] = row.status
        return found

    def take_active(self, rows: Iterable[Execution]) -> Sequence[Step]:
        """Take rows that are Queued or Running now. Those above the mark are left for `take_new`."""
        return [step for row in rows if row.id <= self.mark for step in self.take(row)]

    def unsettled(self, active_now: Iterable[int], now: float) -> Sequence[int]:
        """Return the ids to be read one by one, greatest first: what is active no more, and recent gaps."""
        self.gaps = {missing: until for missing, until in self.gaps.items() if until > now}
        return sorted((self.active.keys() - set(active_now)) | self.gaps.keys(), reverse=True)

    def forget(self, ids: Iterable[int]) -> None:
        """Follow these no more: they are not there any longer."""
        for each in ids:
            self.active.pop(each, None)


def in_order(steps: Iterable[Step]) -> Sequence[Step]:
    """Return steps as they happened; those of one execution keep their own order."""
    return sorted(steps, key=lambda step: (step.at, step.execution.id))
