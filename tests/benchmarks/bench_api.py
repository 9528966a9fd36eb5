"""The HTTP API under load: 50 dashboards follow while 50 clients retry; and what a retry costs over HTTP.

The server is the real `jobmon serve`; dashboards and clients are processes of their own. Nothing may be lost:
each retry has exactly one new execution, which each dashboard has seen exactly once. The peer is a bare
FastAPI endpoint, served by uvicorn as it is, that replays the statements of a retry on a raw connection
(`bench_retry.Peer`); it checks nothing and gives no more than the new id, where ours reads the new execution
again and answers with all of it. Both are asked in turns, with nobody following.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import httpx
import uvicorn
from fastapi import FastAPI

from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.sqlite.database import SqliteDatabase
from tests.benchmarks.bench_retry import Peer, percentile, take_sample
from tests.benchmarks.history import build
from tests.conformance.world import ADMIN, VIEWER

LIMIT_MS = 500.0
"""Of a retry, p95, with everybody there."""
MEMORY_MIB = 32.0
"""By how much the server may have grown at the end: 10,000 steps that it keeps, and what Python keeps."""
CLIENTS = DASHBOARDS = 50
ROUNDS = 3
_PATIENCE = 120.0
_WARM = 100


def _http(path: str, token: str) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=path, limits=httpx.Limits(max_connections=1))
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(
        transport=transport, base_url="http://jobmon/api/v1", headers=headers, timeout=_PATIENCE
    )


async def ask(path: str, ids: Sequence[int]) -> list[tuple[int, int, float]]:
    """Retry each id, by as many clients as `CLIENTS`; give it, the new id, and the milliseconds it took."""

    async def client(share: Sequence[int]) -> list[tuple[int, int, float]]:
        done = []
        async with _http(path, ADMIN.token) as http:
            await http.get("/health")
            for each in share:
                began = time.perf_counter()
                answer = await http.post(f"/jobs/{each}/retry", headers={"Idempotency-Key": f"bench-{each}"})
                answer.raise_for_status()
                done.append((each, answer.json()["id"], (time.perf_counter() - began) * 1000))
        return done

    shares = [ids[number::CLIENTS] for number in range(CLIENTS)]
    return [each for done in await asyncio.gather(*map(client, shares)) for each in done]


async def follow(path: str, expected: int) -> list[list[int]]:
    """Follow, by `DASHBOARDS`, until each has seen so many new executions; give the ids that each saw."""

    async def dashboard(stack: AsyncExitStack) -> Any:
        http = await stack.enter_async_context(_http(path, VIEWER.token))
        return await stack.enter_async_context(http.stream("GET", "/events"))

    async def seen(stream: httpx.Response) -> list[int]:
        found: list[int] = []
        async for line in stream.aiter_lines():
            if line.startswith("data: {") and '"status":"Queued"' in line:
                found.append(json.loads(line[6:])["id"])
                if len(found) == expected:
                    break
        return found

    async with AsyncExitStack() as stack, asyncio.timeout(_PATIENCE):
        streams = [await dashboard(stack) for _ in range(DASHBOARDS)]
        print("following", flush=True)
        return list(await asyncio.gather(*map(seen, streams)))


def bare(path: str, database: Path, failed_id: int) -> None:
    """Serve the peer."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with await SqliteDatabase.open(database) as opened:
            # As in bench_retry: an audit id that no other value of the sample equals.
            for each in range(_WARM):
                await retry_execution(opened, ADMIN, failed_id + 10 * (each + 1))
            sample = await take_sample(opened, failed_id)
        async with aiosqlite.connect(database, isolation_level=None) as raw:
            for pragma in ("busy_timeout = 5000", "synchronous = FULL", "foreign_keys = ON"):
                await raw.execute_fetchall(f"PRAGMA {pragma}")
            app.state.peer = Peer(raw, sample)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/api/v1/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/api/v1/jobs/{job_id}/retry", status_code=201)
    async def retry(job_id: int) -> dict[str, int]:
        await app.state.peer.retry(job_id)
        return {"id": 0}

    uvicorn.run(app, uds=path, log_level="error", access_log=False, http="h11")


@contextmanager
def _running(path: Path, *command: str, **environment: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + _PATIENCE
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if http.get("http://jobmon/api/v1/health").is_success:
                        break
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{command} does not serve")
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _mebibytes(pid: int) -> float:
    (line,) = [
        each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS")
    ]
    return int(line.split()[1]) / 1024


def _child(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_api", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _asked(path: Path, ids: Sequence[int]) -> list[Any]:
    client = _child("--ask", str(path))
    out, _ = client.communicate(json.dumps(ids))
    if client.returncode:
        raise RuntimeError("a retry was refused, or its answer lost")
    return list(json.loads(out))


def _words(name: str, times: Sequence[float]) -> str:
    p50, p95 = statistics.median(times), percentile(times, 95)
    return f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, worst {max(times):.1f} ms"


def _lost(database: Path, done: Sequence[Any], seen: Sequence[Sequence[int]]) -> int:
    """Return how many retries have not exactly one new execution, or were not seen exactly once by each."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        marks = ",".join(str(old) for old, _new, _time in done)
        children = connection.execute(
            "SELECT retry_of, count(*), max(id) FROM job_execution_log "
            f"WHERE retry_of IN ({marks}) GROUP BY retry_of"
        ).fetchall()
    wrong = set(map(tuple, children)) ^ {(old, 1, new) for old, new, _time in done}
    made = sorted(new for _old, new, _time in done)
    return len(wrong) + sum(sorted(each) != made for each in seen)


def measure(rows: int, calls: int) -> int:
    """Measure, print, and return 1 where a limit is passed."""
    with tempfile.TemporaryDirectory(prefix="jobmon-bench-") as folder:
        ours, theirs = Path(folder, "ours.db"), Path(folder, "theirs.db")
        for each in (ours, theirs):
            asyncio.run(build(each, rows))
        failed = list(range(rows // 10 * 10, 0, -10))
        path, bare_path = Path(folder, "ours.sock"), Path(folder, "bare.sock")
        serve = ("jobmon_tui", "serve", "--socket", str(path), "--no-scheduler")
        peer = ("tests.benchmarks.bench_api", "--bare", str(bare_path), str(theirs), str(failed[-1]))
        failed = failed[: -_WARM - 1]
        settings = {"JOBMON_DATABASE_URL": f"sqlite:///{ours}", "HOME": folder}
        with _running(path, *serve, **settings) as pid, _running(bare_path, *peer):
            ratios = []
            for _ in range(ROUNDS):
                ids, failed = failed[:calls], failed[calls:]
                ours_p50, bare_p50 = (
                    statistics.median(each[2] for each in _asked(where, ids)) for where in (path, bare_path)
                )
                ratios.append(ours_p50 / bare_p50)
            print(f"a retry over HTTP costs {statistics.median(ratios):.2f} times a bare endpoint's")
            before = _mebibytes(pid)
            ids = failed[:calls]
            dashboards = _child("--follow", str(path), str(len(ids)))
            assert dashboards.stdout is not None
            dashboards.stdout.readline()
            done = _asked(path, ids)
            out, _ = dashboards.communicate()
            grown = _mebibytes(pid) - before
        seen = json.loads(out) if dashboards.returncode == 0 else [[]]
        times = [each[2] for each in done]
        lost = _lost(ours, done, seen)
        print(_words(f"{CLIENTS} clients retry while {DASHBOARDS} dashboards follow", times))
        print(f"lost or told twice: {lost}; the server has grown by {grown:.1f} MiB")
        return int(percentile(times, 95) > LIMIT_MS or lost > 0 or grown > MEMORY_MIB)


def main() -> int:
    """Measure, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--ask", metavar="SOCKET")
    parser.add_argument("--follow", nargs=2, metavar=("SOCKET", "COUNT"))
    parser.add_argument("--bare", nargs=3, metavar=("SOCKET", "DATABASE", "ID"))
    given = parser.parse_args()
    if given.ask:
        print(json.dumps(asyncio.run(ask(given.ask, json.load(sys.stdin)))))
    elif given.follow:
        print(json.dumps(asyncio.run(follow(given.follow[0], int(given.follow[1])))))
    elif given.bare:
        bare(given.bare[0], Path(given.bare[1]), int(given.bare[2]))
    else:
        return measure(given.rows, given.calls)
    return 0


if __name__ == "__main__":
    sys.exit(main())
