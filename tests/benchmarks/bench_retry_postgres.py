"""The retry on PostgreSQL, whole service call, against the same statements on raw asyncpg, in one run.

The server has its default settings (every commit is on the disk) and the history is 1,000,000 executions. Two
peers, neither of which has a rule, a time limit or an answer to look at; they know beforehand what each
statement will say. *Step by step* asks what a retry has to ask, one statement for each question, as one
writes it by hand: it is what the limit is about. *The same texts* gets the very texts and arguments that the
service sends, in which several questions are one: what is above it is what our own code costs. All sides have
as many connections, handed out in the order of asking.
"""

import argparse
import asyncio
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg

from jobmon_tui.services.chain import verify_audit
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.postgres.database import CONNECTIONS, PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.benchmarks.bench_retry import CLIENTS, all_at_once, one_after_another, percentile
from tests.benchmarks.history import build_postgres
from tests.conformance.world import ADMIN

LIMIT = 1.2
PEER = "step by step"
ROUNDS = 15

QUESTIONS = (
    "SELECT a.name, a.role FROM user_account AS a JOIN session AS s ON s.user_id = a.id "
    "WHERE s.token_hash = $1 AND s.expires_at > now() AND NOT a.disabled",
    "SELECT * FROM job_execution_log WHERE id = $1 FOR NO KEY UPDATE",
    "SELECT id, version FROM report_configuration WHERE id = $1 FOR SHARE",
    "SELECT id, status, requested_by FROM job_execution_log WHERE retry_of = $1",
)
"""Who asks, what about, its report held against a deletion, and how its retries stand.

With the status in the last one the planner would read the whole queue instead of the one retry.
"""
AUDIT = "SELECT jobmon_audit($1)"

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

    async def fetch(self, *arguments: Any, timeout: float | None = None) -> Any:
        """Run it."""
        self._sent.append((self._prepared.get_query(), arguments))
        return await self._prepared.fetch(*arguments, timeout=timeout)


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
    """The same texts on raw asyncpg."""

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
            self._idle.append(await self.lane(raw))
        return self

    async def lane(self, raw: Any) -> list[Any]:
        """Prepare what a retry sends, in its order."""
        return [
            (await raw.prepare(text)).fetch if arguments else raw.execute
            for text, arguments in self._sample.sent
        ]

    async def close(self) -> None:
        """Close them all."""
        await self._open.aclose()

    async def retry(self, failed_id: int) -> None:
        """Retry another execution."""
        async with self._free:
            lane = self._idle.pop()
            await self.replay(lane, failed_id)
            self._idle.append(lane)

    def swapped(self, arguments: Sequence[Any], failed_id: int) -> list[Any]:
        """Return the sample's arguments for another execution."""
        swap: dict[Any, Any] = {self._sample.failed_id: failed_id, self._sample.key: str(uuid4())}
        return [swap.get(value, value) for value in arguments]

    async def replay(self, lane: list[Any], failed_id: int) -> None:
        """Send the sample for another execution."""
        begin, *fetches, commit = lane
        await begin(self._sample.sent[0][0])
        for fetch, (_, arguments) in zip(fetches, self._sample.sent[1:-1], strict=True):
            rows = await fetch(*self.swapped(arguments, failed_id))
        # The last of them adds the execution; its id and the failed one's stand in the audit entry.
        await commit(self._sample.audited(failed_id, rows[0][0]))


class StepByStep(Peer):
    """One statement for each question, on raw asyncpg."""

    async def lane(self, raw: Any) -> list[Any]:
        """Prepare what a retry has to ask."""
        adding = self._sample.sent[-2][0]
        return [(await raw.prepare(text)).fetch for text in (*QUESTIONS, adding, AUDIT)] + [raw.execute]

    async def replay(self, lane: list[Any], failed_id: int) -> None:
        """Ask them in turn."""
        who, which, report, child, add, audit, say = lane
        await say("BEGIN")
        await who(hashlib.sha256(ADMIN.token.encode()).hexdigest())
        (failed,) = await which(failed_id)
        await report(failed["configuration_id"])
        await child(failed_id)
        ((new_id,),) = await add(*self.swapped(self._sample.sent[-2][1], failed_id))
        await audit(self._sample.audited(failed_id, new_id).split("'")[1])
        await say("COMMIT")


async def compare(
    database: PostgresDatabase, peers: Mapping[str, Peer], failed: Iterator[int], calls: int
) -> dict[str, Any]:
    """Time every side in turn, in one setting after the other."""

    async def service(execution_id: int) -> None:
        await retry_execution(database, ADMIN, execution_id, key=str(uuid4()))

    sides = {"service": service, **{name: peer.retry for name, peer in peers.items()}}
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
            f"{which} to {name}": figures["service"][which] / figures[name][which]
            for name in peers
            for which in ("p50", "p95")
        }
        result[setting] = {**figures, **ratios}
    return result


async def measure(url: str, rows: int, calls: int, connections: int) -> dict[str, Any]:
    """Build the history, warm every side, and compare them."""
    await build_postgres(url, rows)
    failed = iter(range(rows // 10 * 10, 0, -10))
    # Some more than a handful: PostgreSQL settles on a statement's plan after five runs.
    sample = await take_sample(url, [next(failed) for _ in range(20)])
    async with AsyncExitStack() as opened:
        peers = {PEER: StepByStep(sample, connections), "the same texts": Peer(sample, connections)}
        for peer in peers.values():
            opened.push_async_callback(peer.close)
            await peer.connect(url)
        database = await PostgresDatabase.open(PgSource(url, "bench"), connections=connections)
        await opened.enter_async_context(database)
        await compare(database, peers, failed, CLIENTS * 2)
        result = await compare(database, peers, failed, calls)
        chain = await verify_audit(database, ADMIN)
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
    worst = max(result[setting][f"p95 to {PEER}"] for setting in ("one after another", f"{CLIENTS} at once"))
    print(f"p95 is {worst:.2f} times raw asyncpg's {PEER}; the limit is {LIMIT}")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
