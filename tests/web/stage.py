"""A web server in this process with a stand-in for the dashboard, and the real command in one of its own."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pyte
from aiohttp import web

from jobmon_tui.web.app import Site, make_app
from jobmon_tui.web.doors import Doors
from jobmon_tui.web.doors import Site as Public
from jobmon_tui.web.process import Recipe
from tests.conformance.world import DRAFT, NOW, history
from tests.e2e.host import Host

PATIENCE = 30.0
"""Seconds in which what is waited for has to be there."""


@asynccontextmanager
async def served(
    script: str, *, visitors: int = 8, public: Public | None = None, sign_in_seconds: float = PATIENCE
) -> AsyncIterator[tuple[str, Site]]:
    """Serve this Python script in place of the dashboard; hand out the address and the server."""
    recipe = Recipe((sys.executable, "-S", "-E", "-c", script), {"PATH": os.environ["PATH"], "TERM": "xterm"})
    site = Site(Doors("127.0.0.1", public), recipe, visitors, sign_in_seconds)
    runner = web.AppRunner(make_app(site))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", site
    finally:
        await runner.cleanup()


class Page:
    """What the page's script does: it draws, answers the terminal's questions, types and listens."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, columns: int = 80, rows: int = 24) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.socket = socket
        self.painted = bytearray()
        self.said: list[tuple[str, str]] = []
        """The kind and the text of each announcement."""
        self.reason = ""
        """Why the server has closed the connection."""

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    async def type(self, keys: str) -> None:
        """Press keys."""
        await self.socket.send_json(["stdin", keys])

    async def _hear(self) -> bool:
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            self.painted += message.data
            self._stream.feed(message.data)
            for _ in range(message.data.count(b"\x1b[6n")):
                await self.type("\x1b[1;1R")
        elif message.type is aiohttp.WSMsgType.TEXT:
            kind, said = message.json()
            if kind == "said":
                self.said.append((said["kind"], said["text"]))
        else:
            self.reason = str(message.extra or "")
            return False
        return True

    async def until(self, there: Callable[[], object]) -> None:
        """Go on until something is true; fail with what stands there."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not there():
                    assert await self._hear(), (
                        f"closed ({self.socket.close_code}): {self.reason}\n{self.text}"
                    )
        except TimeoutError:
            raise AssertionError(f"never came:\n{self.text}\n{self.said}") from None

    async def end(self) -> tuple[int | None, str]:
        """Go on until the server closes the connection; tell its code and why."""
        async with asyncio.timeout(PATIENCE):
            while await self._hear():
                pass
        return self.socket.close_code, self.reason


@asynccontextmanager
async def visit(
    url: str, columns: int = 80, rows: int = 24, *, query: str | None = None, **headers: str
) -> AsyncIterator[Page]:
    """Open the WebSocket as the page does; with `query` in place of the terminal's size."""
    query = f"width={columns}&height={rows}&zone=Asia/Tokyo" if query is None else query
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{url}/ws?{query}", headers={"Origin": url, **headers}) as socket,
    ):
        yield Page(socket, columns, rows)


def failed_once(host: Host) -> None:
    """Give a host's database a failed execution, #1 “Sales”."""
    host.write(lambda to: to.add_report(DRAFT, NOW))
    host.write(history([(1, "Failed", None, NOW)]))  # type: ignore[arg-type]


@contextmanager
def web_command(host: Host, *flags: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the real `jobmon web` on a free port; hand out its address and its process."""
    log = host.folder / "web.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "jobmon_tui", "web", "--listen", "127.0.0.1:0", *flags],
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=host.environment,
        )
    try:
        until = time.monotonic() + PATIENCE
        while not (found := re.search(r"http://[\d.]+:\d+", log.read_text(encoding="utf-8"))):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until
            time.sleep(0.05)
        yield found[0], process
    finally:
        process.kill()
        process.wait()


def children(pid: int) -> Sequence[int]:
    """Return the processes that a process has started and that are still there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(") ")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(path.parent.name))
    return found


async def gone(pids: Sequence[int]) -> None:
    """Wait until none of these processes is there."""
    await until(lambda: not any(map(is_there, pids)))


def is_there(pid: int) -> bool:
    """Tell whether a process is there."""
    return Path(f"/proc/{pid}").exists()


async def until(true: Callable[[], object]) -> None:
    """Wait until something is true of which nobody tells."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - processes end without a word
            await asyncio.sleep(0.02)


def said_by(script_output: str) -> Any:
    """Read the JSON that a stand-in has printed between marks."""
    return json.loads(script_output.partition("<<")[2].partition(">>")[0])
