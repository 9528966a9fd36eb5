"""The first tables."""

import sqlalchemy as sa
from alembic import op

from jobmon_tui.domain.audit import GENESIS
from jobmon_tui.storage.column_types import BIG, UtcText, where

revision = "0001"
down_revision = None

ACTIVE = "status IN ('Queued', 'Running')"


def upgrade() -> None:
    op.create_table(
        "report_configuration",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("runner", sa.Text, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("timeout", sa.Float),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("created_at", UtcText, nullable=False),
        sa.Column("updated_at", UtcText, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job_execution_log",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("retry_of", BIG),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("not_before", UtcText),
        sa.Column("due_at", UtcText),
        sa.Column("queued_at", UtcText, nullable=False),
        sa.Column("started_at", UtcText),
        sa.Column("finished_at", UtcText),
        sa.Column("duration_ms", BIG),
        sa.Column("worker", sa.Text),
        sa.Column("fencing_token", BIG, nullable=False),
        sa.Column("configuration_id", BIG, nullable=False),
        sa.Column("configuration_version", sa.Integer, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("output_path", sa.Text),
        sa.Column("configuration", sa.Text, nullable=False),
        sa.Column("error_detail", sa.Text),
        sa.CheckConstraint(
            "status IN ('Queued', 'Running', 'Succeeded', 'Failed', 'Cancelled')",
            name="execution_status_known",
        ),
        sqlite_autoincrement=True,
    )
    log = "job_execution_log"
    op.create_index("ix_execution_status", log, ["status", "id"])
    op.create_index("ix_execution_report", log, ["report", "id"])
    op.create_index("ux_execution_active_retry", log, ["retry_of"], unique=True, **where(ACTIVE))
    op.create_index("ix_execution_retry_of", log, ["retry_of"], **where("retry_of IS NOT NULL"))
    op.create_index(
        "ux_execution_idempotency",
        log,
        ["requested_by", "retry_of", "idempotency_key"],
        unique=True,
        **where("idempotency_key IS NOT NULL"),
    )
    op.create_index("ix_execution_ready", log, [sa.text("priority DESC"), "id"], **where("status = 'Queued'"))
    op.create_index("ix_execution_running", log, ["worker", "id"], **where("status = 'Running'"))
    op.create_index(
        "ux_execution_firing",
        log,
        ["configuration_id", "due_at"],
        unique=True,
        **where("due_at IS NOT NULL"),
    )
    op.create_table(
        "cancel_request",
        sa.Column("execution_id", BIG, primary_key=True),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", UtcText, nullable=False),
    )
    op.create_table(
        "execution_output",
        sa.Column("execution_id", BIG, primary_key=True),
        sa.Column("part", sa.Text, primary_key=True),
        sa.Column("start", BIG, nullable=False),
        sa.Column("total", BIG, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.CheckConstraint("part IN ('head', 'tail')", name="output_part_known"),
    )
    op.create_table(
        "worker",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("beats", BIG, nullable=False),
        sa.Column("started_at", UtcText, nullable=False),
        sa.Column("beat_at", UtcText, nullable=False),
    )
    op.create_table(
        "status_count",
        sa.Column("status", sa.Text, primary_key=True),
        sa.Column("slot", sa.Integer, primary_key=True),
        sa.Column("n", BIG, nullable=False),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("at", UtcText, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("execution_id", BIG),
        sa.Column("new_execution_id", BIG),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("details", sa.Text),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("ix_audit_execution", "audit_log", ["execution_id"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("audit_id", BIG, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "audit_id": 0, "hash": GENESIS}])
    op.create_table(
        "user_account",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcText, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("user_id", BIG, sa.ForeignKey("user_account.id"), nullable=False, index=True),
        sa.Column("created_at", UtcText, nullable=False),
        sa.Column("expires_at", UtcText, nullable=False),
    )
