"""How long the last runs of a report took: read once a minute at most, told in figures and as a chart."""

import statistics
import time
from collections.abc import Callable, Sequence

from textual.content import Content

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.tui.host import Host
from jobmon_tui.tui.rows import duration
from jobmon_tui.tui.sparks import spark

RUNS = 50
EVERY = 60.0
"""Seconds for which what was read of a report is good enough."""
_PAGE, _PAGES = 100, 3
"""Executions read at a time, and how many times: the newest may wait, run, or have been cancelled."""
_KNOWN = 64
"""Reports remembered at a time."""
_TOOK = frozenset({Status.SUCCEEDED, Status.FAILED})
"""What was cancelled says nothing of how long a run takes."""


class RunLengths:
    """Knows the last runs' durations by report."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, list[int]]] = {}

    async def of(self, host: Host, report: str) -> list[int]:
        """Return the durations of a report's last runs in milliseconds, the oldest first, at most `RUNS`.

        Raises `JobmonError`.
        """
        known = self._known.get(report)
        if known is None or self._clock() - known[0] >= EVERY:
            known = self._known[report] = (self._clock(), await _read(host, report))
            if len(self._known) > _KNOWN:
                del self._known[next(iter(self._known))]
        return known[1]


async def _read(host: Host, report: str) -> list[int]:
    found: list[int] = []
    before: int | None = None
    for _ in range(_PAGES):
        wanted = ExecutionFilter(report=report)
        page = await host.services.executions(host.caller, wanted, _PAGE, before=before)
        found += [took for each in page if (took := _took(each)) is not None]
        if len(found) >= RUNS or len(page) < _PAGE:
            break
        before = page[-1].id
    return found[:RUNS][::-1]


def _took(execution: Execution) -> int | None:
    return execution.duration_ms if execution.status in _TOOK else None


def title(lengths: Sequence[int]) -> str:
    """Return the heading."""
    return f"Last {len(lengths)} runs"


def told(lengths: Sequence[int], *, chart: bool) -> Content:
    """Return the figures, and below them the chart where it is wanted."""
    low, middle, high = min(lengths), round(statistics.median(lengths)), max(lengths)
    figures = f"min {duration(low)} · median {duration(middle)} · max {duration(high)}"
    if not chart:
        return Content(figures)
    # A run of no time at all is a run too: it has the lowest bar.
    return Content.assemble(figures, "\n", (spark([max(1, each) for each in lengths]), "$text-accent"))
