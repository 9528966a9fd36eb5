"""What a screen may ask of the application that shows it."""

from typing import Protocol, cast

from textual.app import App

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.roles import Actor
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import EmbeddedWorker, Services
from jobmon_tui.tui.contracts import Options


class Host(Protocol):
    """The application, as far as the dashboard knows it."""

    services: Services
    caller: Caller
    actor: Actor
    worker: EmbeddedWorker | None
    options: Options

    def told(self, message: str) -> None:
        """Say that something was done."""
        ...

    def warned(self, message: str) -> None:
        """Say something that the user should know."""
        ...

    def refused(self, error: JobmonError) -> None:
        """Say why something was not done."""
        ...


def host_of(app: App[object]) -> Host:
    """Return the application as its screens know it."""
    return cast(Host, app)
