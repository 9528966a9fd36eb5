"""Who is alive: judged by beat counters on the observer's monotonic clock, never by comparing wall clocks."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobmon_tui.services.records import WorkerSeen

LOST_AFTER = 30.0
"""Seconds that a beat counter may stand still; the scheduler reaps by the same figure."""


@dataclass(slots=True)
class _Standing:
    beats: int
    since: float


def process_is_gone(host: str, pid: int) -> bool:
    """Tell whether a process of this very machine has ended; False where that cannot be known."""
    if host != platform.node():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Liveness:
    """Remembers each worker's counter and since when it stands still.

    A worker seen for the first time is given the benefit of the doubt, unless it is a process of this machine
    that has ended.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        gone: Callable[[str, int], bool] = process_is_gone,
        lost_after: float = LOST_AFTER,
    ) -> None:
        self._clock = clock
        self._gone = gone
        self._lost_after = lost_after
        self._standing: dict[str, _Standing] = {}

    def alive(self, workers: Sequence[WorkerSeen]) -> Sequence[WorkerSeen]:
        """Return those of `workers` that are alive, as far as was seen so far."""
        now = self._clock()
        standing: dict[str, _Standing] = {}
        for worker in workers:
            before = self._standing.get(worker.name)
            same = before is not None and before.beats == worker.beats
            standing[worker.name] = before if before is not None and same else _Standing(worker.beats, now)
        self._standing = standing
        return [
            worker
            for worker in workers
            if now - standing[worker.name].since < self._lost_after
            and not self._gone(worker.host, worker.pid)
        ]
