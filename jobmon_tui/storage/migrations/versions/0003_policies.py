"""What the policies of reports need: a cursor over due times that outlives executions, and limits."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "report_state",
        sa.Column("configuration_id", sa.Integer, primary_key=True),
        sa.Column("last_due", sa.Text),
        sa.Column("skipped_due", sa.Text),
        sa.Column("skipped_reason", sa.Text),
        sa.Column("max_concurrent", sa.Integer),
    )
    # Until now the executions themselves told which due times had been dealt with.
    op.execute(
        "INSERT INTO report_state (configuration_id, last_due) SELECT configuration_id, max(due_at) "
        "FROM job_execution_log WHERE due_at IS NOT NULL GROUP BY configuration_id"
    )
    limited = sa.text("max_concurrent IS NOT NULL")
    op.create_index(
        "ix_report_limited", "report_configuration", ["id", "max_concurrent"], sqlite_where=limited
    )
    op.create_index(
        "ix_state_limited", "report_state", ["configuration_id", "max_concurrent"], sqlite_where=limited
    )
    op.create_index(
        "ix_execution_active",
        "job_execution_log",
        ["configuration_id"],
        sqlite_where=sa.text("status IN ('Queued', 'Running')"),
    )
