"""How a screen or widget reaches the app that it lives in, with its type."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

    from jobmon_tui.tui.app import JobmonApp


def frame(part: "MessagePump") -> "JobmonApp":
    """Return the app around a screen or widget."""
    return cast("JobmonApp", part.app)
