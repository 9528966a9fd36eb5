"""The tables that count old executions a block of ids at a time. See docs/decisions/0007-blocks.md.

A block is `BLOCK` ids in a row. Once no further one can come, and all of it is Succeeded, Failed or
Cancelled, nothing in it changes any more: a worker counts it, once (`block_keeper`). Lists then know totals
and positions from few rows, and whoever writes executions pays nothing for it.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from jobmon_tui.storage.column_types import BIG, UtcText, where
from jobmon_tui.storage.listing.blocks import BLOCK

__all__ = ["BLOCK", "NOT_FINAL", "blocks", "hour_blocks", "report_blocks"]

NOT_FINAL: Final = "NOT is_final"


class ExecutionBlockRow(SQLModel, table=True):
    """A block that gets no further ids. Its counts are those of its rows once it is final, else 0."""

    __tablename__ = "execution_block"
    __table_args__ = (Index("ix_block_open", "block", **where(NOT_FINAL)),)
    block: int = Field(primary_key=True, sa_type=BIG)
    queued_from: datetime = Field(default=None, sa_column=Column(UtcText, nullable=False))
    queued_to: datetime = Field(default=None, sa_column=Column(UtcText, nullable=False))
    """No execution in it was queued before the one, none after the other."""
    is_final: bool
    succeeded: int = Field(sa_type=BIG)
    failed: int = Field(sa_type=BIG)
    cancelled: int = Field(sa_type=BIG)


class ReportBlockRow(SQLModel, table=True):
    """A final block's executions of one report."""

    __tablename__ = "report_block"
    __table_args__ = (Index("ix_report_block", "block"),)
    report: str = Field(primary_key=True)
    block: int = Field(primary_key=True, sa_type=BIG)
    succeeded: int = Field(sa_type=BIG)
    failed: int = Field(sa_type=BIG)
    cancelled: int = Field(sa_type=BIG)


class HourBlockRow(SQLModel, table=True):
    """A final block's executions that ended within one hour; hours long past are not kept."""

    __tablename__ = "hour_block"
    __table_args__ = (Index("ix_hour_block", "block"),)
    hour: datetime = Field(default=None, sa_column=Column(UtcText, primary_key=True))
    block: int = Field(primary_key=True, sa_type=BIG)
    succeeded: int = Field(sa_type=BIG)
    failed: int = Field(sa_type=BIG)
    cancelled: int = Field(sa_type=BIG)


blocks = ExecutionBlockRow.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
report_blocks = ReportBlockRow.__table__  # type: ignore[attr-defined]
hour_blocks = HourBlockRow.__table__  # type: ignore[attr-defined]
