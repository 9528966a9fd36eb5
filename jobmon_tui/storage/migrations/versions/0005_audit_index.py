"""What made an execution is found in the audit log without reading all of it."""

from alembic import op

from jobmon_tui.storage.column_types import where

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    made = where("new_execution_id IS NOT NULL")
    op.create_index("ix_audit_new_execution", "audit_log", ["new_execution_id"], **made)
