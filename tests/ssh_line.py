"""An SSH server of this machine, and a long line in front of it: what operators sit behind.

The server gives each session a real pseudo-terminal and runs one command in it, as sshd does; when the
connection is lost it closes the terminal. The line delays every byte, in each direction, and can be cut.
"""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncssh

_CHUNK = 65_536
_CONNECTION = "192.0.2.1 50000 192.0.2.2 22"


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@dataclass(eq=False)
class Line:
    """A TCP line of so many seconds in each direction. `cut` may be called from any thread."""

    target: int
    delay: float
    bytes_down: int = 0
    """What came from the server so far."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    @property
    def port(self) -> int:
        """Where it begins."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Listen no more, break what is open, and wait until nothing is carried."""
        assert self._server is not None
        self._server.close()
        self._abort()
        await asyncio.gather(*self._serving)

    def cut(self) -> None:
        """Break every connection, without a farewell."""
        self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        ends = {writer, up_writer}
        self._writers |= ends
        up = self._carry(reader, up_writer, lambda _count: None)
        down = self._carry(up_reader, writer, self._count)
        await asyncio.gather(up, down, return_exceptions=True)
        for end in ends:
            end.transport.abort()
        self._writers -= ends

    def _count(self, count: int) -> None:
        self.bytes_down += count

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, count: Callable[[int], None]
    ) -> None:
        # Each piece arrives `delay` after it was sent, whatever is before it: the line is long, not narrow.
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, chunk = await under_way.get()
                await asyncio.sleep(due - loop.time())
                if not chunk:
                    target.write_eof()
                    return
                count(len(chunk))
                target.write(chunk)

        delivering = asyncio.create_task(deliver())
        try:
            while chunk := await source.read(_CHUNK):
                under_way.put_nowait((loop.time() + self.delay, chunk))
            under_way.put_nowait((loop.time() + self.delay, b""))
            await delivering
        finally:
            delivering.cancel()


class _Session(asyncssh.SSHServerSession[bytes]):
    """One terminal with one command in it."""

    def __init__(self, host: "SshHost") -> None:
        self._host = host
        self._chan: Any = None
        self._size = (80, 24)
        self._term = "dumb"
        self._master: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def connection_made(self, chan: Any) -> None:
        self._chan = chan

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], _modes: object) -> bool:
        self._term, self._size = term_type, term_size[:2]
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._master, slave = pty.openpty()
        self._resize()
        self._process = subprocess.Popen(
            self._host.command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**self._host.environment, "TERM": self._term, "SSH_CONNECTION": _CONNECTION},
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  # one call of the kernel, no lock
        )
        os.close(slave)
        self._host.processes.append(self._process)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def _resize(self) -> None:
        assert self._master is not None
        columns, rows = self._size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        assert self._master is not None
        try:
            data = os.read(self._master, _CHUNK)
        except OSError:
            data = b""
        if data:
            self._host.bytes_painted += len(data)
            self._chan.write(data)
            return
        self._close()
        self._chan.exit(self._process.wait() if self._process is not None else 1)

    def data_received(self, data: bytes, _datatype: object) -> None:
        if self._master is not None:
            os.write(self._master, data)

    def terminal_size_changed(self, width: int, height: int, _pixwidth: int, _pixheight: int) -> None:
        self._size = (width, height)
        if self._master is not None:
            self._resize()

    def pause_writing(self) -> None:
        if self._master is not None:
            asyncio.get_running_loop().remove_reader(self._master)

    def resume_writing(self) -> None:
        if self._master is not None:
            asyncio.get_running_loop().add_reader(self._master, self._read)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._close()

    def _close(self) -> None:
        if self._master is not None:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = None


class _Door(asyncssh.SSHServer):
    def __init__(self, host: "SshHost") -> None:
        self._host = host

    def begin_auth(self, _username: str) -> bool:
        return False

    def session_requested(self) -> Any:
        return _Session(self._host)


@dataclass(eq=False)
class SshHost:
    """What runs in each session, and what came of it. `line` is where clients connect."""

    command: Sequence[str]
    environment: Mapping[str, str]
    bytes_painted: int = 0
    """What the terminals were given so far."""
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    line: Line = field(init=False)

    @asynccontextmanager
    async def open(self, delay: float) -> AsyncIterator["SshHost"]:
        """Listen behind a line of so many seconds in each direction."""
        server = await asyncssh.create_server(
            lambda: _Door(self),
            "127.0.0.1",
            0,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            encoding=None,
            line_editor=False,
        )
        self.line = Line(server.get_port(), delay)
        await self.line.start()
        try:
            yield self
        finally:
            await self.line.stop()
            server.close()
            await server.wait_closed()
            for process in self.processes:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                process.wait()


@contextmanager
def ssh_host(command: Sequence[str], environment: Mapping[str, str], delay: float) -> Iterator[SshHost]:
    """Have the server and the line on a thread of their own, for tests that wait for a terminal."""
    host = SshHost(command, environment)
    ready, done = threading.Event(), threading.Event()

    async def run() -> None:
        async with host.open(delay):
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert ready.wait(20), "the SSH server did not come up"
        yield host
    finally:
        done.set()
        thread.join()
