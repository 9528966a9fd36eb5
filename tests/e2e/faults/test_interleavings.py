"""Retry, delete, edit, claim, finish, cancel and a lost worker, in any order, on several connections at once.

Each interleaving is a few units of work in an order that the seed chooses; some are let loose together, each
on a connection of its own, so that the database itself decides who is first. Whoever is: the rules hold.
"""

import asyncio
import random
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.chain import verify_audit
from jobmon_tui.services.reports import add_report, delete_report, edit_report
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.sqlite.health import check_file
from scheduler.leases import WORKER_LOST
from scheduler.ports import Claimed, Finished, Outcome, WorkerGone, WorkerInfo
from tests import postgres
from tests.backends import Place, Row, Store, open_at
from tests.conformance.scenes import Anything
from tests.conformance.world import ADMIN, DRAFT, VIEWER, add_people
from tests.e2e.faults.size import quick_folder, rounds, seed
from tests.e2e.faults.truths import FINISHED, IN_ONE, hashed, named

A_DATABASE = 250
"""Interleavings in one database: a longer history would only make the questions slower."""
WORKERS = ("one", "two")
CONNECTIONS = 3
Asks = Callable[..., Awaitable[Sequence[Row]]]


@asynccontextmanager
async def asking(place: Place) -> AsyncIterator[Asks]:
    """Give what runs a query, written with `?`, on one connection of its own."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as reading:

            async def ask(query: str, *values: object) -> Sequence[Row]:
                return reading.execute(query, values).fetchall()

            yield ask
        return
    connection, turn = await asyncpg.connect(place.dsn), asyncio.Lock()

    async def ask_in_turn(query: str, *values: object) -> Sequence[Row]:
        for number in range(len(values)):
            query = query.replace("?", f"${number + 1}", 1)
        async with turn:
            return [tuple(row) for row in await connection.fetch(query, *values)]

    try:
        yield ask_in_turn
    finally:
        await connection.close()


@dataclass
class World:
    """One database, some connections, and what was acknowledged."""

    stores: list[Store]
    ask: Asks
    dice: random.Random
    queues: dict[tuple[int, str], DatabaseQueue] = field(default_factory=dict)
    claims: list[Claimed] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    allowed: int = 0
    refused: int = 0
    deleted: dict[int, int] = field(default_factory=dict)
    """The id of each deleted report, and the newest execution at the moment the delete was answered."""

    async def asked(self, unit: Awaitable[object]) -> object:
        """Await a change that somebody signed in asks for, and count its answer."""
        try:
            answer = await unit
        except JobmonError as refusal:
            # A lock that is not given within five seconds would be a defect here.
            assert refusal.code is not ErrorCode.STORAGE_UNAVAILABLE, refusal.message
            self.refused += 1
            return refusal
        self.allowed += 1
        return answer

    async def ids(self, status: str) -> list[int]:
        query = "SELECT id FROM job_execution_log WHERE status = ? ORDER BY id DESC LIMIT 3"
        return [int(str(row[0])) for row in await self.ask(query, status)]

    async def retryable(self) -> int:
        query = (
            "SELECT id FROM job_execution_log WHERE status = 'Failed' "
            "AND configuration_id IN (SELECT id FROM report_configuration) ORDER BY id DESC LIMIT 3"
        )
        known = [int(str(row[0])) for row in await self.ask(query)]
        return self.dice.choice(known) if known else await self.some_id("Failed")

    async def some_id(self, *statuses: str) -> int:
        known = [each for status in statuses for each in await self.ids(status)]
        return self.dice.choice(known) if known else 1

    def queue(self, store: Store, worker: str) -> DatabaseQueue:
        """Return a worker's queue: what was handed to it comes to it again."""
        return self.queues.setdefault((id(store), worker), DatabaseQueue(store))


async def _retry(world: World, store: Store) -> None:
    likely = world.dice.random() < 0.9
    failed = await (world.retryable() if likely else world.some_id("Failed", "Running", "Succeeded"))
    caller = ADMIN if world.dice.random() < 0.95 else VIEWER
    key = world.dice.choice([None, None, f"key-{world.dice.randrange(1 << 30)}"])
    first = await world.asked(retry_execution(store, caller, failed, key=key))
    if key is not None and not isinstance(first, JobmonError):
        again = await retry_execution(store, caller, failed, key=key)
        assert again.repeated


async def _run(world: World, store: Store) -> None:
    await world.asked(run_report(store, ADMIN, "Sales"))


async def _edit(world: World, store: Store) -> None:
    draft = replace(DRAFT, parameters={"query": f"select {world.dice.random()}"}, on_lost=_on_lost(world))
    await world.asked(edit_report(store, ADMIN, Anything(), "Sales", draft))


async def _delete(world: World, store: Store) -> None:
    known = await store.read(lambda transaction: transaction.report("Sales"))
    answer = await world.asked(delete_report(store, ADMIN, "Sales"))
    # Where somebody deleted and added it anew meanwhile, it is not known which of the two this was.
    now = await store.read(lambda transaction: transaction.report("Sales"))
    if known is not None and not isinstance(answer, JobmonError) and (now is None or now.id != known.id):
        ((newest,),) = await world.ask("SELECT max(id) FROM job_execution_log")
        world.deleted[known.id] = int(str(newest or 0))


async def _add(world: World, store: Store) -> None:
    await world.asked(add_report(store, ADMIN, Anything(), replace(DRAFT, on_lost=_on_lost(world))))


async def _cancel(world: World, store: Store) -> None:
    await world.asked(cancel_execution(store, ADMIN, await world.some_id("Queued", "Running", "Failed")))


async def _claim(world: World, store: Store) -> None:
    worker = world.dice.choice(WORKERS)
    queue = world.queue(store, worker)
    offered = await queue.offer(world.dice.randint(1, 3))
    if world.dice.random() < 0.3:
        await asyncio.sleep(0.002)
    try:
        world.claims += await queue.start(offered, worker)
    except WorkerGone:
        await queue.register(_info(worker))


async def _finish(world: World, store: Store) -> None:
    recent = world.claims[-6:]
    group = world.dice.sample(recent, min(len(recent), world.dice.randint(1, 3)))
    status = world.dice.choice(["Failed", "Failed", "Succeeded", "Cancelled"])
    late = world.dice.random() < 0.1
    ends = [Finished(each.id, each.token + late, Outcome(status, "told")) for each in group]  # type: ignore[arg-type]
    accepted = await DatabaseQueue(store).finish(ends)
    assert not (late and accepted)
    world.accepted += accepted


async def _lose(world: World, store: Store) -> None:
    worker = world.dice.choice(WORKERS)
    world.accepted += await DatabaseQueue(store).reap(worker, WORKER_LOST)
    await DatabaseQueue(store).register(_info(worker))


def _on_lost(world: World) -> str:
    return world.dice.choice(["fail", "fail", "requeue"])


def _info(worker: str) -> WorkerInfo:
    return WorkerInfo(worker, "host", 1, "1.0", 4)


Unit = Callable[[World, Store], Awaitable[None]]
UNITS: dict[Unit, int] = {
    _retry: 20, _run: 12, _edit: 5, _delete: 1, _add: 10, _cancel: 5, _claim: 20, _finish: 20, _lose: 2,
}  # fmt: skip
RIVALS: list[list[Unit]] = [
    [_retry, _retry], [_retry, _delete], [_retry, _edit], [_run, _delete], [_claim, _claim],
    [_claim, _cancel], [_finish, _cancel], [_finish, _lose], [_finish, _retry], [_claim, _lose],
]  # fmt: skip
"""Let loose together more often than chance would have it."""


async def _interleaving(world: World) -> None:
    units = world.dice.choices(list(UNITS), list(UNITS.values()), k=world.dice.randint(2, 5))
    while units:
        if world.dice.random() < 0.2:
            together = list(world.dice.choice(RIVALS))
        else:
            together = [units.pop() for _ in range(min(len(units), world.dice.choice([1, 2, CONNECTIONS])))]
        world.dice.shuffle(world.stores)
        await asyncio.gather(
            *(unit(world, store) for unit, store in zip(together, world.stores, strict=False))
        )


async def _history(place: Place, dice: random.Random, count: int) -> None:
    async with AsyncExitStack() as opened:
        stores = [await opened.enter_async_context(await open_at(place)) for _ in range(CONNECTIONS)]
        await stores[0].write(add_people)
        ask = await opened.enter_async_context(asking(place))
        world = World(stores, ask, dice)
        for worker in WORKERS:
            await DatabaseQueue(stores[0]).register(_info(worker))
        await _add(world, stores[0])
        ended: dict[object, str] = {}
        for _ in range(count):
            await _interleaving(world)
            now = hashed(await ask(FINISHED))
            assert {each: now.get(each) for each in ended} == ended, "a finished execution has changed"
            ended = now
            assert named(await ask(IN_ONE)) == []
        await _check_answers(world, set(ended))
        assert (await verify_audit(stores[0], ADMIN)).first_bad is None


async def _check_answers(world: World, ended: set[object]) -> None:
    asked = "SELECT outcome, count(*) FROM audit_log WHERE actor <> 'schedule' GROUP BY outcome"
    assert dict(await world.ask(asked)) == {"allowed": world.allowed, "refused": world.refused}  # type: ignore[arg-type]
    # Each end was accepted once; what else has ended was cancelled while it was Queued.
    assert len(world.accepted) == len(set(world.accepted))
    never_ran = "SELECT id FROM job_execution_log WHERE status = 'Cancelled' AND started_at IS NULL"
    assert set(world.accepted) | {row[0] for row in await world.ask(never_ran)} == ended
    for report, newest in world.deleted.items():
        late = "SELECT id FROM job_execution_log WHERE configuration_id = ? AND id > ?"
        assert await world.ask(late, report, newest) == [], "queued after the report was deleted"


@contextmanager
def _fresh(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if backend == "postgres":
        url = request.getfixturevalue("postgres_url")
        with postgres.database(url, request.getfixturevalue("postgres_template")) as made:
            yield PgSource(made, "jobmon")
        return
    folder = Path(tempfile.mkdtemp(dir=quick_folder(tmp_path)))
    try:
        yield folder / "jobmon.db"
        health = check_file(folder / "jobmon.db")
        assert health.is_good, health
    finally:
        shutil.rmtree(folder)


async def test_whatever_the_order_of_what_happens_the_rules_hold(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    dice = random.Random(seed())
    total = rounds(400 if backend == "sqlite" else 200, 10_000)
    for first in range(0, total, A_DATABASE):
        with _fresh(backend, request, tmp_path) as place:
            await _history(place, dice, min(A_DATABASE, total - first))
