"""What the policies of reports need: a cursor over due times that outlives executions, and limits."""

import sqlalchemy as sa
from alembic import op

from jobmon_tui.storage.column_types import BIG, UtcText, where

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "report_state",
        sa.Column("configuration_id", BIG, primary_key=True),
        sa.Column("last_due", UtcText),
        sa.Column("skipped_due", UtcText),
        sa.Column("skipped_reason", sa.Text),
        sa.Column("max_concurrent", sa.Integer),
    )
    # Until now the executions themselves told which due times had been dealt with.
    op.execute(
        "INSERT INTO report_state (configuration_id, last_due) SELECT configuration_id, max(due_at) "
        "FROM job_execution_log WHERE due_at IS NOT NULL GROUP BY configuration_id"
    )
    limited = where("max_concurrent IS NOT NULL")
    op.create_index("ix_report_limited", "report_configuration", ["id", "max_concurrent"], **limited)
    op.create_index("ix_state_limited", "report_state", ["configuration_id", "max_concurrent"], **limited)
    op.create_index(
        "ix_execution_active",
        "job_execution_log",
        ["configuration_id"],
        **where("status IN ('Queued', 'Running')"),
    )
