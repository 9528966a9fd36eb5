"""A real server in this process, on a socket of its own, and the ways to it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from jobmon_tui.api.app import create_app
from jobmon_tui.api.listening import listen_unix
from jobmon_tui.api.serving import Server, make_server, serve
from jobmon_tui.bootstrap import report_catalog
from jobmon_tui.client.address import parse_server
from jobmon_tui.client.line import Line
from jobmon_tui.client.remote import RemoteServices
from jobmon_tui.services.local import LocalServices
from jobmon_tui.services.passwords import Verdict
from tests.backends import Store

PASSWORD = "a long one"


class QuickHasher:
    """Hashes at no cost: what the real one does has tests of its own."""

    async def hash(self, password: str) -> str:
        return f"<{password}>"

    async def check(self, hashed: str | None, password: str) -> Verdict:
        return Verdict(hashed == f"<{password}>")


def local_services(store: Store) -> LocalServices:
    """The services over an open database."""
    return LocalServices(
        store,
        hasher=QuickHasher(),
        catalog=report_catalog(),
        watch=store.feed.watch,
        database_name="test",
    )


@dataclass(frozen=True)
class Served:
    """A running server. `url` is how clients name it."""

    app: FastAPI
    server: Server
    url: str
    path: Path


@asynccontextmanager
async def served(store: Store, folder: Path) -> AsyncIterator[Served]:
    """Serve a database on a Unix socket."""
    path = folder / "api.sock"
    listening: socket.socket = listen_unix(path)
    app = create_app(local_services(store), store, store.feed.watch)
    server = make_server(app)
    ready = asyncio.Event()
    task = asyncio.create_task(serve(server, [listening], ready.set))
    await ready.wait()
    try:
        yield Served(app, server, f"unix://{path}", path)
    finally:
        server.stop()
        await task
        listening.close()


@asynccontextmanager
async def remote(url: str) -> AsyncIterator[RemoteServices]:
    """The services of a server."""
    services = RemoteServices(Line(parse_server(url)))
    try:
        yield services
    finally:
        await services.close()
