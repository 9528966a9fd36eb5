"""The retry on PostgreSQL, whole service call, against the same statements on raw asyncpg, in one run.

The server has its default settings (every commit is on the disk) and the history is 1,000,000 executions. The
peer gets the very texts and arguments that the service sends, prepared, in one transaction each, and leaves
out everything else: no rule, no time limit; it knows beforehand what each statement will answer. Both sides
have as many connections, handed out in the order of asking.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg

from jobmon_tui.services.look import verify_audit
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.pg_source import PgSource
from jobmon_tui.storage.postgres import CONNECTIONS, PostgresDatabase
from tests import postgres
from tests.benchmarks.bench_retry import CLIENTS, all_at_once, one_after_another, percentile
from tests.benchmarks.history import build_postgres
from tests.conformance.world import ADMIN

LIMIT = 1.2
ROUNDS = 15

Sent = list[tuple[str, tuple[Any, ...]]]


class Noting:
    """An asyncpg connection that notes each round trip but those that prepare a statement."""

    def __init__(self, raw: Any, sent: Sent) -> None:
        self._raw = raw
        self._sent = sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    async def execute(self, text: str, **options: Any) -> Any:
        """Run a text without arguments."""
        self._sent.append((text, ()))
        return await self._raw.execute(text, **options)

    async def prepare(self, text: str, **options: Any) -> Any:
        """Prepare a statement that notes its runs."""
        return NotingStatement(await self._raw.prepare(text, **options), self._sent)


class NotingStatement:
    """A prepared statement that notes its runs."""

    def __init__(self, prepared: Any, sent: Sent) -> None:
        self._prepared = prepared
        self._sent = sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._prepared, name)

    async def fetch(self, *arguments: Any) -> Any:
        """Run it."""
        self._sent.append((self._prepared.get_query(), arguments))
        return await self._prepared.fetch(*arguments)


class NotingSource(PgSource):
    """Connects, and notes what is sent."""

    sent: Sent = []  # noqa: RUF012 - one for the whole run

    async def connect(self, **settings: str) -> Any:
        """Connect."""
        return Noting(await super().connect(**settings), self.sent)


@dataclass(frozen=True, slots=True)
class Sample:
    """What one retry sent, and the values in it that differ for the next."""

    sent: Sent
    failed_id: int
    new_id: int
    key: str

    def audited(self, failed_id: int, new_id: int) -> str:
        """Return the last text that was sent, with other ids in its audit entry."""
        return _ids(failed_id, new_id).join(self.sent[-1][0].split(_ids(self.failed_id, self.new_id)))


def _ids(failed_id: int, new_id: int) -> str:
    return f",{failed_id},{new_id},".encode().hex()


async def take_sample(url: str, failed_ids: Sequence[int]) -> Sample:
    """Retry some, so that all is prepared, and note the last."""
    source = NotingSource(url, "bench")
    async with await PostgresDatabase.open(source, connections=1) as database:
        for failed_id in failed_ids:
            source.sent.clear()
            key = str(uuid4())
            receipt = await retry_execution(database, ADMIN, failed_id, key=key)
    return Sample(list(source.sent), failed_id, receipt.new_id, key)


class Peer:
    """The same transactions on raw asyncpg."""

    def __init__(self, sample: Sample, connections: int) -> None:
        self._sample = sample
        self._connections = connections
        self._free = asyncio.Semaphore(connections)
        self._idle: list[list[Any]] = []
        self._open = AsyncExitStack()

    async def connect(self, url: str) -> "Peer":
        """Open every connection and prepare every statement on it."""
        for _ in range(self._connections):
            raw = await asyncpg.connect(url)
            self._open.push_async_callback(raw.close)
            self._idle.append(
                [
                    (await raw.prepare(text)).fetch if arguments else raw.execute
                    for text, arguments in self._sample.sent
                ]
            )
        return self

    async def close(self) -> None:
        """Close them all."""
        await self._open.aclose()

    async def retry(self, failed_id: int) -> None:
        """Replay the sample for another execution."""
        sample = self._sample
        swap: dict[Any, Any] = {sample.failed_id: failed_id, sample.key: str(uuid4())}
        async with self._free:
            lane = self._idle.pop()
            begin, *fetches, commit = lane
            await begin(sample.sent[0][0])
            for fetch, (_, arguments) in zip(fetches, sample.sent[1:-1], strict=True):
                rows = await fetch(*[swap.get(value, value) for value in arguments])
            # The last of them adds the execution; its id and the failed one's stand in the audit entry.
            await commit(sample.audited(failed_id, rows[0][0]))
            self._idle.append(lane)


async def compare(
    database: PostgresDatabase, peer: Peer, failed: Iterator[int], calls: int
) -> dict[str, Any]:
    """Time both sides in turn, in one setting after the other."""

    async def service(execution_id: int) -> None:
        await retry_execution(database, ADMIN, execution_id, key=str(uuid4()))

    sides = {"service": service, "raw": peer.retry}
    result: dict[str, Any] = {}
    for setting, drive in (("one after another", one_after_another), (f"{CLIENTS} at once", all_at_once)):
        times: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(ROUNDS):
            for side, retry in sides.items():
                times[side] += await drive(retry, [next(failed) for _ in range(calls)])
        figures = {
            side: {"p50": percentile(spent, 50), "p95": percentile(spent, 95), "n": len(spent)}
            for side, spent in times.items()
        }
        ratios = {
            f"ratio {which}": figures["service"][which] / figures["raw"][which] for which in ("p50", "p95")
        }
        result[setting] = {**figures, **ratios}
    return result


async def measure(url: str, rows: int, calls: int, connections: int) -> dict[str, Any]:
    """Build the history, warm both sides, and compare them."""
    await build_postgres(url, rows)
    failed = iter(range(rows // 10 * 10, 0, -10))
    # Some more than a handful: PostgreSQL settles on a statement's plan after five runs.
    sample = await take_sample(url, [next(failed) for _ in range(20)])
    peer = await Peer(sample, connections).connect(url)
    try:
        async with await PostgresDatabase.open(PgSource(url, "bench"), connections=connections) as database:
            await compare(database, peer, failed, CLIENTS * 2)
            result = await compare(database, peer, failed, calls)
            chain = await verify_audit(database, ADMIN)
    finally:
        await peer.close()
    if chain.first_bad is not None:
        raise RuntimeError(f"the audit chain is broken at {chain.first_bad}")
    return {
        "history": rows,
        "round trips": len(sample.sent),
        "connections": connections,
        **result,
        "retries audited": chain.entries,
    }


def main() -> int:
    """Print the figures; fail over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=200, help="calls a round and side")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="of each side")
    chosen = parser.parse_args()
    with postgres.server(durable=True) as server, postgres.database(server, "template1") as url:
        result = asyncio.run(measure(url, chosen.rows, chosen.calls, chosen.connections))
    print(json.dumps(result, indent=2, default=lambda value: round(value, 3)))
    worst = max(result[setting]["ratio p95"] for setting in ("one after another", f"{CLIENTS} at once"))
    print(f"p95 is {worst:.2f} times raw asyncpg's; the limit is {LIMIT}")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
