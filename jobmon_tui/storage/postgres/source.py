"""Where a PostgreSQL database is, and how it is connected to."""

import asyncio
import os
import socket
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

from jobmon_tui.storage.postgres.errors import SettingError

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


_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
"""What the URL, or an environment variable of the same name after `PG`, may name as a file."""
# asyncpg leaves a ~/.pgpass alone that others may read: `doctor` says so, and so does a refused password.
warnings.filterwarnings("ignore", "password file", UserWarning, r"asyncpg\.")


def _nobody() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class PgSource:
    """A libpq URL, and the name by which people know the database.

    asyncpg itself reads `~/.pgpass` and PGPASSWORD. `ask` is asked for another password, in a thread, where
    the server refuses what these gave, or they gave none.
    """

    dsn: str = field(repr=False)
    name: str
    seconds: float = CONNECT_SECONDS
    """How long a statement, and connecting, may take."""
    keeps_time: bool = True
    """False where whoever sends statements bounds them himself: a timer for each of them is not free."""
    ask: Callable[[], str | None] = field(default=_nobody, repr=False, compare=False)
    known: list[str] = field(default_factory=list, repr=False, compare=False)
    """The password that is tried first, where there is one."""

    async def connect(self, **settings: str) -> Any:
        """Connect. Raises OSError, TimeoutError and asyncpg's errors."""
        try:
            return await self._connect(settings, self.known[0] if self.known else None)
        except asyncpg.InvalidPasswordError:
            found = None if self.known else await asyncio.to_thread(self.ask)
            if found is None:
                raise
            raw = await self._connect(settings, found)
            self.known[:] = [found]
            return raw
        except (FileNotFoundError, PermissionError) as error:
            self._refuse_files()
            raise error from None

    def _refuse_files(self) -> None:
        asked = parse_qs(urlsplit(self.dsn).query)
        for name in _FILES:
            path = asked.get(name, [os.environ.get(f"PG{name.upper()}", "")])[-1]
            try:
                if path:
                    Path(path).open("rb").close()
            except OSError as error:
                raise SettingError(error.errno, f"{name} names {path}: {error.strerror}") from error

    async def _connect(self, settings: dict[str, str], password: str | None) -> Any:
        raw = await asyncpg.connect(
            self.dsn,
            password=password,
            timeout=self.seconds,
            command_timeout=self.seconds if self.keeps_time else None,
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
