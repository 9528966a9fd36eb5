"""The web server: a page, the files it is made of, and the WebSocket behind which a dashboard runs."""

import asyncio
import html
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiohttp import web

from jobmon_tui.web.assets import Asset, read_assets, read_page
from jobmon_tui.web.doors import Doors, visitor
from jobmon_tui.web.process import Process, Recipe, Size
from jobmon_tui.web.visit import SIGN_IN_SECONDS, End, Visit

_HEARTBEAT = 15.0
"""Seconds between signs of life: a page that is gone without a word is noticed within twice as many."""
_LONGEST_MESSAGE = 1 << 20
"""Bytes; what is pasted comes as one message."""
_RETRY_AFTER = 60
_LONGEST_ZONE = 60
_LAST_WORDS = 3.0
"""Seconds in which a page has to answer that its connection is closed."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "jobmon",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with every answer: nothing from elsewhere, no script but the two of the page, in no frame.

Inline styles are allowed, as the terminal draws its letters with them where the browser has no WebGL.
"""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """What the server knows. `visitors` may be there at once."""

    doors: Doors
    recipe: Recipe
    visitors: int
    sign_in_seconds: float = SIGN_IN_SECONDS
    assets: Mapping[str, Asset] = field(default_factory=read_assets)
    page: Asset = field(default_factory=read_page)
    places: int = 0
    """How many are taken. A place is free again once its process is gone."""
    open: set[web.WebSocketResponse] = field(default_factory=set)

    # The page

    async def show_page(self, request: web.Request) -> web.StreamResponse:
        """Answer with the page, or say that there is no place."""
        if self.places >= self.visitors:
            return _plain_page(
                503,
                "All places are taken",
                f"{self.visitors} visitors are here already, as many as this server takes. Try again later.",
                {"Retry-After": str(_RETRY_AFTER)},
            )
        return _sent(request, self.page)

    async def show_asset(self, request: web.Request) -> web.StreamResponse:
        """Answer with one of the page's files."""
        asset = self.assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(text="There is no such file.")
        return _sent(request, asset)

    # The visit

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Start a dashboard for this server's own page, and stay until one of them leaves."""
        if not self.doors.lets_in(request.headers.get("Origin"), request.headers.get("Host")):
            raise web.HTTPForbidden(text="Only this server's own page may connect.")
        websocket = web.WebSocketResponse(
            timeout=_LAST_WORDS, heartbeat=_HEARTBEAT, max_msg_size=_LONGEST_MESSAGE
        )
        await websocket.prepare(request)
        if self.places >= self.visitors:
            await End.FULL.close(websocket)
            return websocket
        self.places += 1
        self.open.add(websocket)
        try:
            end = await self._stay(request, websocket)
        finally:
            self.open.discard(websocket)
            self.places -= 1
        await end.close(websocket)
        return websocket

    async def _stay(self, request: web.Request, websocket: web.WebSocketResponse) -> End:
        origin = visitor(
            request.remote, request.headers.get("X-Forwarded-For"), proxied=self.doors.public is not None
        )
        try:
            process = await Process.start(self.recipe, origin, _size(request), _zone(request))
        except OSError:
            return End.NO_PROCESS
        try:
            end = await Visit(websocket, process, self.sign_in_seconds).last()
        finally:
            code = await process.end()
        return End.DEFECT if end is End.LEFT and code != 0 else end

    async def send_home(self, _app: web.Application) -> None:
        """Tell every page that the server stops."""
        await asyncio.gather(*(End.STOPPED.close(each) for each in tuple(self.open)))


def make_app(site: Site) -> web.Application:
    """Return the application."""

    @web.middleware
    async def guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
        if not site.doors.answers_to(request.headers.get("Host")):
            return _plain_page(
                403,
                "This server is not known by that name",
                "Start it with --public-url and the address that browsers use.",
            )
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            return _plain_page(refusal.status, refusal.reason, refusal.text or "", dict(refusal.headers))

    async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    app = web.Application(middlewares=[guard])
    app.router.add_get("/", site.show_page)
    app.router.add_get("/assets/{name}", site.show_asset)
    app.router.add_get("/ws", site.receive)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(site.send_home)
    return app


def _sent(request: web.Request, asset: Asset) -> web.Response:
    # Asked for anew each time, and sent only where it is another: an upgrade is seen at once.
    headers = {"Cache-Control": "no-cache", "ETag": f'"{asset.tag}"', "Vary": "Accept-Encoding"}
    if any(each.value == asset.tag for each in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    if packed:
        headers["Content-Encoding"] = "gzip"
    return web.Response(
        body=asset.compressed if packed else asset.content,
        content_type=asset.type,
        charset="utf-8" if asset.type.startswith("text/") else None,
        headers=headers,
    )


def _plain_page(status: int, title: str, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    kept = {key: value for key, value in (headers or {}).items() if key in {"Retry-After", "Allow"}}
    said = (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>jobmon</title>\n'
        f"<h1>{html.escape(title)}</h1>\n<p>{html.escape(text)}</p>\n</html>\n"
    )
    return web.Response(
        status=status,
        text=said,
        content_type="text/html",
        headers={"Cache-Control": "no-store", **kept},
    )


def _size(request: web.Request) -> Size:
    def number(name: str, otherwise: int) -> int:
        text = request.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else otherwise

    return Size(number("width", Size().columns), number("height", Size().rows)).bounded()


def _zone(request: web.Request) -> str | None:
    """Return the page's time zone, where it is one that is known here."""
    zone = request.query.get("zone", "")
    try:
        return ZoneInfo(zone).key if 0 < len(zone) <= _LONGEST_ZONE else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
