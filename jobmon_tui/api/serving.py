"""Serves the application until it is told to stop."""

import contextlib
import logging
import resource
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import uvicorn
from fastapi import FastAPI

from jobmon_tui.api.bulletin import Bulletin
from jobmon_tui.api.listening import Tls
from jobmon_tui.api.protocol import GuardedProtocol

MOST_CONNECTIONS = 2_000
_OWN_FILES = 256
"""What the databases, reports that run and their output may open besides."""
STOP_SECONDS = 5
"""How long answers under way may take once the server is stopped."""


class Server(uvicorn.Server):
    """A server whose signals are its starter's: it also has a scheduler to drain."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield

    def stop(self) -> None:
        """Take no more requests; end the streams, and what is under way in `STOP_SECONDS`."""
        app = cast("FastAPI", self.config.app)
        bulletin: Bulletin = app.state.bulletin
        bulletin.end()
        self.should_exit = True


def _room() -> int:
    """Return how many connections there may be, having made room for `MOST_CONNECTIONS` where it can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(16, min(wanted, soft) - _OWN_FILES)


def make_server(app: FastAPI, tls: Tls | None = None) -> Server:
    """Return a server, not yet started. Raises `invalid_input` where TLS cannot be had."""
    if tls is not None:
        tls.context()  # refused now, before anything listens
    config = uvicorn.Config(
        app,
        http=type("Protocol", (GuardedProtocol,), {"most_connections": _room()}),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STOP_SECONDS,
        proxy_headers=False,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls.context(),
    )
    # What clients send wrongly is answered, not logged; failures of ours are.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return Server(config)


async def serve(server: Server, listening: Sequence[socket.socket], ready: Callable[[], None]) -> None:
    """Serve until `stop`. `ready` is called as the first connection can be taken: they queue before that."""
    ready()
    await server.serve(sockets=list(listening))
