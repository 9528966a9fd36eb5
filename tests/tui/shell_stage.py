"""The shell with a placeholder where the dashboard stands, and everything around it under the test's hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.contracts import Connection, Options
from tests.tui.fake_services import FakeServices, FakeWorker


class Placeholder(Screen[None]):
    """Stands where the dashboard stands."""

    def compose(self) -> ComposeResult:
        yield Static("the dashboard", id="placeholder")


class StagedApp(JobmonApp):
    """The shell alone."""

    def make_dashboard(self) -> Screen[None]:
        return Placeholder()


@dataclass
class Stage:
    """Connects to memory, and remembers what was asked of the connection."""

    services: FakeServices = field(default_factory=FakeServices)
    token: str | None = None
    worker: FakeWorker | None = None
    failures: list[JobmonError] = field(default_factory=list)
    keeper_says: str | None = None
    kept: list[str | None] = field(default_factory=list)
    closed: int = 0
    options: Options | None = None

    async def connect(self) -> Connection:
        if self.failures:
            raise self.failures.pop(0)
        return Connection(self.services, self.token, self.worker, self._keep, self._close, self.options)

    async def _keep(self, token: str | None) -> str | None:
        self.kept.append(token)
        return self.keeper_says

    async def _close(self) -> None:
        self.closed += 1

    def app(self, options: Options | None = None) -> StagedApp:
        return StagedApp(self.connect, options or Options(origin="pts/1"))


def signed_in_stage(**rest: object) -> Stage:
    """Return a stage whose saved session is ada's, an Administrator's."""
    return Stage(token="admin-token", **rest)  # type: ignore[arg-type]


def screen_text(app: JobmonApp) -> str:
    """Return what the screen shows, line by line."""
    strips: Sequence[object] = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)  # type: ignore[attr-defined]


def text_of(part: Static) -> str:
    """Return a Static's plain text."""
    content = part.content
    return content.plain if isinstance(content, Content) else str(content)
