"""When sessions were used, where they were opened and why they ended; and wrong passwords."""

import sqlalchemy as sa
from alembic import op

from jobmon_tui.storage.column_types import UtcText

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # NULL in sessions that were opened before, or by a program of the release before: they may rest.
    op.add_column("session", sa.Column("last_used_at", UtcText, nullable=True))
    op.add_column("session", sa.Column("idle_until", UtcText, nullable=True))
    op.add_column("session", sa.Column("origin", sa.Text, nullable=True))
    op.create_table(
        "ended_session",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("ended_at", UtcText, nullable=False),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("name_hash", sa.Text, primary_key=True),
        sa.Column("is_known", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", UtcText, nullable=False),
        sa.Column("blocked_until", UtcText, nullable=True),
        sa.Column("is_told", sa.Boolean, nullable=False),
    )
    op.create_table(
        "refusal_budget",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("since", UtcText, nullable=False),
        sa.Column("noted", sa.Integer, nullable=False),
        sa.Column("dropped", sa.Integer, nullable=False),
    )
