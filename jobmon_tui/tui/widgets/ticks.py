"""When times that go on by themselves are painted anew, so seldom that they stay cheap."""

from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.tui import times

BUDGET = 20
"""Bytes a second that go to the terminal for durations at most: the more Running rows, the more seldom."""
_FRAME, _ROW = 40, 14
"""Bytes of one tick in 256 colours, and of each row in it: counted at a pty by tests/e2e/test_bytes.py."""


class Ticks:
    """The moment that durations count to; between two ticks it stands still, whatever else is painted."""

    def __init__(self, now: Callable[[], datetime], clock: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._clock = clock
        self._due = 0.0
        self._at = now()
        self._minute: int | None = None

    def moment(self, execution: Execution) -> datetime:
        """Return the moment up to which a row's times count."""
        return self._at if execution.status is Status.RUNNING else self._now()

    def tick(self, rows: Sequence[Execution]) -> bool:
        """Go on; tell whether rows in view look different now."""
        minute = times.minute() if times.reader.relative else None
        changed = minute != self._minute
        self._minute = minute
        if self._clock() >= self._due:
            running = sum(each.status is Status.RUNNING for each in rows)
            self._at = self._now()
            self._due = self._clock() + (_FRAME + running * _ROW) / BUDGET
            changed = changed or running > 0
        return changed
