"""Who wrote an audit entry as the system knows it, and indexes for what the audit log is asked for."""

import sqlalchemy as sa
from alembic import op

from jobmon_tui.storage.column_types import where

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # NULL for entries of the release before: their canonical form goes without it.
    op.add_column("audit_log", sa.Column("known", sa.Text(), nullable=True))
    op.create_index("ix_audit_actor", "audit_log", ["actor", "id"])
    op.create_index("ix_audit_action", "audit_log", ["action", "id"])
    op.create_index("ix_audit_at", "audit_log", ["at", "id"])
    op.create_index("ix_audit_refused", "audit_log", ["id"], **where("outcome = 'refused'"))
