"""Real browsers, headless, driven through WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/).

Firefox speaks it itself; for Chromium its own driver does. Neither needs a library.
"""

import asyncio
import base64
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

START = 60.0
"""Seconds in which a browser has to be there."""
PROGRAMS = {
    "chromium": ("chromedriver", "chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox", "firefox-esr"),
}
KEYS = {"enter": "\ue006", "escape": "\ue00c", "tab": "\ue004", "down": "\ue015", "right": "\ue014"}
_SHIFT = "\ue008"
_COPY = """(() => {
  let copied = "";
  const hear = (event) => { copied = event.clipboardData.getData("text/plain"); };
  document.addEventListener("copy", hear);
  document.execCommand("copy");
  document.removeEventListener("copy", hear);
  return copied;
})()"""


class AskedInVainError(AssertionError):
    """A browser could not do what it was asked to, as while a page makes way for the next."""


class NotInstalledError(AssertionError):
    """A browser is not installed. It is never left out in silence."""


def program(*names: str) -> str:
    """Return the path of the first of these programs that is here."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise NotInstalledError(f"none of {', '.join(names)} is installed: run `make browsers`")


@dataclass
class Session:
    """One browser with one page."""

    socket: aiohttp.ClientWebSocketResponse
    page: str = ""
    requested: list[str] = field(default_factory=list)
    """The addresses that the page asked for, in order."""
    logged: list[str] = field(default_factory=list)
    """What stands in the browser's console: errors, warnings, refusals by the policy."""
    _answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _ids: Any = field(default_factory=count)

    async def listen(self) -> None:
        """Take what the browser says until it ends."""
        async for message in self.socket:
            said = message.json()
            if said["type"] == "event":
                self._happened(said["method"], said["params"])
            elif (waiting := self._answers.pop(said.get("id"), None)) and not waiting.done():
                waiting.set_result(said)

    def _happened(self, name: str, details: Any) -> None:
        if name == "network.beforeRequestSent":
            self.requested.append(details["request"]["url"])
        elif name == "log.entryAdded":
            self.logged.append(f"{details['level']}: {details['text']}")

    async def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result. Raises `AskedInVainError`."""
        number = next(self._ids)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(START):
            said = await self._answers[number]
        if said["type"] != "success":
            raise AskedInVainError(said)
        return said["result"]

    async def open(self, url: str, width: int = 1000, height: int = 620) -> None:
        """Open a page in a window of this many pixels."""
        await self.ask("session.subscribe", events=["network.beforeRequestSent", "log.entryAdded"])
        tree = await self.ask("browsingContext.getTree")
        self.page = tree["contexts"][0]["context"]
        size = {"width": width, "height": height}
        await self.ask("browsingContext.setViewport", context=self.page, viewport=size)
        await self.ask("browsingContext.activate", context=self.page)
        await self.ask("browsingContext.navigate", context=self.page, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """Return the value of a plain expression in the page."""
        said = await self.ask(
            "script.evaluate",
            expression=expression,
            target={"context": self.page},
            awaitPromise=True,
            userActivation=True,
        )
        assert said["type"] == "success", said
        return said["result"].get("value")

    async def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Evaluate an expression until it is true; return its value."""
        value = None
        try:
            async with asyncio.timeout(seconds):
                while not value:
                    with contextlib.suppress(AskedInVainError):
                        value = await self.evaluate(expression)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            there = await self.evaluate("document.body.className + ': ' + document.body.innerText")
            raise AssertionError(
                f"{expression} was {value!r}: {there!r} {self.logged} {self.requested}"
            ) from None
        return value

    async def type(self, *keys: str) -> None:
        """Press keys by name, or those of a text one by one."""
        pressed = [key for each in keys for key in ([KEYS[each]] if each in KEYS else each)]
        actions = [{"type": kind, "value": key} for key in pressed for kind in ("keyDown", "keyUp")]
        await self._act([{"type": "key", "id": "keyboard", "actions": actions}])

    async def _act(self, actions: Sequence[Any]) -> None:
        await self.ask("input.performActions", context=self.page, actions=actions)

    async def terminal(self) -> str:
        """Return the text that stands in the page's terminal, as a user selects and copies it.

        Held down, Shift keeps the mouse from the dashboard.
        """
        width, height = await self.evaluate("innerWidth"), await self.evaluate("innerHeight")
        rest = [{"type": "pause"}] * 4

        def move(x: int, y: int) -> dict[str, Any]:
            return {"type": "pointerMove", "x": x, "y": y, "origin": "viewport"}

        pointer = [
            {"type": "pause"},
            move(1, 1),
            {"type": "pointerDown", "button": 0},
            move(width - 2, height - 2),
            {"type": "pointerUp", "button": 0},
            {"type": "pause"},
        ]
        shift = [{"type": "keyDown", "value": _SHIFT}, *rest, {"type": "keyUp", "value": _SHIFT}]
        await self._act(
            [
                {"type": "key", "id": "keyboard", "actions": shift},
                {"type": "pointer", "id": "mouse", "actions": pointer},
            ]
        )
        return str(await self.evaluate(_COPY))

    async def see(self, *wanted: str, seconds: float = 30.0) -> str:
        """Read the terminal until every text stands in it."""
        text = ""
        try:
            async with asyncio.timeout(seconds):
                while not all(each in text for each in wanted):
                    text = await self.terminal()
        except TimeoutError:
            raise AssertionError(f"{wanted} did not appear:\n{text}\n{self.logged}") from None
        return text

    async def picture(self) -> bytes:
        """Return a screenshot, as PNG."""
        said = await self.ask("browsingContext.captureScreenshot", context=self.page)
        return base64.b64decode(said["data"])


@asynccontextmanager
async def _running(arguments: Sequence[str], folder: Path, says: str) -> AsyncIterator[re.Match[str]]:
    """Run a program until it says this line, which is handed on; end it with all that it has started."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder), "MOZ_HEADLESS": "1"},
        start_new_session=True,
    )
    assert process.stdout is not None
    said = b""
    reading: asyncio.Task[bytes] | None = None
    try:
        async with asyncio.timeout(START):
            while not (found := re.search(says, said.decode(errors="replace"))):
                line = await process.stdout.readline()
                assert line, said.decode(errors="replace")
                said += line
        reading = asyncio.create_task(process.stdout.read())
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        await process.wait()
        if reading is not None:
            await reading


@asynccontextmanager
async def _connected(url: str, *, new: bool) -> AsyncIterator[Session]:
    async with aiohttp.ClientSession() as client, client.ws_connect(url, max_msg_size=0) as socket:
        session = Session(socket)
        listening = asyncio.create_task(session.listen())
        try:
            if new:
                await session.ask("session.new", capabilities={})
            yield session
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Session]:
    """Run Chromium; as root without its sandbox, which root may not have."""
    driver, *names = PROGRAMS["chromium"]
    flags = ["--headless=new", "--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    options = {"binary": program(*names), "args": flags}
    wanted = {"browserName": "chrome", "webSocketUrl": True, "goog:chromeOptions": options}
    async with _running([program(driver), "--port=0"], folder, r"successfully on port (\d+)") as found:
        url = f"http://127.0.0.1:{found[1]}/session"
        body = {"capabilities": {"alwaysMatch": wanted}}
        async with aiohttp.ClientSession() as client, client.post(url, json=body) as answer:
            said = await answer.json()
        assert "capabilities" in said["value"], said
        async with _connected(said["value"]["capabilities"]["webSocketUrl"], new=False) as session:
            yield session


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Session]:
    """Run Firefox with a profile of its own."""
    profile = folder / "profile"
    profile.mkdir()
    arguments = [program(*PROGRAMS["firefox"]), "--headless", "--no-remote", "--profile", str(profile)]
    arguments.append("--remote-debugging-port=0")
    async with (
        _running(arguments, folder, r"BiDi listening on (ws://\S+)") as found,
        _connected(f"{found[1]}/session", new=True) as session,
    ):
        yield session
