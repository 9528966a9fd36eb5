"""The dashboard on a stage: the real application over the services in memory."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot

from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import EmbeddedWorker
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.contracts import Announce, Connection, Extra, Options
from jobmon_tui.tui.screens.dashboard import DashboardScreen
from jobmon_tui.tui.widgets.execution_table import ExecutionTable
from tests.tui.fake_services import FakeServices


def make_app(
    services: FakeServices,
    caller: Caller | None = None,
    worker: EmbeddedWorker | None = None,
    extra: Extra | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    *,
    kept: Path | None = None,
    announce: Announce | None = None,
    has_shell: bool = True,
) -> JobmonApp:
    async def keep(token: str | None) -> str | None:
        return None

    async def close() -> None:
        return None

    async def connect() -> Connection:
        return Connection(services, (caller or services.admin).token, worker, keep, close)

    options = Options(
        "pts/1", extra=extra, keys=keys or {}, kept=kept, announce=announce, has_shell=has_shell
    )
    return JobmonApp(connect, options)


class Stage:
    """What a test sees and does."""

    def __init__(self, app: JobmonApp, pilot: Pilot[int], services: FakeServices) -> None:
        self.app = app
        self.pilot = pilot
        self.services = services

    @property
    def screen(self) -> DashboardScreen:
        found = [screen for screen in self.app.screen_stack if isinstance(screen, DashboardScreen)]
        return found[-1]

    @property
    def table(self) -> ExecutionTable:
        return self.screen.table

    @property
    def lines(self) -> list[str]:
        """The lines of the table as they stand on the screen, the heading first."""
        return [self.table.render_line(y).text for y in range(self.table.size.height)]

    @property
    def rows(self) -> list[str]:
        return [line for line in self.lines[1:] if line.strip()]

    def line_of(self, execution_id: int) -> str:
        """The line of a visible row."""
        return next(line for line in self.lines if f"#{execution_id} " in line[:12])

    @property
    def toasts(self) -> list[str]:
        """What was said, oldest first, glyph first."""
        return [f"{each.kind.glyph} {each.text}" for each in reversed(self.app.toasts.history)]

    @property
    def all_text(self) -> str:
        """The whole screen as text."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def burst(self, text: str) -> None:
        """Let these letters arrive at once, as over a slow line; `\\r` is Enter, `\\x1b` Esc."""
        for letter in text:
            name = {"\r": "enter", "\x1b": "escape", "\t": "tab"}.get(letter) or _character_to_key(letter)
            self.app.post_message(Key(name, letter))
        await self.until(lambda: not self.app.has_keys_under_way)
        await self.settle()

    async def settle(self) -> None:
        """Wait until every change is on the screen."""
        for _ in range(3):
            await self.pilot.pause(0.06)

    async def until(self, true: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait until `true()` holds."""
        for _ in range(int(seconds / 0.02)):
            if true():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"still not true after {seconds} s:\n{self.all_text}")


@asynccontextmanager
async def on_stage(
    services: FakeServices,
    *,
    size: tuple[int, int] = (80, 24),
    caller: Caller | None = None,
    worker: EmbeddedWorker | None = None,
    tooltips: bool = False,
    extra: Extra | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    kept: Path | None = None,
    announce: Announce | None = None,
    has_shell: bool = True,
) -> AsyncIterator[Stage]:
    app = make_app(services, caller, worker, extra, keys, kept=kept, announce=announce, has_shell=has_shell)
    async with app.run_test(size=size, notifications=True, tooltips=tooltips) as pilot:
        stage = Stage(app, pilot, services)
        await stage.until(lambda: isinstance(app.screen, DashboardScreen) and app.screen.ready)
        await stage.until(lambda: stage.table.overview is not None)
        await stage.settle()
        yield stage
