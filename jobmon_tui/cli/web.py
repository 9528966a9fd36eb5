"""`web`: the dashboard in a browser."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from jobmon_tui.cli import session
from jobmon_tui.cli.output import complain
from jobmon_tui.cli.visitor import FLAGS
from jobmon_tui.client.address import ServerAddress
from jobmon_tui.config_profiles import VARIABLE as PROFILE
from jobmon_tui.config_profiles import chosen
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line

if TYPE_CHECKING:
    from jobmon_tui.web.app import Site

_NO_ACCOUNTS = "This database has no account yet. Create the first Administrator: jobmon init --admin NAME"
_NO_EXTRA = 'The web server needs more than a plain install has: pip install "jobmon-tui[web]"'
_HANDED_ON = frozenset(
    {"HOME", "LOGNAME", "PATH", "TMPDIR", "TZ", "TZDIR", "USER", "VIRTUAL_ENV", "DBUS_SESSION_BUS_ADDRESS"}
)
_HANDED_ON_PREFIXES = ("JOBMON_", "PG", "XDG_", "SSL_CERT_", "KRB5", "PYTHON", "COVERAGE_", "LD_LIBRARY_")
_KEPT_BACK = frozenset({"JOBMON_TOKEN", "JOBMON_LINEAR", "JOBMON_SCHEDULER"})
"""A session that is the starter's own, and what a visitor's dashboard is told otherwise."""


def visitor_environment(environ: Mapping[str, str], flags: Mapping[str, object]) -> dict[str, str]:
    """Return the environment of a visitor's process: settings and flags, and nobody's session."""
    given = {
        name: value
        for name, value in environ.items()
        if (name in _HANDED_ON or name.startswith(_HANDED_ON_PREFIXES)) and name not in _KEPT_BACK
    }
    # The terminal is the page's: it has all colours and all letters, whatever this one has.
    return given | {
        FLAGS: json.dumps(dict(flags)),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
    }


def _address(text: str, *, without_tls: bool) -> tuple[str, int]:
    """Return host and port. Raises `invalid_input`, also beyond loopback unless told so in words."""
    from jobmon_tui.api.listening import is_loopback, parse_address

    host, port = parse_address(text)
    if not without_tls and not is_loopback(host):
        raise invalid_input(
            f"{one_line(host, 80)} is reached over the network, where others could read passwords; this "
            "server speaks no TLS. Listen on 127.0.0.1 behind a proxy that does, with --public-url; or, "
            "where the proxy is on another machine, add --without-tls."
        )
    return host, port


def _make_site(host: str, public_url: str | None, visitors: int) -> "Site":
    from jobmon_tui.web.app import Site
    from jobmon_tui.web.doors import Doors, public_site
    from jobmon_tui.web.process import Recipe

    environment = visitor_environment(os.environ, session.flags)
    profile, _ = chosen(None)
    if profile is not None:
        environment[PROFILE] = profile
    command = (sys.executable, "-m", "jobmon_tui.cli.visitor")
    recipe = Recipe(command, environment)
    return Site(Doors(host, public_site(public_url) if public_url else None), recipe, visitors)


async def _has_accounts() -> bool:
    given = session.settings()
    place = session.place_of(given)
    if isinstance(place, ServerAddress):
        return True  # a server sees to that itself, and may be started later than this one
    async with session.opened(place, given) as services:
        return await services.has_accounts()


async def _serve(listening: socket.socket, url: str, site: "Site") -> None:
    from jobmon_tui.web.serving import serve

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(each, stopping.set)

    def ready() -> None:
        complain(
            f"The dashboard is at {url}; every visitor signs in. It runs no reports: jobmon worker does. "
            "Stop it with Ctrl+C."
        )

    await serve(site, listening, ready, stopping)
    complain("The web server has stopped.")


def web(
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where it listens; port 0: any.")
    ] = "127.0.0.1:8000",
    public_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The address that browsers use, behind a proxy that speaks TLS."),
    ] = None,
    without_tls: Annotated[
        bool, typer.Option("--without-tls", help="Listen on the network in clear text, for a proxy there.")
    ] = False,
    visitors: Annotated[int, typer.Option(min=1, max=200, help="How many at once; each is a process.")] = 8,
) -> None:
    """Show the dashboard in a browser. Each visitor signs in.

    It runs no reports itself: jobmon worker or jobmon serve does. When a page is closed, its session ends.

    \b
    Examples:
      jobmon web                                       on http://127.0.0.1:8000
      jobmon --server unix:///run/jobmon/api.sock web  a server's dashboard
      ssh -L 8000:localhost:8000 HOST                  then http://localhost:8000 here is HOST's
      jobmon web --public-url https://jobs.example.org behind a proxy that speaks TLS
    """
    if find_spec("aiohttp") is None or find_spec("textual_serve") is None:
        raise invalid_input(_NO_EXTRA)
    from jobmon_tui.api.listening import listen_tcp

    host, port = _address(listen, without_tls=without_tls)
    site = _make_site(host, public_url, visitors)
    if not asyncio.run(_has_accounts()):
        raise invalid_input(_NO_ACCOUNTS)
    with listen_tcp(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        url = public_url or f"http://{shown}:{listening.getsockname()[1]}/"
        asyncio.run(_serve(listening, url, site))
