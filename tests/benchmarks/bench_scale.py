"""Millions of executions, many workers and dashboards on one PostgreSQL: how long dashboards' reads take.

Workers and dashboards are processes of their own, with connections and feeds of their own, on the machine
that the server is on: their processor time is part of what is measured. A dashboard is everything but its
screen: the window of rows over the services, read again after each change as the screen does, with a key
pressed every two seconds. Executions take a tenth of a second and do nothing. A statement's first use, by
which it is put together and planned, is told apart: a dashboard is open for hours, and has each of them once.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

from jobmon_tui.domain.execution import NewExecution, Trigger
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.services import look
from jobmon_tui.services.audited import utc_now
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.benchmarks.bench_retry import percentile
from tests.benchmarks.history import DRAFTS, build_postgres
from tests.benchmarks.scale_parts import READS, WARM_UP, filter_of
from tests.benchmarks.server_time import ServerTime
from tests.conformance.world import VIEWER

LIMIT = 10.0
"""Milliseconds, p95, of a dashboard's reads."""
TAKES = 0.1


def _process(*arguments: object) -> Any:
    command = (sys.executable, "-m", "tests.benchmarks.scale_parts", *map(str, arguments))
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    return asyncio.create_subprocess_exec(*command, **pipes, limit=1 << 26)


def told(wanted: ExecutionFilter) -> str:
    """Name a filter by the fields that narrow."""
    narrowing = {each.name: getattr(wanted, each.name) for each in fields(wanted)}
    return " and ".join(name for name, value in narrowing.items() if value) or "all"


async def _feed(database: PostgresDatabase, rate: float) -> None:
    """Queue executions at a steady rate until cancelled."""
    number = 0
    began = time.monotonic()
    while True:
        number += 1
        at = number % len(DRAFTS)
        new = NewExecution(
            DRAFTS[at].name,
            Trigger.SCHEDULE,
            "schedule",
            at + 1,
            1,
            snapshot_text(DRAFTS[at]),
            utc_now(),
        )
        await database.write(lambda transaction, new=new: transaction.add_execution(new))  # type: ignore[misc]
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))


async def run(url: str, chosen: argparse.Namespace) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Let all work and look; return the dashboards' milliseconds by kind, and what else was seen."""
    times: dict[str, list[float]] = {}
    async with PostgresDatabase(PgSource(url, "bench")) as database:
        before = await database.read(lambda transaction: transaction.counts())
        workers = [await _process("work", url, TAKES) for _ in range(chosen.workers)]
        feeding = asyncio.create_task(_feed(database, chosen.rate))
        await asyncio.sleep(WARM_UP)
        dashboards = []
        for number in range(chosen.dashboards):
            dashboards.append(await _process("look", url, number, chosen.seconds))
            assert await dashboards[-1].stdout.readline() == b"ready\n"
        answers = [
            json.loads(out)
            for out, _ in await asyncio.gather(*(each.communicate(b"go\n") for each in dashboards))
        ]
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        for each in workers:
            each.stdin.close()
        await asyncio.gather(*(each.wait() for each in workers))
        after = await database.read(lambda transaction: transaction.counts())
    for number, answer in enumerate(answers):
        times.setdefault("while warming up", []).extend(1_000 * each for each in answer["warming"])
        for kind, seconds in answer["times"].items():
            each = [1_000 * one for one in seconds]
            times.setdefault(kind, []).extend(each)
            if kind == "refresh":
                times.setdefault(f"refresh of {told(filter_of(number))}", []).extend(each)
    seen = {
        "executions ended": sum(after[each] - before[each] for each in after if each.is_final),
        "refreshes a second, all dashboards": len(times["refresh"]) / chosen.seconds,
        "processor time of a dashboard, of a second": statistics.mean(
            answer["cpu"] / (chosen.seconds + WARM_UP) for answer in answers
        ),
    }
    return times, seen


async def server_side(url: str) -> dict[str, float]:
    """Return the server's own milliseconds for each look at each filter: the greatest of them by kind."""
    found: dict[str, list[float]] = {}
    async with PostgresDatabase(PgSource(url, "bench"), patience=60) as database:
        its, liveness = ServerTime(database), Liveness()
        for number in (0, *range(1, 16, 2)):
            wanted = filter_of(number)
            for _ in range(3):
                its.clear()
                seen = await look.overview(its, VIEWER, wanted, liveness)  # type: ignore[arg-type]
                found.setdefault("header", []).append(its.spent)
                its.clear()
                await look.glance(its, VIEWER, wanted, 150, liveness)  # type: ignore[arg-type]
                found.setdefault("glance", []).append(its.spent)
                middle = (seen.floor + (seen.newest or 0)) // 2
                for place in ({}, {"before": middle}, {"after": max(0, seen.floor - 1)}):
                    its.clear()
                    await look.list_executions(its, VIEWER, wanted, 100, **place)  # type: ignore[arg-type]
                    found.setdefault("page", []).append(its.spent)
                for at in (seen.newest or 0, middle, seen.floor):
                    its.clear()
                    await look.count_newer(its, VIEWER, wanted, at)  # type: ignore[arg-type]
                    found.setdefault("position", []).append(its.spent)
    return {kind: max(each) for kind, each in found.items()}


def _load() -> str:
    return " ".join(Path("/proc/loadavg").read_text().split()[:3]) if Path("/proc/loadavg").exists() else "?"


def _figures(times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    def of(each: Sequence[float]) -> dict[str, float]:
        return {
            "n": len(each),
            "p50": round(statistics.median(each), 2),
            "p95": round(percentile(each, 95), 2),
            "p99": round(percentile(each, 99), 2),
        }

    reads = [each for kind in READS for each in times.get(kind, [])]
    return {"reads": of(reads), **{kind: of(each) for kind, each in sorted(times.items())}}


def main() -> int:
    """Print the figures; fail where the limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--dashboards", type=int, default=20)
    parser.add_argument(
        "--rate", type=float, default=2.0, help="executions a second, each of which is three changes"
    )
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--url", help="a database that is filled already, a superuser's")
    chosen = parser.parse_args()
    with nullcontext(chosen.url) if chosen.url else postgres.server(durable=True) as server:
        if not chosen.url:
            postgres.execute(server, "CREATE DATABASE scale")
            url = postgres.at(server, "scale")
            asyncio.run(build_postgres(url, chosen.rows))
        else:
            url = server
        load = _load()
        times, seen = asyncio.run(run(url, chosen))
        alone = asyncio.run(server_side(url))
    figures = _figures(times)
    print(f"{chosen.rows:,} executions, {chosen.workers} workers, {chosen.dashboards} dashboards")
    print(f"load before {load}, after {_load()}; {os.cpu_count()} cores")
    print("ms", json.dumps(figures, indent=1))
    print("the server's own ms, the slowest of each", json.dumps({k: round(v, 2) for k, v in alone.items()}))
    print(json.dumps({name: round(value, 3) for name, value in seen.items()}))
    good = figures["reads"]["p95"] <= LIMIT
    print(f"reads p95 {figures['reads']['p95']} ms, limit {LIMIT}: {'met' if good else 'missed'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
