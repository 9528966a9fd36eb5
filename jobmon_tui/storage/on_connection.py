"""What every group of queries starts from."""

from jobmon_tui.storage.rows import Executes


class OnConnection:
    """Queries on one connection that is inside a transaction."""

    def __init__(self, connection: Executes) -> None:
        self._connection = connection
