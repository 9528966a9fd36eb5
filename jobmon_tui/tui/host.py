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

    @property
    def is_slow(self) -> bool:
        """True where the line is slow: no charts then, and nothing else that is not needed."""
        ...

    @property
    def data_age(self) -> str:
        """Of when the data is, told on a slow line only."""
        ...

    async def line_rests(self) -> None:
        """Wait until what is read now can be painted without holding up who types; not for ever."""
        ...

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
