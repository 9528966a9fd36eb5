"""What several queues need: an index for workers that serve some, and on PostgreSQL the tables of PgQueuer.

What is Queued gets its ticket from the first worker that looks: see docs/decisions/0005-pgqueuer.md.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.util import await_only

from jobmon_tui.storage.column_types import where

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        order = [sa.text("queue"), sa.text("priority DESC"), sa.text("id")]
        op.create_index("ix_execution_queue", "job_execution_log", order, **where("status = 'Queued'"))
        return
    # Imported here: who stays on SQLite never pays for it.
    from jobmon_tui.storage.postgres.queuer import install_statements  # noqa: PLC0415

    # Many statements in one text, which only the driver itself takes; the transaction has begun long before.
    raw = connection.connection.driver_connection
    assert raw is not None  # of a connection that is open
    await_only(raw.execute(install_statements()))
