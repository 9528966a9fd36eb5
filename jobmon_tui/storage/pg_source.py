"""Where a PostgreSQL database is, and how it is connected to."""

import socket
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

CONNECT_SECONDS: Final = 4.5
_SETTINGS: Final = {
    "application_name": "jobmon",
    "timezone": "UTC",
    # Our statements are small: compiling them costs more than it saves.
    "jit": "off",
    # A client that is gone must not keep its locks, nor one that waits its connection.
    "idle_in_transaction_session_timeout": "15s",
    "lock_timeout": "4s",
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
# The same from this side: a line that went dead while nobody used it is closed before somebody waits on it.
# Seconds; the last in milliseconds, for what was sent and not acknowledged. Not all systems know all of them.
_KEEPALIVE: Final = (
    ("TCP_KEEPIDLE", 5),
    ("TCP_KEEPINTVL", 2),
    ("TCP_KEEPCNT", 2),
    ("TCP_USER_TIMEOUT", 9_000),
)


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
        raw = await asyncpg.connect(
            self.dsn,
            timeout=self.seconds,
            command_timeout=self.seconds,
            statement_cache_size=0,
            server_settings={**_SETTINGS, **settings},
        )
        _keep_alive(raw._transport.get_extra_info("socket"))  # noqa: SLF001  # asyncpg has no other way
        return raw


def _keep_alive(line: socket.socket) -> None:
    if line.family == socket.AF_UNIX:
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            line.setsockopt(socket.IPPROTO_TCP, option, value)
