"""Runs the web server on a socket until it is told to stop."""

import asyncio
import socket
from collections.abc import Callable

from aiohttp import web

from jobmon_tui.web.app import Site, make_app

_LAST_SECONDS = 10.0
"""Seconds in which visits end once the server stops: a dashboard is killed after 5."""


async def serve(
    site: Site, listening: socket.socket, ready: Callable[[], None], stopping: asyncio.Event
) -> None:
    """Serve until `stopping` is set; every visitor's process has ended when this returns."""
    runner = web.AppRunner(make_app(site), access_log=None, shutdown_timeout=_LAST_SECONDS)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        ready()
        await stopping.wait()
    finally:
        await runner.cleanup()
