"""Where a server is: a Unix socket of this machine, or an address."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line

_FORMS = "Write it as unix:///path/to/api.sock, https://host:port, or http://127.0.0.1:port."
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A server's address. `socket` is the path of its Unix socket, None for one on the network."""

    url: str
    base: str
    """What requests are sent to."""
    socket: str | None = None

    @property
    def identity(self) -> str:
        """What tells this server from all others, as the keyring's entry is named."""
        return f"session:{self.url}"

    @property
    def label(self) -> str:
        """What people call it."""
        return f"server {Path(self.socket).name}" if self.socket else f"server {urlsplit(self.base).netloc}"

    @property
    def place(self) -> str:
        """Where people find it."""
        return self.url


def parse_server(url: str, *, clear_text: bool = False) -> ServerAddress:
    """Read a server's URL. Raises `invalid_input`, also for clear text over the network unless told so."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise invalid_input(f"The server's address is malformed. {_FORMS}") from None
    if parts.username is not None or parts.password is not None:
        raise invalid_input(
            "A server's address holds no name and no password: sign in with jobmon login NAME."
        )
    if parts.query or parts.fragment or "\0" in url or one_line(url, 2_000) != url:
        raise invalid_input(f"The server's address is malformed. {_FORMS}")
    if parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/"):
        return ServerAddress(f"unix://{parts.path}", "http://jobmon", parts.path)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise invalid_input(f"The server's address is malformed. {_FORMS}")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not clear_text:
        raise invalid_input(
            "http:// to another machine would send passwords where others can read them. Use https://."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    base = f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")
    return ServerAddress(base, base)
