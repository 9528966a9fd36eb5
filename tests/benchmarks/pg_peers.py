"""The peers of the engine on PostgreSQL: PgQueuer by itself, procrastinate, and a bare SKIP LOCKED loop.

Each drains a queue of no-ops and keeps its full log; each picks up what another connection commits.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
import procrastinate
from pgqueuer import QueueManager
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from tests.benchmarks.bench_engine import Stopwatch

PAUSE = 0.17
"""Seconds between two pick-ups, so that each finds its side at rest: PgQueuer looks again for a while."""
_SKIP_LOCKED = """
UPDATE job SET status = 'running', started_at = now() WHERE id IN (
  SELECT id FROM job WHERE status = 'queued' ORDER BY priority DESC, id FOR UPDATE SKIP LOCKED LIMIT $1
) RETURNING id
"""
_SKIP_LOCKED_TABLE = """
CREATE TABLE job (
  id bigserial PRIMARY KEY, status text NOT NULL DEFAULT 'queued', priority int NOT NULL DEFAULT 0,
  payload text, queued_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, finished_at timestamptz
);
CREATE INDEX ready ON job (priority DESC, id) WHERE status = 'queued';
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_notify('job', ''); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT ON job EXECUTE FUNCTION tell();
"""


@asynccontextmanager
async def _connections(url: str, number: int) -> AsyncIterator[list[Any]]:
    made = [await asyncpg.connect(url) for _ in range(number)]
    try:
        yield made
    finally:
        for each in made:
            await each.close()


async def _time_commits(
    calls: int, other: Any, add: Callable[[], Awaitable[object]], watch: Stopwatch
) -> None:
    for _ in range(calls):
        transaction = other.transaction()
        await transaction.start()
        await add()
        watch.start()
        await transaction.commit()
        await watch.seen()
        await asyncio.sleep(PAUSE)


async def pgqueuer_drain(url: str, jobs: int, batch: int) -> float:
    """Return jobs a second, to the last that its log has; twice the batch runs at once, its least."""
    async with _connections(url, 1) as [raw]:
        queries = Queries.from_asyncpg_connection(raw)
        await queries.install()
        await queries.enqueue(["noop"] * jobs, [str(n).encode() for n in range(jobs)], [0] * jobs)
        await raw.execute("VACUUM ANALYZE")
        manager = QueueManager(queries)
        entered = logged = 0
        ended = 0.0

        @manager.entrypoint("noop")
        async def noop(_job: object) -> None:
            nonlocal entered
            entered += 1

        log_jobs = queries.log_jobs

        async def then_note(done: Any) -> None:
            nonlocal logged, ended
            await log_jobs(done)
            logged += len(done)
            ended = time.perf_counter()

        queries.log_jobs = then_note  # type: ignore[method-assign]
        began = time.perf_counter()
        await manager.run(batch_size=batch, max_concurrent_tasks=2 * batch, mode=QueueExecutionMode.drain)
        assert entered == logged == jobs
    return jobs / (ended - began)


async def pgqueuer_pick_up(url: str, calls: int, watch: Stopwatch) -> None:
    """Queue on one connection what a queue manager on another one picks up."""
    async with _connections(url, 2) as [raw, other]:
        queries = Queries.from_asyncpg_connection(raw)
        await queries.install()
        manager = QueueManager(queries)

        @manager.entrypoint("noop")
        async def noop(_job: object) -> None:
            watch.stop()

        task = asyncio.create_task(manager.run(batch_size=4, max_concurrent_tasks=8))
        await asyncio.sleep(1)
        add = partial(Queries.from_asyncpg_connection(other).enqueue, "noop", b"1")
        await _time_commits(calls, other, add, watch)
        manager.shutdown.set()
        await task


@asynccontextmanager
async def _procrastinate(url: str, noop: Callable[[], None]) -> AsyncIterator[tuple[Any, Any]]:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    async def work() -> None:
        noop()

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        yield app, app.task(name="noop")(work)


async def procrastinate_drain(url: str, jobs: int, concurrency: int) -> float:
    """Return jobs a second. Finished ones stay in its table, as they do by default."""
    entered = 0

    def count() -> None:
        nonlocal entered
        entered += 1

    async with _procrastinate(url, count) as (app, noop):
        await noop.batch_defer_async(*[{} for _ in range(jobs)])
        began = time.perf_counter()
        await app.run_worker_async(concurrency=concurrency, wait=False, install_signal_handlers=False)
        spent = time.perf_counter() - began
    assert entered == jobs
    return jobs / spent


async def procrastinate_pick_up(url: str, calls: int, watch: Stopwatch) -> None:
    """Queue what a worker picks up. It commits by itself: what is timed holds the insert as well."""
    async with _procrastinate(url, watch.stop) as (app, noop):
        task = asyncio.create_task(app.run_worker_async(concurrency=4, install_signal_handlers=False))
        await asyncio.sleep(1)
        for _ in range(calls):
            watch.start()
            await noop.defer_async()
            await watch.seen()
            await asyncio.sleep(PAUSE)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run_skip_locked(raw: Any, batch: int, entered: Callable[[int], None]) -> int:
    rows = await raw.fetch(_SKIP_LOCKED, batch)
    for row in rows:
        entered(row["id"])
    if rows:
        done = (
            "UPDATE job SET status = 'done', finished_at = now() WHERE id = ANY ($1) AND status = 'running'"
        )
        await raw.execute(done, [row["id"] for row in rows])
    return len(rows)


async def skip_locked_drain(url: str, jobs: int, batch: int) -> float:
    """Return jobs a second of the least that a queue can be: a claim, an end, one column for each."""
    async with _connections(url, 1) as [raw]:
        await raw.execute(_SKIP_LOCKED_TABLE)
        await raw.execute("INSERT INTO job (payload) SELECT i FROM generate_series(1, $1::int) AS i", jobs)
        await raw.execute("VACUUM ANALYZE")
        began, done = time.perf_counter(), 0
        while more := await _run_skip_locked(raw, batch, lambda _id: None):
            done += more
        spent = time.perf_counter() - began
    assert done == jobs
    return jobs / spent


async def skip_locked_pick_up(url: str, calls: int, watch: Stopwatch) -> None:
    """Queue on one connection what a loop on another one is told of, and takes."""
    async with _connections(url, 3) as [raw, listener, other]:
        await raw.execute(_SKIP_LOCKED_TABLE)
        told = asyncio.Event()
        await listener.add_listener("job", lambda *_note: told.set())

        async def loop() -> None:
            while True:
                await told.wait()
                told.clear()
                await _run_skip_locked(raw, 4, watch.stop)

        task = asyncio.create_task(loop())
        add = partial(other.execute, "INSERT INTO job (payload) VALUES ('1')")
        await _time_commits(calls, other, add, watch)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
