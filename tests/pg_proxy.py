"""Between a program and PostgreSQL: a line that breaks, goes dead, is slow, or loses a COMMIT's answer."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

T = TypeVar("T")
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]

Loss = Literal["reset", "silence"]


@dataclass(eq=False)
class _Session:
    down: asyncio.StreamWriter
    up: asyncio.StreamWriter
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    writes: bool = False
    losing: bool = False
    dead: bool = False

    def reset(self) -> None:
        """Break both ends, without a farewell."""
        self.dead = True
        self.down.transport.abort()
        self.up.transport.abort()


class Proxy:
    """Passes bytes on. Everything but `start` and `stop` may be called from any thread."""

    def __init__(self, url: str) -> None:
        """`url` is the server's, over TCP or a Unix socket."""
        parts = urlsplit(url)
        self._folder = parse_qs(parts.query).get("host", [None])[0]
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 5432
        self._user = parts.netloc.rpartition("@")[0].rstrip(":")
        self._server: asyncio.Server | None = None
        self._loop = asyncio.get_running_loop()
        self._sessions: set[_Session] = set()
        self.connections = 0
        """How many were asked for so far."""
        self.sent = 0
        """How many times something was asked of the server."""
        self.hole = False
        """Swallow everything, in both directions; new connections are taken, and nothing is ever said."""
        self.closed = False
        """Hang up on whoever connects, as where nothing listens."""
        self.delay = 0.0
        """Seconds that each answer takes longer."""
        self.slow_from_commit = 0.0
        """The delay that begins with the next COMMIT of a unit that may write."""
        self.commits_to_lose = 0
        self.loss: Loss = "reset"
        self.commits_lost = 0

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Break what is open and let the port go."""
        if self._server is not None:
            self._server.close()
        tasks = [task for session in self._sessions for task in session.tasks]
        for session in list(self._sessions):
            session.reset()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def url(self, database: str) -> str:
        """Give the URL by which a program reaches this database through here."""
        if self._server is None:
            raise RuntimeError("not started")
        port = self._server.sockets[0].getsockname()[1]
        return f"postgresql://{self._user}@127.0.0.1:{port}{urlsplit(database).path}"

    def cut(self) -> None:
        """Reset every connection."""
        self._soon(lambda: [session.reset() for session in list(self._sessions)])

    def lose_commits(self, count: int, loss: Loss = "reset") -> None:
        """Let the next commits of units that may write arrive, and their answers not."""
        self.loss, self.commits_to_lose = loss, count

    def _soon(self, work: Callable[[], object]) -> None:
        asyncio.run_coroutine_threadsafe(_called(work), self._loop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.closed:
                raise ConnectionError
            if self._folder is not None:
                ahead = await asyncio.open_unix_connection(f"{self._folder}/.s.PGSQL.{self._port}")
            else:
                ahead = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.transport.abort()
            return
        session = _Session(writer, ahead[1])
        self._sessions.add(session)
        session.tasks = [
            asyncio.ensure_future(self._pump(session, reader, ahead[1], self._up)),
            asyncio.ensure_future(self._pump(session, ahead[0], writer, self._down)),
        ]
        try:
            await asyncio.gather(*session.tasks, return_exceptions=True)
        finally:
            session.reset()
            self._sessions.discard(session)

    async def _pump(
        self,
        session: _Session,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        passes: Callable[[_Session, bytes], bool],
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(1 << 16):
                if self.delay and passes == self._down:
                    await asyncio.sleep(self.delay)
                if not passes(session, chunk) or session.dead:
                    continue
                if not self.hole:
                    target.write(chunk)
                    await target.drain()
        if not self.hole:
            # One end has hung up: so does the other, which in a hole it would never learn of.
            session.reset()

    def _up(self, session: _Session, chunk: bytes) -> bool:
        self.sent += 1
        if b"BEGIN" in chunk:
            session.writes = b"READ ONLY" not in chunk
        if session.writes and b"COMMIT\x00" in chunk:
            if self.slow_from_commit:
                self.delay, self.slow_from_commit = self.slow_from_commit, 0.0
            if self.commits_to_lose:
                self.commits_to_lose -= 1
                session.losing = True
        return True

    def _down(self, session: _Session, _chunk: bytes) -> bool:
        if session.losing:
            # It was committed: this is the answer.
            self.commits_lost += 1
            session.losing = False
            session.dead = True
            if self.loss == "reset":
                session.reset()
        return not session.dead


async def _called(work: Callable[[], object]) -> None:
    work()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """Have a proxy on this event loop."""
    proxy = Proxy(url)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


@contextmanager
def proxied_beside(url: str) -> Iterator[Proxy]:
    """Have a proxy on a thread of its own, for tests that wait for processes."""
    ready: list[Proxy] = []
    started, done = threading.Event(), threading.Event()

    async def run() -> None:
        async with proxied(url) as proxy:
            ready.append(proxy)
            started.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    started.wait(10)
    try:
        yield ready[0]
    finally:
        done.set()
        thread.join()
