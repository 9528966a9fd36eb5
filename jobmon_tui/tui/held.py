"""Keys that are meant for a list that is still being read: they wait for it, in their order."""

from collections import deque
from collections.abc import Callable
from functools import partial, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
_MOST = 200
"""Actions that wait at most; further ones are dropped."""


class HeldActions:
    """What waits. `lacks(row)` tells whether the list is still missing, or, where `row`, the cursor's row."""

    def __init__(self, lacks: Callable[[bool], bool]) -> None:
        self._lacks = lacks
        self._queue: deque[tuple[Callable[[], None], bool]] = deque()
        self._releasing = False

    def run(self, action: Callable[[], None], *, row: bool) -> None:
        """Do it now, or as soon as nothing is missing and all that was asked for before is done."""
        if not self._releasing and (self._queue or self._lacks(row)):
            if len(self._queue) < _MOST:
                self._queue.append((action, row))
        else:
            action()

    def release(self) -> None:
        """Do what can be done by now."""
        if self._releasing:
            return
        self._releasing = True
        try:
            while self._queue and not self._lacks(self._queue[0][1]):
                self._queue.popleft()[0]()
        finally:
            self._releasing = False

    def forget(self) -> None:
        """Drop what waits: the list did not come."""
        self._queue.clear()


class Holder(Protocol):
    """Whose actions wait."""

    @property
    def held(self) -> HeldActions:
        """What waits."""
        ...


S = TypeVar("S", bound=Holder)


def waits(
    *, row: bool = False
) -> Callable[[Callable[Concatenate[S, P], None]], Callable[Concatenate[S, P], None]]:
    """Let an action wait for the list that is being read; with `row` for the row under its cursor too."""

    def decorate(method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
        @wraps(method)
        def waiting(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
            self.held.run(partial(method, self, *args, **kwargs), row=row)

        return waiting

    return decorate
