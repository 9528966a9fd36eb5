"""The engine on PostgreSQL against its peers, in one run on one server, whose commits are durable.

Drain: no-op executions that were queued beforehand, one worker, every log kept, against PgQueuer by itself at
the same concurrency, against procrastinate, and against the least that a queue on PostgreSQL can be. Pick-up:
from the moment before the commit on one connection to the first line of the runner on another.
"""

import argparse
import asyncio
import json
import logging
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.services.ports import Transaction
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.benchmarks import pg_peers as peers
from tests.benchmarks.bench_engine import NoOp, Stopwatch, engine, p95, until
from tests.conformance.world import DRAFT, NOW, queue_one

DRAIN_AIM, PROCRASTINATE_AIM, PICKUP_AIM = 0.5, 4.0, 1.5
_FILL = """
INSERT INTO job_execution_log (report, status, "trigger", requested_by, attempt, queue, priority, queued_at,
  fencing_token, configuration_id, configuration_version, configuration)
SELECT 'Sales', 'Queued', 'manual', 'ada', 1, 'default', 0, now(), 0, 1, 1, $2
FROM generate_series(1, $1::int)
"""


async def drain(url: str, jobs: int, concurrency: int) -> float:
    """Return executions a second, from the start of the scheduler to the last recorded outcome."""
    entered = 0

    def count(_execution_id: int) -> None:
        nonlocal entered
        entered += 1

    async with await PostgresDatabase.open(PgSource(url, "bench")) as database:
        await database.write(lambda transaction: transaction.add_report(DRAFT, NOW))
        raw = await asyncpg.connect(url)
        await raw.execute(_FILL, jobs, snapshot_text(DRAFT))
        await raw.execute("VACUUM ANALYZE")
        await raw.close()
        began = time.perf_counter()
        async with engine(database, NoOp(count), concurrency) as (scheduler, _task):
            # A slot is held until its outcome is recorded.
            await until(lambda: entered == jobs and not scheduler.running)
            spent = time.perf_counter() - began
        counted = await database.read(lambda transaction: transaction.counts())
    assert {str(status.value): n for status, n in counted.items() if n} == {"Succeeded": jobs}
    assert entered == jobs
    return jobs / spent


async def pick_up(url: str, calls: int, watch: Stopwatch) -> None:
    """Queue over one database's connections what the engine on another one's picks up."""

    def queue_it(transaction: Transaction) -> None:
        queue_one(transaction)
        watch.start()

    source = PgSource(url, "bench")
    async with (
        await PostgresDatabase.open(source) as database,
        await PostgresDatabase.open(source) as other,
        engine(database, NoOp(watch.stop), 8) as (scheduler, _task),
    ):
        await asyncio.sleep(1)
        for _ in range(calls):
            await other.write(queue_it)
            await watch.seen()
            await until(lambda: not scheduler.running)
            await asyncio.sleep(peers.PAUSE)


def measure(server: str, jobs: int, batches: list[int], calls: int, runs: int) -> dict[str, Any]:
    """Run every part in turn, `runs` times, each on a fresh database, and give the medians."""

    def fresh(work: Callable[..., Awaitable[Any]], *values: object) -> Any:
        postgres.execute(server, "CHECKPOINT")
        with postgres.database(server, "template1") as url:
            return asyncio.run(work(url, *values))  # type: ignore[arg-type]

    def picked(work: Callable[[str, int, Stopwatch], Awaitable[None]]) -> list[float]:
        watch = Stopwatch()
        fresh(work, calls + 10, watch)
        return watch.times[10:]

    rounds: list[dict[str, float]] = []
    for number in range(runs):
        found: dict[str, float] = {}
        for batch in batches:
            ours = fresh(drain, jobs, 2 * batch)
            alone = fresh(peers.pgqueuer_drain, jobs, batch)
            bare = fresh(peers.skip_locked_drain, jobs, batch)
            other = fresh(peers.procrastinate_drain, jobs // 5, 2 * batch)
            at = f"drain at {2 * batch}:"
            found |= {f"{at} ours /s": ours, f"{at} pgqueuer /s": alone, f"{at} procrastinate /s": other}
            found |= {f"{at} skip locked /s": bare, f"{at} x pgqueuer": ours / alone}
            found |= {f"{at} x procrastinate": ours / other}
        sides = {
            "ours": pick_up,
            "pgqueuer": peers.pgqueuer_pick_up,
            "procrastinate": peers.procrastinate_pick_up,
            "skip locked": peers.skip_locked_pick_up,
        }
        times = {name: picked(work) for name, work in sides.items()}
        for name, each in times.items():
            found |= {
                f"pick-up: {name} p50 ms": statistics.median(each),
                f"pick-up: {name} p95 ms": p95(each),
            }
        found["pick-up: x pgqueuer, p95"] = p95(times["ours"]) / p95(times["pgqueuer"])
        rounds.append(found)
        print(f"run {number + 1}", json.dumps({k: round(v, 3) for k, v in found.items()}), flush=True)
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def main() -> int:
    """Print the figures; fail where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5_000, help="procrastinate gets a fifth of them")
    told = "PgQueuer's batch; both sides run twice as many at once, the least that it allows"
    parser.add_argument("--batch", type=int, nargs="+", default=[5, 100], help=told)
    parser.add_argument("--calls", type=int, default=200, help="pick-ups a run")
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    with postgres.server(durable=True) as server:
        medians = measure(server, chosen.jobs, chosen.batch, chosen.calls, chosen.runs)
    print(f"medians of {chosen.runs} runs; {chosen.jobs} executions")
    print(json.dumps({name: round(value, 3) for name, value in medians.items()}, indent=2))
    aims = [("pick-up: x pgqueuer, p95", lambda ratio: ratio <= PICKUP_AIM)]
    for batch in chosen.batch:
        aims.append((f"drain at {2 * batch}: x pgqueuer", lambda ratio: ratio >= DRAIN_AIM))
        aims.append((f"drain at {2 * batch}: x procrastinate", lambda ratio: ratio >= PROCRASTINATE_AIM))
    missed = [name for name, good in aims if not good(medians[name])]
    print("missed: " + "; ".join(missed) if missed else "every aim is met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
