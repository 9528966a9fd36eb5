"""Who may come in: which names this server answers to, and which pages may open its WebSocket.

A foreign page can make its visitor's browser call a server on loopback, or call it by a name of its own that
resolves to loopback (DNS rebinding). Browsers say truly what they call (`Host`) and for whom (`Origin`): a
page must have come from here. An address cannot be rebound as a name can, so every address is taken.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line

_LONGEST = 300
_LOOPBACK = "localhost"
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Site:
    """An origin as browsers see it: how, which host, which port."""

    scheme: str
    host: str
    port: int


def _site(url: str) -> Site | None:
    """Return the origin that a URL begins with; None where it is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    default = _PORTS.get(parts.scheme)
    if default is None or not host or "@" in parts.netloc or len(url) > _LONGEST:
        return None
    return Site(parts.scheme, host.casefold(), default if port is None else port)


def public_site(url: str) -> Site:
    """Return the origin of `--public-url`. Raises `invalid_input`."""
    found = _site(url)
    if found is None or "?" in url or "#" in url:
        raise invalid_input("--public-url: write it as browsers reach it, such as https://jobs.example.org.")
    return found


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Doors:
    """The rules for one server. `listening` is the host it was told to listen on."""

    listening: str
    public: Site | None = None

    def answers_to(self, host: str | None) -> bool:
        """Tell whether a request by this `Host` header is meant for this server.

        The port may be any: `ssh -L 9000:localhost:8000` makes it another one.
        """
        site = _site(f"http://{host}") if host and _HOST.fullmatch(host) else None
        if site is None:
            return False
        names = {_LOOPBACK, self.listening.casefold()} | ({self.public.host} if self.public else set())
        return site.host in names or _is_address(site.host)

    def lets_in(self, origin: str | None, host: str | None) -> bool:
        """Tell whether a page of this `Origin` may open the WebSocket: only this server's own page."""
        site = _site(origin) if origin else None
        if site is None or not self.answers_to(host):
            return False
        if site == self.public:
            return True
        called = _site(f"{site.scheme}://{host}")
        return called == site


def visitor(peer: str | None, forwarded: str | None, *, proxied: bool) -> str:
    """Return the origin that a visitor's audit rows claim, such as `web from 127.0.0.1`.

    Behind a proxy (`proxied`) the last entry of X-Forwarded-For is told too: the proxy has added that one.
    """
    near = _address(peer)
    if not proxied or not forwarded:
        return f"web from {near}"
    return f"web from {_address(forwarded.rpartition(',')[2])} through {near}"


def _address(text: str | None) -> str:
    said = one_line(text or "", 60)
    return said if _is_address(said) else "an unknown address"
