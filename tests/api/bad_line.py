"""A line between a client and its server that does what real ones do."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

_CHUNK = 65_536
_AGAIN = 0.3
"""Seconds that TCP takes to send again what was lost, about: the round trip, and Linux's least of 0.2 s."""


@dataclass(eq=False)
class BadLine:
    """A Unix socket in front of another one. Seconds are for each direction.

    `loss` is the share of pieces that have to be sent again. With `is_hole` all that is sent vanishes, the
    connections stay. `drop_answers` connections are broken as their server answers.
    """

    target: Path
    place: Path
    delay: float = 0.0
    loss: float = 0.0
    is_hole: bool = False
    refuses: bool = False
    drop_answers: int = 0
    asked: int = 0
    """How many pieces clients have sent."""
    dice: random.Random = field(default_factory=lambda: random.Random(4711))
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """How clients name it."""
        return f"unix://{self.place}"

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._open:
            writer.transport.abort()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end has gone."""
        if self.refuses:
            writer.transport.abort()
            return
        up_reader, up_writer = await asyncio.open_unix_connection(str(self.target))
        ends = {writer, up_writer}
        self._open |= ends
        try:
            up = asyncio.create_task(self._carry(reader, up_writer, up=True))
            down = asyncio.create_task(self._carry(up_reader, writer, up=False))
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
        finally:
            for each in ends:
                each.transport.abort()
            self._open -= ends

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        while data := await reader.read(_CHUNK):
            if up:
                self.asked += 1
            elif self.drop_answers and data.startswith(b"HTTP/1.1 201"):
                self.drop_answers -= 1
                return
            again = _AGAIN if self.dice.random() < self.loss else 0.0
            await asyncio.sleep(self.delay + again)
            if not self.is_hole:
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def bad_line(target: Path, **how: float) -> AsyncIterator[BadLine]:
    """Put a line in front of a server's socket."""
    line = BadLine(target, target.with_name("line.sock"))
    for name, value in how.items():
        setattr(line, name, value)
    listening = await asyncio.start_unix_server(line.accept, str(line.place))
    try:
        yield line
    finally:
        listening.close()
        line.cut()
        await listening.wait_closed()
