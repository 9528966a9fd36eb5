"""A visitor's dashboard: a process in a pseudo-terminal of its own, which ends when the terminal goes away.

The terminal is a real one, so that in a browser the dashboard is what it is over SSH: it takes the same keys,
holds frames back by the terminal's own answers, and leaves when nobody is there any more, also when this
server was killed. What it says aloud comes beside the terminal, through a pipe: a line of JSON each.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import termios
import tty
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_CHUNK = 65_536
_PATIENCE = 5.0
"""Seconds in which a dashboard has to be gone once its terminal is; then it is killed."""
_LEAST, _MOST_COLUMNS, _MOST_ROWS = 2, 500, 300
LONGEST_LINE = 16_384
"""Bytes of one line of the pipe."""


@dataclass(frozen=True, slots=True)
class Size:
    """A terminal's size in cells."""

    columns: int = 80
    rows: int = 24

    def bounded(self) -> "Size":
        """Return the nearest size that a dashboard is painted in: a huge one would cost a huge memory."""
        return Size(max(_LEAST, min(self.columns, _MOST_COLUMNS)), max(_LEAST, min(self.rows, _MOST_ROWS)))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a dashboard is started. The pipe's number and the visitor's origin are added as arguments."""

    command: Sequence[str]
    environment: Mapping[str, str]


class Process:
    """A running dashboard."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: int, pipe: int) -> None:
        self._process = process
        self._terminal = terminal
        self._pipe = pipe
        self._heard = b""

    @classmethod
    async def start(cls, recipe: Recipe, origin: str, size: Size, zone: str | None) -> "Process":
        """Start one. Raises `OSError` where the system lets no other process be."""
        terminal, inside = os.openpty()
        hears, says = os.pipe()
        try:
            # Keys that are typed before the dashboard is there wait for it, and are not echoed.
            tty.setraw(inside)
            _resize(terminal, size)
            for each in (terminal, hears, says):
                os.set_blocking(each, False)
            process = await asyncio.create_subprocess_exec(
                *recipe.command,
                str(says),
                origin,
                stdin=inside,
                stdout=inside,
                stderr=inside,
                env={**recipe.environment, **({"TZ": zone} if zone else {})},
                start_new_session=True,
                pass_fds=(says,),
            )
        except OSError:
            os.close(terminal)
            os.close(hears)
            raise
        finally:
            os.close(inside)
            os.close(says)
        return cls(process, terminal, hears)

    @property
    def id(self) -> int:
        """The process's number."""
        return self._process.pid

    async def read(self) -> bytes:
        """Return what it has painted since the last time; nothing once it has ended."""
        return await _read(self._terminal)

    async def write(self, keys: bytes) -> None:
        """Type this; wait as long as it reads nothing. Where it has ended, nothing is typed."""
        loop = asyncio.get_running_loop()
        while keys:
            try:
                keys = keys[os.write(self._terminal, keys) :]
            except BlockingIOError:
                await _ready(self._terminal, loop.add_writer, loop.remove_writer)
            except OSError:
                return

    async def hear(self) -> bytes:
        """Return the next line of its pipe; nothing once there is none to come, or one that is too long."""
        while b"\n" not in self._heard and len(self._heard) < LONGEST_LINE:
            chunk = await _read(self._pipe)
            if not chunk:
                return b""
            self._heard += chunk
        line, ended, self._heard = self._heard.partition(b"\n")
        return line if ended else b""

    def resize(self, size: Size) -> None:
        """Make its window another size."""
        with contextlib.suppress(OSError):
            _resize(self._terminal, size)

    async def end(self) -> int:
        """Take its terminal away, wait until it is gone, and return its exit code."""
        os.close(self._terminal)
        os.close(self._pipe)
        self._send(signal.SIGHUP)
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._process.wait()
        except TimeoutError:
            self._send(signal.SIGKILL)
            return await self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        """Send a signal to the process and what it has started. Its own method would reap it unseen."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _resize(terminal: int, size: Size) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size.rows, size.columns, 0, 0))


async def _read(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    while True:
        try:
            return os.read(descriptor, _CHUNK)
        except BlockingIOError:
            await _ready(descriptor, loop.add_reader, loop.remove_reader)
        except OSError:
            return b""  # Linux says EIO where the other side of a terminal was closed


async def _ready(descriptor: int, add: Callable[..., object], remove: Callable[[int], object]) -> None:
    """Wait until a descriptor can be read, or written."""
    ready = asyncio.Event()
    add(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        remove(descriptor)
