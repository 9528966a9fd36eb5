"""What every group of queries starts from."""

from sqlalchemy import Connection


class OnConnection:
    """Queries on one connection that is inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
