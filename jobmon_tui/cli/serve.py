"""`serve`: the HTTP API, and the scheduler beside it."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobmon_tui.cli.output import complain
from jobmon_tui.cli.session import settings
from jobmon_tui.config import Settings
from jobmon_tui.database_location import absolute
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line

if TYPE_CHECKING:
    from jobmon_tui.api.listening import Tls
    from jobmon_tui.api.serving import Server
    from jobmon_tui.bootstrap import House, InProcessWorker

_NO_ACCOUNTS = "This database has no account yet. Create the first Administrator: jobmon init --admin NAME"
_NO_EXTRA = 'The server needs more than a plain install has: pip install "jobmon-tui[api]"'


@dataclass(frozen=True, slots=True)
class _Place:
    listening: socket.socket
    url: str
    tls: "Tls | None" = None
    path: Path | None = None
    """The socket's file, to be removed at the end."""


def _default_socket() -> Path:
    import os

    from platformdirs import user_data_path

    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given) / "api.sock"
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    # Never in /tmp: whoever made the folder there first would have the socket.
    folder = own / "jobmon-tui" if own.is_dir() else user_data_path("jobmon-tui", appauthor=False)
    return folder / "api.sock"


def _listen(address: str | None, path: Path | None, tls: "Tls | None", *, without_tls: bool) -> _Place:
    from jobmon_tui.api.listening import is_loopback, listen_tcp, listen_unix, parse_address

    if address is None:
        at = absolute(path or _default_socket())
        if tls is not None:
            raise invalid_input("TLS is for addresses: add --listen HOST:PORT. A Unix socket needs none.")
        return _Place(listen_unix(at), f"unix://{at}", path=at)
    if path is not None:
        raise invalid_input("Use either --listen or --socket.")
    host, port = parse_address(address)
    if tls is None and not without_tls and not is_loopback(host):
        raise invalid_input(
            f"{one_line(host, 80)} is reached over the network, where others could read passwords. "
            "Add --tls-cert FILE and --tls-key FILE; or, behind a proxy that speaks TLS, --without-tls."
        )
    if tls is not None:
        tls.context()
    listening = listen_tcp(host, port)
    shown = f"[{host}]" if ":" in host else host
    scheme = "http" if tls is None else "https"
    return _Place(listening, f"{scheme}://{shown}:{listening.getsockname()[1]}", tls)


def _tls(certificate: Path | None, key: Path | None) -> "Tls | None":
    from jobmon_tui.api.listening import Tls

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise invalid_input("TLS needs both: --tls-cert FILE and --tls-key FILE.")
    return Tls(absolute(certificate), absolute(key))


@contextlib.contextmanager
def _stopped_by_signals(stopping: asyncio.Event, at_once: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (at_once if stopping.is_set() else stopping).set()

    def hang_up() -> None:
        stopping.set()
        at_once.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, on_signal)
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    try:
        yield
    finally:
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(each)


async def _drain(worker: "InProcessWorker", grace: float, at_once: asyncio.Event) -> None:
    if worker.running:
        complain(f"Draining: {len(worker.running)} still run; again to stop them now.")
    draining = asyncio.create_task(worker.stop(grace, "server stopped"))
    hurried = asyncio.create_task(at_once.wait())
    await asyncio.wait([draining, hurried], return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if not draining.done():
        await worker.stop(0.0, "server stopped")
    await draining
    await worker.wait()


async def _serve(
    house: "House", server: "Server", place: _Place, given: Settings, *, scheduler: bool
) -> None:
    from jobmon_tui.api.serving import serve as serve_http
    from jobmon_tui.bootstrap import start_worker

    stopping, at_once = asyncio.Event(), asyncio.Event()
    with _stopped_by_signals(stopping, at_once):
        worker = None
        if scheduler:
            worker = start_worker(
                house,
                given.output_dir,
                given.concurrency,
                lambda _error: stopping.set(),
                output_kib=given.output_kib,
            )

        def ready() -> None:
            runs = f"; it runs up to {given.concurrency} reports at once" if scheduler else ""
            complain(f"Serving on {place.url}{runs}. Stop it with Ctrl+C.")

        serving = asyncio.create_task(serve_http(server, [place.listening], ready))
        asked = asyncio.create_task(stopping.wait())
        await asyncio.wait([serving, asked], return_when=asyncio.FIRST_COMPLETED)
        server.stop()
        # Who asks on while reports are drained is refused: a retry would not be run here any more.
        await serving
        asked.cancel()
        if worker is not None:
            await _drain(worker, given.drain_seconds, at_once)
    complain("The server has stopped.")


def serve(
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="An address instead of a socket; port 0: any.")
    ] = None,
    socket_path: Annotated[
        Path | None,
        typer.Option("--socket", metavar="PATH", help="The Unix socket, for this machine's users (0660)."),
    ] = None,
    scheduler: Annotated[
        bool, typer.Option("--scheduler/--no-scheduler", help="Whether it runs reports too.")
    ] = True,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate, with its chain, in PEM.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate's key, in PEM.")
    ] = None,
    without_tls: Annotated[
        bool, typer.Option("--without-tls", help="Listen on the network in clear text, behind a proxy say.")
    ] = False,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=256, help="How many reports run at once.")
    ] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Run this queue's reports; again for another one. Left out: all."),
    ] = None,
) -> None:
    """Serve the HTTP API, for dashboards and scripts far from the database.

    One process owns the database; who signs in may do what the account may, and nothing else.

    \b
    Examples:
      jobmon serve                                     on a Unix socket
      jobmon serve --listen 127.0.0.1:8080             for this machine's users
      jobmon serve --listen 0.0.0.0:8443 --tls-cert server.pem --tls-key server.key
      jobmon --server unix:///run/jobmon/api.sock      a dashboard of it
    """
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise invalid_input(_NO_EXTRA)
    from jobmon_tui.api.app import create_app
    from jobmon_tui.api.serving import make_server
    from jobmon_tui.bootstrap import open_house

    given = settings(concurrency=concurrency, queues=queue or None)
    # To run a report changes it.
    scheduler = scheduler and not given.read_only
    tls = _tls(tls_cert, tls_key)

    async def main() -> None:
        async with open_house(
            given.database,
            queues=given.queues,
            read_only=given.read_only,
            idle=given.session_idle,
        ) as house:
            if not await house.services.has_accounts():
                raise invalid_input(_NO_ACCOUNTS)
            place = _listen(listen, socket_path, tls, without_tls=without_tls)
            try:
                app = create_app(house.services, house.database, house.database.feed.watch)
                await _serve(house, make_server(app, place.tls), place, given, scheduler=scheduler)
            finally:
                place.listening.close()
                if place.path is not None:
                    place.path.unlink(missing_ok=True)

    asyncio.run(main())
