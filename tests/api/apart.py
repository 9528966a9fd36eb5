"""A server on a thread of its own, for clients that block: its database, its loop, an address on loopback."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from jobmon_tui.api.app import create_app
from jobmon_tui.api.listening import listen_tcp
from jobmon_tui.api.serving import make_server, serve
from tests.api.stage import local_services
from tests.backends import Place, Raw, Store, open_at, raw_at


@dataclass(frozen=True)
class Apart:
    """A running server. `url` is its address, without the API's path."""

    url: str
    raw: Raw
    app: FastAPI


@contextmanager
def served_apart(place: Place, fill: Callable[[Store], object] | None = None) -> Iterator[Apart]:
    """Serve a database; `fill` is awaited with it before the first request."""
    ready = threading.Event()
    listening = listen_tcp("127.0.0.1", 0)
    apps: list[FastAPI] = []
    stops: list[Callable[[], object]] = []
    failures: list[BaseException] = []

    async def main() -> None:
        async with await open_at(place) as store:
            if fill is not None:
                await fill(store)  # type: ignore[misc]
            app = create_app(local_services(store), store, store.feed.watch)
            server = make_server(app)
            loop = asyncio.get_running_loop()
            apps.append(app)
            stops.append(lambda: loop.call_soon_threadsafe(server.stop))
            await serve(server, [listening], ready.set)

    def run() -> None:
        try:
            asyncio.run(main())
        except Exception as error:  # noqa: BLE001  # told on the test's own thread
            failures.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="server apart")
    thread.start()
    try:
        ready.wait(30)
        assert stops, failures
        port = listening.getsockname()[1]
        yield Apart(f"http://127.0.0.1:{port}", raw_at(place), apps[0])
    finally:
        for stop in stops:
            stop()
        thread.join(30)
        listening.close()
    assert not failures


def place_in(folder: Path) -> Path:
    """Give the place of a SQLite file."""
    return folder / "jobmon.db"
