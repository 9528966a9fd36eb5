"""Opens the way to a server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from jobmon_tui.client.address import ServerAddress
from jobmon_tui.client.line import Line
from jobmon_tui.client.remote import RemoteServices


@asynccontextmanager
async def open_remote(address: ServerAddress, ca_file: Path | None = None) -> AsyncIterator[RemoteServices]:
    """Yield the services of a server; nothing is sent before something is asked. Raises `invalid_input`."""
    services = RemoteServices(Line(address, ca_file))
    try:
        yield services
    finally:
        await services.close()
