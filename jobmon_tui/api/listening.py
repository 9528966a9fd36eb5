"""Where the server listens: a Unix socket for the users of this machine, or an address with TLS."""

import contextlib
import ipaddress
import os
import socket
import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line

SOCKET_MODE = 0o660
_FOLDER_MODE = 0o750
_BACKLOG = 512
_NOBODY = 65_534
"""Whose the folders of the host are, as seen from a container with users of its own."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's certificate chain and its key, as PEM files."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return how to speak TLS. Raises `invalid_input` where the files cannot be used."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.set_alpn_protocols(["http/1.1"])
        for path in (self.certificate, self.key):
            if not path.is_file():
                raise invalid_input(f"TLS: there is no file {one_line(str(path))}.")
        try:
            # An empty password: a locked key must not ask on the terminal.
            made.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (ssl.SSLError, OSError) as error:
            reason = error.strerror or type(error).__name__
            raise invalid_input(
                f"TLS: the certificate and its key cannot be used ({one_line(str(reason), 80)}). The key "
                "must be readable, without a password, and belong to the certificate; both are PEM files."
            ) from None
        return made


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, `[::1]:PORT` or `:PORT`. Raises `invalid_input`."""
    host, separator, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        separator = ""
    if not separator or not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= 65_535:
        raise invalid_input("--listen: write HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.")
    return host or "127.0.0.1", int(port)


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def _closed_on_failure(made: socket.socket) -> Iterator[socket.socket]:
    try:
        yield made
    except OSError:
        made.close()
        raise


def listen_tcp(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises `invalid_input` where the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with _closed_on_failure(socket.socket(family, kind, protocol)) as made:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen(_BACKLOG)
    except OSError as error:
        raise invalid_input(
            f"Cannot listen on {one_line(host, 80)}:{port}: {one_line(error.strerror or str(error), 80)}."
        ) from None
    made.setblocking(False)
    return made


def _refuse_open_folder(folder: Path) -> None:
    """Raise `invalid_input` where others could put a socket of theirs in this one's place."""
    for each in (folder, *folder.parents):
        found = each.stat()
        is_open = found.st_mode & stat.S_IWOTH and (each == folder or not found.st_mode & stat.S_ISVTX)
        if is_open or found.st_uid not in {0, os.geteuid(), _NOBODY}:
            raise invalid_input(
                f"Others may write to {one_line(str(each))}: they could take the socket's place, and be told "
                "passwords. Use a folder of your own, such as /run/jobmon."
            )


def _clear(path: Path) -> None:
    """Remove the socket that a server which was killed has left. Raises `invalid_input` for anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise invalid_input(f"{one_line(str(path))} is there already, and is no socket. Take another path.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise invalid_input(
                f"{one_line(str(path))} is there already: {one_line(error.strerror or '', 80)}."
            ) from None
    raise invalid_input(f"A server listens on {one_line(str(path))} already.")


def listen_unix(path: Path) -> socket.socket:
    """Return a listening socket with mode 0660. Raises `invalid_input` where it cannot be made."""
    try:
        if not path.parent.exists():
            before = os.umask(0o022)
            try:
                path.parent.mkdir(parents=True)
            finally:
                os.umask(before)
            # Those who may use the socket, its group, must be able to come to it.
            path.parent.chmod(_FOLDER_MODE)
        _refuse_open_folder(path.parent.resolve())
        _clear(path)
        with _closed_on_failure(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as made:
            before = os.umask(0o777 & ~SOCKET_MODE)
            try:
                made.bind(str(path))
            finally:
                os.umask(before)
            made.listen(_BACKLOG)
    except OSError as error:
        raise invalid_input(
            f"Cannot listen on {one_line(str(path))}: {one_line(error.strerror or str(error), 80)}."
        ) from None
    made.setblocking(False)
    return made
