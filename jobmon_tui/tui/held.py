"""Keys that are meant for a list that is still being read: they wait for it, in their order."""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from functools import partial, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar, runtime_checkable

P = ParamSpec("P")
_MOST = 200
"""Actions that wait at most; further ones are dropped."""


class Needs(Enum):
    """What an action waits for."""

    TURN = auto()
    """Only that all that was asked for before it is done: it shows another list itself."""
    LIST = auto()
    ROW = auto()
    """The list, and the row under its cursor."""


class HeldActions:
    """What waits; `lacks` tells whether something that is needed is not there yet."""

    def __init__(self, lacks: Callable[[Needs], bool]) -> None:
        self._lacks = lacks
        self._queue: deque[tuple[Callable[[], None], Needs]] = deque()
        self._releasing = False

    def run(self, action: Callable[[], None], needs: Needs) -> None:
        """Do it now, or as soon as nothing is missing and all that was asked for before is done."""
        if not self._releasing and (self._queue or self._lacks(needs)):
            if len(self._queue) < _MOST:
                self._queue.append((action, needs))
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

    def forget_acts(self) -> None:
        """Drop what would be done to a row; moves stay."""
        self._queue = deque(each for each in self._queue if each[1] is not Needs.ROW)

    def forget(self) -> None:
        """Drop what waits: the list did not come."""
        self._queue.clear()


@runtime_checkable
class Holder(Protocol):
    """Whose actions wait."""

    @property
    def held(self) -> HeldActions:
        """What waits."""
        ...


S = TypeVar("S", bound=Holder)


def waits(needs: Needs) -> Callable[[Callable[Concatenate[S, P], None]], Callable[Concatenate[S, P], None]]:
    """Let an action wait for its turn, for the list that is being read, or for the row under its cursor."""

    def decorate(method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
        @wraps(method)
        def waiting(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
            self.held.run(partial(method, self, *args, **kwargs), needs)

        return waiting

    return decorate
