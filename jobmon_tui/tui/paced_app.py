"""An app that sends no frame which the line could not take, and saves bytes where the line is slow."""

import asyncio
import contextlib
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region

from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.driver import LastingDriver
from jobmon_tui.tui.leaving_app import LeavingApp
from jobmon_tui.tui.themes import themes_for

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen

SLOW_SECONDS = 1.0
"""Seconds between two readings of the data on a slow line."""
_IN_BATCH = 0.02
TURNED_SLOW = (
    "This line is slow: 16 colours, no charts, one refresh a second. "
    'slow = "off" in the settings keeps it as it was, --slow does it from the start.'
)


def _few(color: RichColor | None) -> RichColor | None:
    return color.downgrade(ColorSystem.STANDARD) if color is not None else None


@lru_cache(1024)
def _few_colours(style: Style) -> Style:
    # The plain sum of the two: Rich keeps the code that a style was first rendered with.
    return style + Style.from_color(_few(style.color), _few(style.bgcolor))


class FewColours(LineFilter):
    """The sixteen colours that every terminal has, each in 2 bytes where one of 256 takes 8."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return the segments in their nearest colours."""
        return [
            Segment(text, _few_colours(style) if style is not None else None, None)
            for text, style, _ in segments
        ]


class PacedApp(LeavingApp):
    """Holds a frame back while the line is full, and sends one for all that were held once it is not."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._slow = False
        self._answered = asyncio.Event()
        self._owed: dict[Screen[object], set[Region]] = {}
        self._reminder: asyncio.TimerHandle | None = None
        self._read_at = float("-inf")
        self._read_when: datetime | None = None
        if options.slow == "on":
            self._turn_slow()

    # Slow lines

    @property
    def is_slow(self) -> bool:
        """True where the line is slow or said to be: what costs bytes and is not needed is left out then."""
        return self._slow

    def heed(self, slow: str) -> None:
        """Take the setting: `on`, `off`, or `auto`, which waits for the line to prove slow."""
        if slow == "on" and not self._slow:
            self._turn_slow()

    def _turn_slow(self) -> None:
        self._slow = True
        self._filters.append(FewColours())
        self.console._color_system = ColorSystem.STANDARD  # noqa: SLF001  # there is no way to change it
        for theme in themes_for("standard", no_color=self.no_color).values():
            self.register_theme(theme)
        if not self.is_running:
            return
        self._invalidate_css()
        self.refresh_css(animate=False)
        for screen in self.screen_stack:
            for widget in screen.walk_children(with_self=True):
                widget.refresh()

    def _notice_slowness(self, driver: LastingDriver) -> None:
        if driver.pace.is_slow and not self._slow and self.options.slow == "auto":
            self._turn_slow()
            self.line_turned_slow()

    def line_turned_slow(self) -> None:
        """Hear once that the line has proven slow."""

    @property
    def data_age(self) -> str:
        """Of when the data is, such as `as of 14:03:22`; empty where the line is not slow."""
        return f"as of {self._read_when:%H:%M:%S}" if self._slow and self._read_when is not None else ""

    async def line_rests(self) -> None:
        """Wait until what is read now can be painted without holding up who types; not for ever."""
        driver, loop = self._driver, asyncio.get_running_loop()
        if self._slow:
            await asyncio.sleep(max(0.0, self._read_at + SLOW_SECONDS - loop.time()))
        if isinstance(driver, LastingDriver):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(driver.pace.patience):
                    await self._rested(driver)
        self._read_at = loop.time()
        self._read_when = datetime.now().astimezone()

    async def _rested(self, driver: LastingDriver) -> None:
        while (rest := driver.pace.rest()) > 0:
            self._answered.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._answered.wait()

    # Frames

    def listen_to_the_system(self) -> None:
        """Take the terminal's answers too."""
        super().listen_to_the_system()
        if isinstance(self._driver, LastingDriver):
            self._driver.when_answered(self._heard)

    def _display(self, screen: "Screen[object]", renderable: "RenderableType | None") -> None:
        driver = self._driver
        if not isinstance(driver, LastingDriver) or renderable is None:
            super()._display(screen, renderable)
            return
        wait = self._wait(driver)
        if wait > 0:
            self._owed.setdefault(screen, set()).update(_regions(renderable))
            self._remind(wait)
            return
        super()._display(screen, renderable)
        driver.ask_if_due()
        self._notice_slowness(driver)

    def _wait(self, driver: LastingDriver) -> float:
        # Within a batch Textual drops frames, whole ones too.
        return max(driver.pace.wait(), _IN_BATCH if self._batch_count else 0.0)

    def _remind(self, wait: float) -> None:
        if self._reminder is not None:
            self._reminder.cancel()
        self._reminder = asyncio.get_running_loop().call_later(wait, self._heard)

    def _heard(self) -> None:
        self._answered.set()
        if self._owed and self.is_running:
            # Through the app's own queue: what is painted needs its context.
            self.call_later(self._pay)

    def _pay(self) -> None:
        """Paint what was held back, if the line has room now."""
        screen, driver = self.screen, self._driver
        regions = self._owed.get(screen)
        if not isinstance(driver, LastingDriver) or regions is None:
            self._owed.clear()  # another screen has painted itself over it
            return
        wait = self._wait(driver)
        if wait > 0:
            self._remind(wait)
            return
        self._owed.clear()
        # What was held may be of a larger window than there is now.
        there = screen._compositor.size.region  # noqa: SLF001
        seen = {part for each in regions if (part := each.intersection(there))}
        screen._compositor._dirty_regions.update(seen)  # noqa: SLF001  # `refresh` would forget other widgets'
        screen._compositor_refresh()  # noqa: SLF001


def _regions(update: object) -> list[Region]:
    """Return what an update would have painted."""
    if isinstance(update, ChopsUpdate):
        return [Region(x1, y, x2 - x1, 1) for y, x1, x2 in update.spans]
    if isinstance(update, LayoutUpdate):
        return [update.region]
    raise TypeError(f"an update of another kind: {type(update).__name__}")
