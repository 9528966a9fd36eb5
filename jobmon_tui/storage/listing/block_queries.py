"""How blocks are closed, and counted once nothing in them can change: see `block_tables`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same words

from jobmon_tui.domain.execution import Status
from jobmon_tui.storage.column_types import BIG
from jobmon_tui.storage.listing.block_counts import FINAL, HourOf, ended, within
from jobmon_tui.storage.listing.block_tables import BLOCK, NOT_FINAL, blocks, hour_blocks, report_blocks
from jobmon_tui.storage.on_connection import OnConnection
from jobmon_tui.storage.tables import executions

HOURS_KEPT: Final = timedelta(days=8)
"""How long it is known how many ended in an hour."""
_COUNTS: Final = tuple(status.value.lower() for status in FINAL)


@dataclass(frozen=True, slots=True)
class Horizon:
    """What a moment tells of ids to come: all up to `greatest` have come once a later `done` reaches `begun`.

    Both are transactions, as PostgreSQL numbers them: all before `done` have ended, all before `begun` have
    begun. Where one writes at a time both are 0.
    """

    greatest: int
    done: int
    begun: int


class BlockQueries(OnConnection):
    """The part of a transaction that closes and counts blocks."""

    def horizon(self) -> Horizon:
        """Return what is known of ids to come."""
        return Horizon(int(self._connection.execute(select(func.max(executions.c.id))).scalar() or 0), 0, 0)

    def lock_blocks(self) -> bool:
        """Keep others from counting blocks and from deleting executions; False where somebody does."""
        return True

    def next_block(self) -> int | None:
        """Return the lowest block with executions above all that are closed."""
        last = self._connection.execute(select(func.max(blocks.c.block))).scalar()
        low = 0 if last is None else (int(last) + 1) * BLOCK
        found = select(func.min(executions.c.id)).where(executions.c.id >= low)
        first = self._connection.execute(found).scalar()
        return None if first is None else int(first) // BLOCK

    def open_blocks(self, limit: int) -> Sequence[int]:
        """Return closed blocks that nobody has counted, though all in them is final: the lowest."""
        active = select(executions.c.id).where(
            executions.c.status.in_([Status.QUEUED.value, Status.RUNNING.value]),
            executions.c.id >= blocks.c.block * BLOCK,
            executions.c.id < (blocks.c.block + 1) * BLOCK,
        )
        query = select(blocks.c.block).where(text(NOT_FINAL), ~active.exists())
        return [
            int(row.block) for row in self._connection.execute(query.order_by(blocks.c.block).limit(limit))
        ]

    def close_block(self, block: int) -> None:
        """Note a block to which no execution will come."""
        values = select(
            bindparam("block", block, BIG),
            func.min(executions.c.queued_at),
            func.max(executions.c.queued_at),
            text("false"),
            *(literal(0, BIG) for _ in FINAL),
        ).where(within((block * BLOCK, (block + 1) * BLOCK)))
        columns = ["block", "queued_from", "queued_to", "is_final", *_COUNTS]
        rows = values.having(func.count() > 0)
        self._connection.execute(insert(blocks).from_select(columns, rows).on_conflict_do_nothing())

    def count_block(self, block: int, now: datetime) -> None:
        """Count a block in which nothing is Queued or Running, and forget hours long past."""
        span = within((block * BLOCK, (block + 1) * BLOCK))
        oldest = (now - HOURS_KEPT).replace(minute=0, second=0, microsecond=0)
        number = bindparam("block", block, BIG)
        by_report = select(executions.c.report, number, *ended()).where(span).group_by(executions.c.report)
        hour = HourOf(executions.c.finished_at)
        by_hour = (
            select(hour, number, *ended()).where(span, executions.c.finished_at >= oldest).group_by(hour)
        )
        run = self._connection.execute
        run(insert(report_blocks).from_select(["report", "block", *_COUNTS], by_report))
        run(insert(hour_blocks).from_select(["hour", "block", *_COUNTS], by_hour))
        sums: dict[str, Any] = {
            name: select(func.coalesce(func.sum(report_blocks.c[name]), 0))
            .where(report_blocks.c.block == block)
            .scalar_subquery()
            for name in _COUNTS
        }
        run(update(blocks).where(blocks.c.block == block).values(is_final=True, **sums))
        run(delete(hour_blocks).where(hour_blocks.c.hour < oldest))
