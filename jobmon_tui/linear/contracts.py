"""What whoever starts the conversation hands to it."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from jobmon_tui.services.facade import EmbeddedWorker, Services


class Extra(Protocol):
    """One more command that the starter offers, with a line that says what it is for."""

    @property
    def key(self) -> str:
        """The command."""
        ...

    @property
    def hint(self) -> str:
        """What it is for, said as long as `needed`."""
        ...

    @property
    def run(self) -> Callable[[], Awaitable[str]]:
        """Answers with one line; may raise `JobmonError`."""
        ...

    @property
    def needed(self) -> Callable[[], bool]:
        """Tells whether it would change anything."""
        ...


class Options(Protocol):
    """How it behaves."""

    @property
    def origin(self) -> str:
        """Where it runs, for the audit log."""
        ...

    @property
    def drain_seconds(self) -> float:
        """How long leaving waits for what runs here."""
        ...

    @property
    def extra(self) -> Extra | None:
        """One more command."""
        ...


class Connection(Protocol):
    """An open way to the services."""

    @property
    def services(self) -> Services:
        """Everything that can be asked."""
        ...

    @property
    def token(self) -> str | None:
        """A session to go on with."""
        ...

    @property
    def worker(self) -> EmbeddedWorker | None:
        """The scheduler of this process, if it has one."""
        ...

    @property
    def keep_token(self) -> Callable[[str | None], Awaitable[str | None]]:
        """Keeps a new session; answers with a line where it could not."""
        ...

    @property
    def close(self) -> Callable[[], Awaitable[None]]:
        """Ends what was opened."""
        ...
