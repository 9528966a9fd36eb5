"""How a screen or widget reaches the app that it lives in, with its type, and the keys that hold there."""

from typing import TYPE_CHECKING, cast

from jobmon_tui.tui.keys.bound import first_key

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.message_pump import MessagePump

    from jobmon_tui.tui.app import JobmonApp


def frame(part: "MessagePump") -> "JobmonApp":
    """Return the app around a screen or widget."""
    return cast("JobmonApp", part.app)


def key_of(part: "DOMNode", name: str) -> str:
    """Return the first key of an action, as a text for people writes it; empty where it has none.

    The action is one of the screen's or widget's own, or of what is around it, by its name in the settings.
    In another app than ours, as a widget's own tests have one, all keys are as they come.
    """
    return first_key(part, name, getattr(part.app, "keys", {}))


def with_key(part: "DOMNode", label: str, name: str) -> str:
    """Return a label with its action's first key behind it: `No (n)`."""
    key = key_of(part, name)
    return f"{label} ({key})" if key else label
