"""What `bench_scale` runs in processes of their own: a worker, and a dashboard without its screen."""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.local import LocalServices
from jobmon_tui.services.look import Glance, Overview
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.tui.screens.live import Live
from jobmon_tui.tui.widgets.window import Place, Window, opened
from scheduler.ports import Claimed, Outcome
from tests.benchmarks.bench_engine import engine
from tests.conformance.world import VIEWER

T = TypeVar("T")
HEIGHT = 30
WARM_UP = 10.0
"""Seconds that are not counted: connections are made, each key is pressed once, statements prepared."""
READS = ("glance", "header", "page", "position", "details")
FAILED = frozenset({Status.FAILED})


def filter_of(number: int) -> ExecutionFilter:
    """Return what one of the dashboards looks at: half of them everything, the others each something else."""
    narrowed = [
        ExecutionFilter(FAILED),
        ExecutionFilter(report="Report 7"),
        ExecutionFilter(search="port 1"),
        ExecutionFilter(FAILED, search="report 3"),
        ExecutionFilter(frozenset({Status.QUEUED, Status.RUNNING})),
        ExecutionFilter(since=datetime.now(UTC) - timedelta(hours=2)),
        ExecutionFilter(by="ada"),
        ExecutionFilter(FAILED, search="report 1", since=datetime.now(UTC) - timedelta(days=1)),
    ]
    return narrowed[number // 2 % len(narrowed)] if number % 2 else ExecutionFilter()


class Sleeping:
    """A runner whose executions take so many seconds and do nothing; one in ten fails."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def run(self, claimed: Claimed) -> Outcome:
        """Wait."""
        await asyncio.sleep(self._seconds)
        return Outcome("Failed", "no such table: sales") if claimed.id % 10 == 0 else Outcome("Succeeded")


class TimedSource:
    """The services as the table asks them; each answer's seconds are noted."""

    def __init__(self, services: LocalServices) -> None:
        self.services = services
        self.times: dict[str, list[float]] = {}

    async def timed(self, name: str, answer: Awaitable[T]) -> T:
        """Wait for an answer."""
        began = time.perf_counter()
        found = await answer
        self.times.setdefault(name, []).append(time.perf_counter() - began)
        return found

    async def overview(self, wanted: ExecutionFilter) -> Overview:
        return await self.timed("header", self.services.overview(VIEWER, wanted))

    async def executions(
        self, wanted: ExecutionFilter, limit: int, **where: Any
    ) -> Sequence[Execution]:  # as `PageSource` has it
        return await self.timed("page", self.services.executions(VIEWER, wanted, limit, **where))

    async def glance(self, wanted: ExecutionFilter, limit: int, *, before: int | None = None) -> Glance:
        return await self.timed("glance", self.services.glance(VIEWER, wanted, limit, before=before))

    async def newer(self, wanted: ExecutionFilter, execution_id: int) -> int:
        return await self.timed("position", self.services.newer(VIEWER, wanted, execution_id))


class Dashboard:
    """One who looks: reads after each change as the screen does, and presses a key now and then."""

    def __init__(self, source: TimedSource, wanted: ExecutionFilter) -> None:
        self._source = source
        self._wanted = wanted
        self._window: Window | None = None
        self._first = self._cursor = 0
        self._lock = asyncio.Lock()

    async def renew(self) -> None:
        """Read what is shown again."""
        async with self._lock:
            await self._source.timed("refresh", self._renew())

    async def _renew(self) -> None:
        if self._window is None:
            self._window, self._first, self._cursor = await opened(self._source, self._wanted, HEIGHT)
            return
        rows = [self._window.row(at) for at in (self._cursor, self._first)]
        ids = [None if row is None else row.id for row in rows]
        place = Place(self._first, HEIGHT, self._cursor, ids[0], self._first, ids[1])
        self._window, self._first, self._cursor = await self._window.renewed(place)

    def _jumps(self) -> list[int]:
        """Where a key may lead: page down, and the ends, and the middle."""
        last = max(0, self._window.total - HEIGHT) if self._window is not None else 0
        below = min(self._first + HEIGHT, last)
        return [below, below, 0, 0, last, last // 2]

    async def press(self) -> None:
        """Page down, most often; jump to an end; show an execution's details."""
        await self._press(random.randrange(6), shows=random.random() < 0.3)

    async def warm_up(self, seconds: float) -> None:
        """Press each key, evenly in so many seconds."""
        for at in range(6):
            await asyncio.sleep(seconds / 6)
            await self._press(at, shows=True)

    async def _press(self, at: int, *, shows: bool) -> None:
        async with self._lock:
            window = self._window
            if window is None or not window.total:
                return
            self._first = self._cursor = self._jumps()[at]
            await window.fill_visible(self._first, HEIGHT)
            row = window.row(self._cursor)
            if row is not None and shows:
                await self._source.timed("details", self._source.services.show(VIEWER, row.id))


async def look(url: str, number: int, seconds: float) -> tuple[dict[str, list[float]], list[float]]:
    """Be a dashboard for so long; return how long each answer took, by its kind, and those of warming up."""
    async with PostgresDatabase(PgSource(url, "bench")) as database:
        services = LocalServices(
            database,
            hasher=None,  # type: ignore[arg-type]  # nobody signs in
            catalog=None,  # type: ignore[arg-type]  # nor edits reports
            watch=database.feed.watch,
            database_name="bench",
            liveness=Liveness(),
        )
        source = TimedSource(services)
        dashboard = Dashboard(source, filter_of(number))
        await dashboard.renew()
        # All begin at once, when the last one has started.
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        following = asyncio.create_task(
            Live(services.changes, dashboard.renew, lambda: None, lambda _reason: None).run()
        )
        await dashboard.warm_up(WARM_UP)
        warming = [each for kind in READS for each in source.times.get(kind, [])]
        source.times.clear()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            await asyncio.sleep(random.uniform(1.5, 2.5))
            await dashboard.press()
        following.cancel()
        await asyncio.wait({following})
    return source.times, warming


async def work(url: str, seconds: float) -> None:
    """Be a worker until standard input ends; executions take so many seconds."""
    async with (
        PostgresDatabase(PgSource(url, "bench")) as database,
        engine(database, Sleeping(seconds), 8),  # type: ignore[arg-type]  # either database will do
    ):
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Do what the first argument says."""
    role, url, *rest = sys.argv[1:]
    if role == "work":
        asyncio.run(work(url, float(rest[0])))
        return
    times, warming = asyncio.run(look(url, int(rest[0]), float(rest[1])))
    print(json.dumps({"times": times, "warming": warming, "cpu": time.process_time()}))


if __name__ == "__main__":
    main()
