"""PostgreSQL tells workers of what concerns them, on a channel of their own: functions and triggers only.

Workers of the release before go on with the channel that tells of everything.
"""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # Every migration recreates all functions and triggers from one list: see env.py.
    pass
