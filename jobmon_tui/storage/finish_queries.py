"""How executions end: a group of outcomes in as few statements as there are kinds of writing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, literal_column, select, update

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.storage.column_types import OneOf
from jobmon_tui.storage.policy_queries import PolicyQueries
from jobmon_tui.storage.tables import cancel_requests, executions
from scheduler.ports import Finished, Outcome

_SUMMARY_LIMIT = 500
_DETAIL_LIMIT = 256 * 1024
# Built once, for groups: docs/decisions/0004-group-commit.md. The rows are locked while they are judged.
_CURRENT = (
    select(executions.c.id, executions.c.fencing_token, executions.c.started_at)
    .where(
        OneOf(executions.c.id, "wanted"),
        executions.c.status == literal_column("'Running'"),
    )
    .order_by(executions.c.id)
    .with_for_update()
)
_ASKED = select(cancel_requests.c.execution_id, cancel_requests.c.requested_by).where(
    OneOf(cancel_requests.c.execution_id, "wanted")
)
_END = (
    update(executions)
    .where(executions.c.id == bindparam("ended"))
    .values({name: bindparam(name) for name in ("status", "finished_at", "duration_ms", "error")})
    .values({name: bindparam(name) for name in ("error_detail", "output_path")})
    .values({name: bindparam(name) for name in ("output_rows", "output_size", "output_sha256")})
)
_FORGET = delete(cancel_requests).where(cancel_requests.c.execution_id == bindparam("ended"))

Ending = tuple[int, datetime | None, Outcome]
"""An execution's id, when it began, and how it ended."""


class FinishQueries(PolicyQueries):
    """The part of a transaction that ends executions."""

    def finish(self, finished: Sequence[Finished], now: datetime) -> Sequence[int]:
        """Record outcomes whose token is current; return the ids accepted."""
        rows = self._connection.execute(_CURRENT, {"wanted": [each.id for each in finished]})
        endings = accepted(finished, rows)
        self._end_all(endings, now)
        return self._followed_up(endings, now)

    def _followed_up(self, endings: Sequence[Ending], now: datetime) -> Sequence[int]:
        """Queue what policies say after these have ended; return the ids of all that have."""
        for execution_id, _, outcome in endings:
            if outcome.status == Status.FAILED.value:
                self.queue_again(execution_id, now)
        return [execution_id for execution_id, _, _ in endings]

    def _end_all(self, endings: Sequence[Ending], now: datetime) -> None:
        """End these, which are Running and locked."""
        if not endings:
            return
        rows = self._connection.execute(_ASKED, {"wanted": [execution_id for execution_id, _, _ in endings]})
        asked = {row.execution_id: row.requested_by for row in rows}
        self._connection.execute(_END, outcome_rows(endings, now, asked))
        if asked:
            self._connection.execute(_FORGET, [{"ended": execution_id} for execution_id in asked])


def accepted(finished: Sequence[Finished], current: Iterable[Any]) -> Sequence[Ending]:
    """Return those whose token is that of a row of `current`, which are Running and locked."""
    known = {row.id: (row.fencing_token, row.started_at) for row in current}
    endings: list[Ending] = []
    for each in finished:
        token, started_at = known.get(each.id, (None, None))
        if token == each.token:
            endings.append((each.id, started_at, each.outcome))
            # Named twice in one group, it ends once.
            del known[each.id]
    return endings


def outcome_rows(
    endings: Sequence[Ending], now: datetime, asked: Mapping[int, str]
) -> list[Mapping[str, Any]]:
    """Return what is written of these; `asked` tells who wanted which of them cancelled."""
    return [
        {
            "ended": execution_id,
            "status": outcome.status,
            "finished_at": now,
            "duration_ms": _milliseconds(started_at, now),
            "error": _summary(outcome, asked.get(execution_id)),
            "error_detail": None if outcome.detail is None else clean(outcome.detail)[:_DETAIL_LIMIT],
            "output_path": None if outcome.output_path is None else clean(outcome.output_path),
            "output_rows": outcome.output_rows,
            "output_size": outcome.output_size,
            "output_sha256": outcome.output_sha256,
        }
        for execution_id, started_at, outcome in endings
    ]


def _summary(outcome: Outcome, asked: str | None) -> str | None:
    cancelled = asked is not None and outcome.status == Status.CANCELLED.value
    summary = f"cancelled by {asked}" if cancelled else outcome.summary
    return None if summary is None else one_line(summary, _SUMMARY_LIMIT)


def _milliseconds(start: datetime | None, end: datetime) -> int | None:
    return None if start is None else max(0, round((end - start).total_seconds() * 1000))
