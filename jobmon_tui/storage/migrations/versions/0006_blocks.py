"""What lists need to know totals and positions among millions, and who asked: see docs/decisions/0007.

Only tables and, where there are few rows, two indexes: a large table's are built afterwards while others
write (`pg_schema.upgrade`), and its rows are counted by the workers, a block at a time.
"""

import sqlalchemy as sa
from alembic import op

from jobmon_tui.storage.column_types import BIG, UtcText, where
from jobmon_tui.storage.late_indexes import FEW, LATE

revision = "0006"
down_revision = "0005"


def _counts() -> list[sa.Column[int]]:
    return [sa.Column(name, BIG, nullable=False) for name in ("succeeded", "failed", "cancelled")]


def upgrade() -> None:
    op.create_table(
        "execution_block",
        sa.Column("block", BIG, primary_key=True, autoincrement=False),
        sa.Column("queued_from", UtcText, nullable=False),
        sa.Column("queued_to", UtcText, nullable=False),
        sa.Column("is_final", sa.Boolean, nullable=False),
        *_counts(),
    )
    op.create_index("ix_block_open", "execution_block", ["block"], **where("NOT is_final"))
    op.create_table(
        "report_block",
        sa.Column("report", sa.Text, primary_key=True),
        sa.Column("block", BIG, primary_key=True, autoincrement=False),
        *_counts(),
    )
    op.create_index("ix_report_block", "report_block", ["block"])
    op.create_table(
        "hour_block",
        sa.Column("hour", UtcText, primary_key=True),
        sa.Column("block", BIG, primary_key=True, autoincrement=False),
        *_counts(),
    )
    op.create_index("ix_hour_block", "hour_block", ["block"])
    connection = op.get_bind()
    many = connection.scalar(sa.text(f"SELECT id FROM job_execution_log LIMIT 1 OFFSET {FEW}"))  # noqa: S608
    if connection.dialect.name == "sqlite" or many is None:
        for name, (columns, condition) in LATE.items():
            op.create_index(name, "job_execution_log", list(columns), **where(condition))
