"""The audit log's chain in the transaction itself, against sealing it in batches, on PostgreSQL, in one run.

Both sides send the very texts of a retry over raw asyncpg, and differ in one: *in the transaction* appends to
the chain with the commit, as the service does; *in batches* adds the entry to a table of what is not sealed
yet, and a connection of its own chains them four times a second. Their turns alternate. Asked is whether
writers queue for the chain's head: with as many connections as one process has, and with one for each client,
as many processes have together.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg

from jobmon_tui.services.chain import verify_audit
from jobmon_tui.storage.postgres.database import CONNECTIONS, PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.benchmarks.bench_retry import CLIENTS, all_at_once, percentile
from tests.benchmarks.bench_retry_postgres import Peer, take_sample
from tests.benchmarks.history import build_postgres
from tests.conformance.world import ADMIN

SEAL_EVERY = 0.25
"""Seconds."""
_PENDING = """
CREATE TABLE audit_pending (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said text NOT NULL)
"""
_SEAL = """
CREATE FUNCTION jobmon_seal() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  each record;
  sealed bigint := 0;
BEGIN
  FOR each IN DELETE FROM audit_pending RETURNING id, said LOOP
    PERFORM jobmon_audit(each.said);
    sealed := sealed + 1;
  END LOOP;
  RETURN sealed;
END $$
"""


class Batched(Peer):
    """The same texts on the other one's connections, but the entry waits to be sealed."""

    def __init__(self, other: Peer) -> None:
        super().__init__(other._sample, other._connections)
        self._free, self._idle = other._free, other._idle

    async def replay(self, lane: list[Any], failed_id: int) -> None:
        """Send the sample for another execution."""
        begin, *fetches, commit = lane
        await begin(self._sample.sent[0][0])
        for fetch, (_, arguments) in zip(fetches, self._sample.sent[1:-1], strict=True):
            rows = await fetch(*self.swapped(arguments, failed_id))
        said = self._sample.audited(failed_id, rows[0][0]).split("'")[1]
        await commit(f"INSERT INTO audit_pending (said) VALUES ('{said}'); COMMIT")


async def seal(url: str, stop: asyncio.Event) -> int:
    """Seal what waits, until it is told to stop and nothing waits any more; return how many entries."""
    raw, count = await asyncpg.connect(url), 0
    try:
        while True:
            is_last = stop.is_set()
            count += await raw.fetchval("SELECT jobmon_seal()")
            if is_last:
                return count
            try:
                await asyncio.wait_for(stop.wait(), SEAL_EVERY)
            except TimeoutError:
                continue
    finally:
        await raw.close()


async def compare(
    url: str, sides: dict[str, Peer], failed: Iterator[int], calls: int, rounds: int
) -> dict[str, Any]:
    """Time both in turn. `seconds` is of all turns, the sealing of what they left included."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    seconds = dict.fromkeys(sides, 0.0)
    for turn in range(rounds):
        # Who begins changes: what the one leaves to the disk, the other one waits for.
        for name, peer in sorted(sides.items(), reverse=turn % 2 == 1):
            stop = asyncio.Event()
            sealing = asyncio.create_task(seal(url, stop)) if isinstance(peer, Batched) else None
            began = time.perf_counter()
            times[name] += await all_at_once(peer.retry, [next(failed) for _ in range(calls)])
            stop.set()
            if sealing is not None:
                await sealing
            seconds[name] += time.perf_counter() - began
    figures: dict[str, Any] = {
        name: {
            "p50": percentile(spent, 50),
            "p95": percentile(spent, 95),
            "n": len(spent),
            "seconds": seconds[name],
        }
        for name, spent in times.items()
    }
    own, other = figures["in the transaction"], figures["in batches"]
    ratios = {key: own[key] / other[key] for key in own if key != "n"}
    return {**figures, "in the transaction to in batches": ratios}


async def measure(url: str, rows: int, calls: int, rounds: int) -> dict[str, Any]:
    """Build the history, warm both sides, and compare them."""
    await build_postgres(url, rows)
    failed = iter(range(rows // 10 * 10, 0, -10))
    sample = await take_sample(url, [next(failed) for _ in range(20)])
    raw = await asyncpg.connect(url)
    await raw.execute(_PENDING)
    await raw.execute(_SEAL)
    await raw.close()
    result: dict[str, Any] = {"history": rows, "clients": CLIENTS}
    for connections in (CONNECTIONS, CLIENTS):
        async with AsyncExitStack() as opened:
            peer = Peer(sample, connections)
            opened.push_async_callback(peer.close)
            sides = {"in the transaction": await peer.connect(url), "in batches": Batched(peer)}
            await compare(url, sides, failed, CLIENTS * 2, 1)
            result[f"{connections} connections"] = await compare(url, sides, failed, calls, rounds)
    async with await PostgresDatabase.open(PgSource(url, "bench")) as database:
        chain = await verify_audit(database, ADMIN)
    if chain.first_bad is not None:
        raise RuntimeError(f"the audit chain is broken at {chain.first_bad}")
    return {**result, "retries audited": chain.entries}


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--calls", type=int, default=200, help="calls a round and side")
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    with postgres.server(durable=True) as server, postgres.database(server, "template1") as url:
        result = asyncio.run(measure(url, chosen.rows, chosen.calls, chosen.rounds))
    print(json.dumps(result, indent=2, default=lambda value: round(value, 3)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
