"""How soon a change by one process shows in another one, on PostgreSQL: told of, and read.

The writer is a process of its own, which queues one execution after another with a pause between; this one
watches as a dashboard does. Both times are from the moment at which the writer's call has returned, so that
one can be below zero: the note travels beside the writer's own answer.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime

from jobmon_tui.services.look import list_executions
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.benchmarks.bench_retry import percentile
from tests.conformance.world import ADMIN, DRAFT, add_people

LIMIT = 0.1
"""Seconds, p95, until it has been read."""
_EVERYTHING = ExecutionFilter()


async def write(url: str) -> None:
    """Queue an execution for each line of standard input, and say which one, and when it was done."""
    async with await PostgresDatabase.open(PgSource(url, "jobmon")) as database:
        for _ in sys.stdin:
            queued = await run_report(database, ADMIN, DRAFT.name)
            print(json.dumps([queued.execution.id, time.monotonic()]), flush=True)


async def watch(url: str, changes: int) -> tuple[list[float], list[float]]:
    """Return the seconds until each change was told of, and until it had been read."""
    told, read = [], []
    async with await PostgresDatabase.open(PgSource(url, "jobmon")) as database:
        await database.write(add_people)
        await database.write(lambda transaction: transaction.add_report(DRAFT, datetime.now(UTC)))
        watching = database.feed.watch()
        writer = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.benchmarks.bench_feed", "--write", url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert writer.stdin is not None
        assert writer.stdout is not None
        last = 0
        for number in range(changes + 5):
            await asyncio.sleep(random.uniform(0.02, 0.06))
            writer.stdin.write(b"\n")
            newest = last
            while newest == last:
                await watching.wait(30)
                heard = time.monotonic()
                newest = max(
                    [row.id for row in await list_executions(database, ADMIN, _EVERYTHING, 1)], default=0
                )
            seen, last = time.monotonic(), newest
            expected, done = json.loads(await writer.stdout.readline())
            if number >= 5:  # the first ones connect
                assert newest == expected
                told.append(heard - done)
                read.append(seen - done)
        writer.stdin.close()
        await writer.wait()
    return told, read


def main() -> int:
    """Measure, print, and return 1 where the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--write", metavar="URL")
    given = parser.parse_args()
    if given.write:
        asyncio.run(write(given.write))
        return 0
    with postgres.server() as url, postgres.database(url, postgres.make_template(url)) as database:
        told, read = asyncio.run(watch(database, given.changes))
    for words, times in (("told of", told), ("read", read)):
        p50, p95 = percentile(times, 50), percentile(times, 95)
        print(
            f"{words:>8}: p50 {1000 * p50:.1f} ms, p95 {1000 * p95:.1f} ms, worst {1000 * max(times):.1f} ms"
        )
    return int(percentile(read, 95) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
