"""Which queues each worker serves, so that what waits where nobody looks can say so."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # NULL for a worker of the release before, which may serve all or some: it is taken to serve all.
    op.add_column("worker", sa.Column("queues", sa.Text(), nullable=True))
