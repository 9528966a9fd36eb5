"""An event loop whose time passes only when nobody has anything left to do: an hour takes a millisecond."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec

P = ParamSpec("P")
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class _Jumping(selectors.DefaultSelector):
    """Never waits: where the loop would sleep, its time is moved on instead."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever wake them")
        self.loop.passed += max(0.0, timeout)
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time that tests can wait for."""

    def __init__(self) -> None:
        self.passed = 1000.0
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.passed


class FakeClock:
    """A `Clock` on the running `VirtualLoop`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._set_by = timedelta()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic() - 1000.0) + self._set_by

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def suspend(self, seconds: float) -> None:
        """Stand still, as a closed laptop does: the time is over before anybody could do anything."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.passed += seconds

    def set_by(self, offset: timedelta) -> None:
        """Put the wall clock right."""
        self._set_by += offset


def virtual(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run the test on a loop of its own whose time is virtual."""

    @functools.wraps(test)
    def on_virtual_time(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return on_virtual_time
