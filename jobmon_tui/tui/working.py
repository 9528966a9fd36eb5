"""Work that a part of the screen has going on beside its messages."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen
    from textual.worker import Worker


def start(
    part: "DOMNode", work: Callable[[], Coroutine[None, None, None]], *, group: str, exclusive: bool = False
) -> "Worker[None]":
    """Let a worker of this part begin with `work`, which ends when the part goes.

    Given as a function: a coroutine that is ended before it has begun would be left unawaited.
    """
    worker: Worker[None] = part.run_worker(work, group=group, exclusive=exclusive)
    return worker


def is_there(screen: "Screen[Any]") -> bool:
    """Tell whether nobody has left this screen while something was waited for."""
    return screen in screen.app.screen_stack
