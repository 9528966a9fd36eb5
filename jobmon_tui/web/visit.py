"""One visitor: what the page sends goes to the dashboard's terminal, what is painted and said to the page.

The messages are those of textual-serve's script: a JSON list of a kind and its value, and bytes to paint.
"""

import asyncio
import json
from collections.abc import Coroutine
from enum import Enum
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from jobmon_tui.web.process import Process, Size

SIGN_IN_SECONDS: Final = 300.0
"""Seconds in which a visitor has to sign in: who does not would keep a place from others."""
_LONGEST_PING = 40


class End(Enum):
    """How a visit ends: the code of the WebSocket's close, and what the page says."""

    LEFT = (WSCloseCode.OK, "You have left. Start again to sign in.")
    DEFECT = (4000, "The dashboard ended unexpectedly. The log file on the server says why.")
    NOBODY = (4001, "Nobody signed in for 5 minutes.")
    FULL = (WSCloseCode.TRY_AGAIN_LATER, "All places are taken. Try again later.")
    NO_PROCESS = (4002, "The server could not start a dashboard. Try again later.")
    STOPPED = (WSCloseCode.GOING_AWAY, "The server was stopped.")
    NONSENSE = (
        WSCloseCode.UNSUPPORTED_DATA,
        "The page and the server do not understand each other. Reload it.",
    )
    GONE = (WSCloseCode.OK, "")
    """The page has closed the connection, or it broke."""

    async def close(self, websocket: web.WebSocketResponse) -> None:
        """Close the WebSocket so."""
        code, reason = self.value
        await websocket.close(code=code, message=reason.encode())


class Visit:
    """A WebSocket and a process, for as long as both are there."""

    def __init__(
        self, websocket: web.WebSocketResponse, process: Process, sign_in_seconds: float = SIGN_IN_SECONDS
    ) -> None:
        self._websocket = websocket
        self._process = process
        self._sign_in_seconds = sign_in_seconds
        self._signed_in = asyncio.Event()

    async def last(self) -> End:
        """Go on until one of the two ends; tell how."""
        parts: list[Coroutine[None, None, End]] = [self._paint(), self._take_keys(), self._wait_for_sign_in()]
        tasks = [asyncio.create_task(each) for each in parts]
        heard = asyncio.create_task(self._say())
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(task for task in tasks if task in done).result()
        finally:
            for each in (*tasks, heard):
                each.cancel()
            await asyncio.gather(*tasks, heard, return_exceptions=True)

    async def _paint(self) -> End:
        while painted := await self._process.read():
            try:
                await self._websocket.send_bytes(painted)
            except ConnectionError:
                return End.GONE
        return End.LEFT

    async def _say(self) -> None:
        while line := await self._process.hear():
            said = json.loads(line)
            if said["kind"] == "signed_in":
                self._signed_in.set()
            else:
                await self._websocket.send_json(["said", said])

    async def _wait_for_sign_in(self) -> End:
        try:
            async with asyncio.timeout(self._sign_in_seconds):
                await self._signed_in.wait()
        except TimeoutError:
            return End.NOBODY
        for_ever: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        return await for_ever

    async def _take_keys(self) -> End:
        async for message in self._websocket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                match json.loads(message.data):
                    case ["stdin", str(keys)]:
                        await self._process.write(keys.encode(errors="replace"))
                    case ["resize", {"width": int(width), "height": int(height)}]:
                        self._process.resize(Size(width, height).bounded())
                    case ["ping", str(sent)] if len(sent) <= _LONGEST_PING:
                        await self._websocket.send_json(["pong", sent])
            except (ValueError, RecursionError):
                return End.NONSENSE
            except ConnectionError:
                return End.GONE
        return End.GONE
