"""What whoever starts the dashboard hands to it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Loaded behind the first paint: making their classes takes a tenth of the time until then.
    from jobmon_tui.services.facade import EmbeddedWorker, Services


@dataclass(frozen=True, slots=True)
class Extra:
    """One more key that the starter of the dashboard offers, with a line that says what it is for.

    `run` answers with one line for a toast, and may raise `JobmonError`. As long as `needed()` says so, the
    key is offered and `hint` stands on the screen; it is asked each second, and must not wait for anything.
    """

    key: str
    label: str
    hint: str
    run: Callable[[], Awaitable[str]]
    needed: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Options:
    """How the dashboard behaves. Times in seconds."""

    origin: str
    toast_seconds: float = 6.0
    error_toast_seconds: float = 15.0
    drain_seconds: float = 30.0
    theme: str = "jobmon-dark"
    glyphs: str = "auto"
    """`auto`, `ascii` or `unicode`: whether our signs are drawn by their ASCII forms."""
    slow: str = "auto"
    """`on`: 16 colours, no charts, one refresh a second; `auto`: so once the line proves slow; `off`."""
    extra: Extra | None = None
    mouse: bool = True
    """Whether the terminal is asked to report the mouse: else it selects and copies by itself."""
    bell: bool = False
    """Whether the terminal's bell rings for each new failure."""
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The keys of the actions that have others than their own; checked."""
    complaints: Sequence[str] = ()
    """What is wrong with the settings without being a reason to end: a line each, said at the start."""
    lock_minutes: float = 0.0
    """Minutes without a key after which the screen is locked; 0: never by itself."""
    lock_hint: str = ""
    """What else the locked screen says."""
    kept: Path | None = None
    """Where choices made in the dashboard are kept; None: nowhere."""
    has_shell: bool = True
    """Whether other programs may have the terminal: the reader's pager, and the shell behind Ctrl+Z."""
    announce: "Announce | None" = None
    """Who is told in words what has the focus and what is shown for a while; None: the screen is enough."""


Announce = Callable[[str, str], None]
"""Says a clean text aloud: of kind `focus` in place of the one before, else a message, of its own kind."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An open way to the services. `token` is a session to go on with, None to ask for a sign-in.

    `keep_token` keeps a new session for later (None: forget it), where there is a safe place; it answers
    with a line for the user where it could not. `close` ends what was opened.
    """

    services: "Services"
    token: str | None
    worker: "EmbeddedWorker | None"
    keep_token: Callable[[str | None], Awaitable[str | None]]
    close: Callable[[], Awaitable[None]]
    options: Options | None = None
    """The options as the settings say, once they are read: they replace those of the first paint."""


Connect = Callable[[], Awaitable[Connection]]
"""Opens the way; awaited after the first paint, so that the screen never waits for a database."""
