"""Where a PostgreSQL database is, and how it is connected to."""

from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

CONNECT_SECONDS: Final = 5.0
_SETTINGS: Final = {
    "application_name": "jobmon",
    "timezone": "UTC",
    # Our statements are small: compiling them costs more than it saves.
    "jit": "off",
    # A client that is gone must not keep its locks, nor one that waits its connection.
    "idle_in_transaction_session_timeout": "15s",
    "lock_timeout": "4s",
}


@dataclass(frozen=True, slots=True)
class PgSource:
    """A libpq URL, and the name by which people know the database.

    asyncpg itself reads `~/.pgpass` and PGPASSWORD.
    """

    dsn: str = field(repr=False)
    name: str
    seconds: float = CONNECT_SECONDS
    """How long a statement, and connecting, may take."""

    async def connect(self, **settings: str) -> Any:
        """Connect. Raises OSError, TimeoutError and asyncpg's errors."""
        return await asyncpg.connect(
            self.dsn,
            timeout=self.seconds,
            command_timeout=self.seconds,
            statement_cache_size=0,
            server_settings={**_SETTINGS, **settings},
        )
