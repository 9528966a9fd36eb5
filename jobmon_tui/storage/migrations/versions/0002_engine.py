"""What the engine's promises need: limits and policies of reports, what a report file holds, retention."""

import sqlalchemy as sa
from alembic import op

from jobmon_tui.storage.column_types import BIG

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for column in (
        sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("misfire", sa.Text, nullable=False, server_default="once"),
        sa.Column("overlap", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("max_concurrent", sa.Integer),
        sa.Column("max_retries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("retry_delay", sa.Float, nullable=False, server_default="60"),
        sa.Column("on_lost", sa.Text, nullable=False, server_default="fail"),
    ):
        op.add_column("report_configuration", column)
    for column in (
        sa.Column("output_rows", BIG),
        sa.Column("output_size", BIG),
        sa.Column("output_sha256", sa.Text),
    ):
        op.add_column("job_execution_log", column)
    # While a row stands here, and only inside the transaction that put it there, executions may be deleted.
    op.create_table("retention_pass", sa.Column("id", sa.Integer, primary_key=True))
