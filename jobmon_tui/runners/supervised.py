"""The worker's side of the supervisor: starts it, reads what is printed, and ends it in bounded time."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

from jobmon_tui.runners.bounded import in_thread, settle

CHUNK: Final = 64 * 1024
GRACE: Final = 5.0
"""Seconds between TERM and KILL when a command is to stop."""
_SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")
_AFTER_GRACE: Final = 4.5
_DRAIN: Final = 1.0
_TOLD_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `directory` is absolute; `environment` is all that the command gets."""

    argv: Sequence[str]
    directory: str
    environment: Mapping[str, str]
    label: str
    """What the process list shows for the supervisor."""
    grace: float = GRACE
    reach: Literal["tree", "group"] = "tree"
    """`group` is all that systems other than Linux can do: end the process group, not those that left it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: `exit` and `signal` with a number, or `refused` with the stage and the errno."""

    how: Literal["exit", "signal", "refused", "lost"]
    number: int = 0
    stage: str = ""


async def supervise(command: Command, on_output: Callable[[bytes], None]) -> Ending:
    """Run the command to its end and hand on what it prints, output and errors in one, in order.

    Cancelling ends the command with everything that it started: TERM, and KILL after the grace. What is
    printed meanwhile is still handed on. Raises OSError where not even the supervisor can be started.
    """
    process = _start(command.label)
    running = _Running(process, on_output)
    try:
        await running.connect(_request(command))
        await running.ended()
    except asyncio.CancelledError:
        running.ask_to_stop()
        await settle(running.told, command.grace + _AFTER_GRACE)
        await settle(running.printed, _DRAIN)
        raise
    finally:
        running.ask_to_stop()
        await running.close()
    return running.ending


def _start(label: str) -> "subprocess.Popen[bytes]":
    # No environment: the request brings the command's, and nothing of ours may reach it by another way.
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", str(_SUPERVISOR), label],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        env={},
        start_new_session=True,
        bufsize=0,
    )


def _request(command: Command) -> bytes:
    fields = [
        str(command.grace),
        command.reach,
        command.directory,
        str(len(command.argv)),
        *command.argv,
        *(f"{name}={value}" for name, value in command.environment.items()),
    ]
    body = b"".join(os.fsencode(field) + b"\0" for field in fields)
    return len(body).to_bytes(8, "big") + body


class _Running:
    def __init__(self, process: "subprocess.Popen[bytes]", on_output: Callable[[bytes], None]) -> None:
        self._process = process
        self._on_output = on_output
        self._said = b""
        self._control: asyncio.WriteTransport | None = None
        self._readers: list[asyncio.BaseTransport] = []
        self.printed: asyncio.Task[None] = asyncio.create_task(self._read_output())
        self.told: asyncio.Task[None] = asyncio.create_task(self._read_told())

    async def connect(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._control, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, _pipe(self._process.stdin))
        self._control.write(request)

    async def ended(self) -> None:
        """Wait for the supervisor's end, and then a moment for the rest of the output."""
        # Both: if reading the output broke, the command would block for ever on a full pipe.
        await asyncio.wait({self.printed, self.told}, return_when=asyncio.FIRST_COMPLETED)
        if self.printed.done():
            await self.printed
        await self.told
        await asyncio.wait({self.printed}, timeout=_DRAIN)

    def ask_to_stop(self) -> None:
        """Close the control pipe: its end is the supervisor's order to stop."""
        if self._control is not None:
            if not self._control.is_closing():
                self._control.abort()
        elif self._process.stdin is not None:
            self._process.stdin.close()

    async def close(self) -> None:
        """Leave no process, no pipe and no task, however it went."""
        if not self.told.done():
            # The supervisor did not keep its own limits. What it started dies with its session at least.
            self._process.kill()
            await settle(self.told, 1.0)
        ended = in_thread(self._process.wait, "supervisor's end")
        await settle(ended, 1.0)
        if self.ending.how == "lost":
            self._kill_group()
        for task in (self.told, self.printed):
            task.cancel()
        await settle(asyncio.gather(self.told, self.printed, return_exceptions=True), 1.0)
        for reader in self._readers:
            reader.close()

    @property
    def ending(self) -> Ending:
        """What the supervisor said last."""
        for line in reversed(self._said.decode("ascii", "replace").splitlines()):
            match line.split():
                case ["exit", number]:
                    return Ending("exit", int(number))
                case ["signal", number]:
                    return Ending("signal", int(number))
                case ["refused", stage, number]:
                    return Ending("refused", int(number), stage)
        return Ending("lost")

    def _kill_group(self) -> None:
        for line in self._said.decode("ascii", "replace").splitlines():
            match line.split():
                case ["started", pid]:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(int(pid), signal.SIGKILL)

    async def _read_output(self) -> None:
        reader = await self._reader(self._process.stdout)
        while chunk := await reader.read(CHUNK):
            self._on_output(chunk)

    async def _read_told(self) -> None:
        reader = await self._reader(self._process.stderr)
        while chunk := await reader.read(CHUNK):
            self._said = (self._said + chunk)[-_TOLD_LIMIT:]

    async def _reader(self, pipe: IO[bytes] | None) -> asyncio.StreamReader:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=CHUNK)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), _pipe(pipe))
        self._readers.append(transport)
        return reader


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("the supervisor was started without its pipes")
    return pipe
