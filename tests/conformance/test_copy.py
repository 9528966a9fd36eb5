"""Everything moves from one database to another, both ways and to the same kind, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, select
from sqlmodel import SQLModel

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services.audited import token_hash
from jobmon_tui.services.chain import verify_audit
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.copying import pages as copy_pages
from jobmon_tui.storage.copying import whole as copy
from jobmon_tui.storage.copying.postgres import PgSide
from jobmon_tui.storage.copying.sides import Side, SqliteSide, create_file
from jobmon_tui.storage.copying.whole import CHANGING, LEFT_OUT, Copied, Copying
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.schema import head_revision
from jobmon_tui.storage.tables import audit_log, executions, outputs, sessions, workers
from scheduler.ports import WorkerInfo
from tests import postgres
from tests.backends import Place, Raw, Store, open_at, raw_at
from tests.conformance.test_retention import counters, truth
from tests.conformance.world import ADMIN, DRAFT, NOW, add_people, history, many

PAST = NOW - timedelta(days=3)
LIMITED = ReportDraft("Häppchen 'x'", "sql", {"query": "select '€'"}, max_concurrent=1, schedule="0 * * * *")
GONE = WorkerInfo("gone:1", "no-such-host", 1, "0.1", 2)
WHOLE = (executions, outputs, audit_log, *CHANGING)


@pytest.fixture(params=["to sqlite", "to postgres"])
def goal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty database with the newest schema."""
    if request.param == "to sqlite":
        create_file(tmp_path / "copy.db")
        yield tmp_path / "copy.db"
        return
    url, template = (request.getfixturevalue(f"postgres_{name}") for name in ("url", "template"))
    with postgres.database(url, template) as made:
        yield PgSource(made, "copy")


@asynccontextmanager
async def side(place: Place, *, writes: bool) -> AsyncIterator[Side]:
    opened: Side
    if isinstance(place, Path):
        opened = SqliteSide(place, writes=writes)
    else:
        opened = await PgSide.open(place, writes=writes)
    try:
        yield opened
    finally:
        await opened.close()


async def run(source: Place, goal: Place, tell: copy.Tell = lambda *_: None, **how: bool) -> Copied:
    async with side(source, writes=False) as one, side(goal, writes=True) as other:
        return await Copying(one, other, tell).run(**how)


def rows(table: Table) -> Callable[[Executes], list[tuple[object, ...]]]:
    query = select(table).order_by(*table.primary_key.columns)
    return lambda connection: [tuple(row) for row in connection.execute(query)]


async def contents(place: Place, *tables: Table) -> dict[str, list[tuple[object, ...]]]:
    async with side(place, writes=False) as one:
        await one.begin()
        return {table.name: await one.run(rows(table)) for table in tables}


async def furnish(store: Store, raw: Raw) -> None:
    """Something of everything: retries, an active one too, what a dead worker runs, limits, a pruned end."""
    await store.write(lambda transaction: transaction.add_report(DRAFT, NOW))
    limited = await store.write(lambda transaction: transaction.add_report(LIMITED, NOW))
    await store.write(
        history(
            [
                (3, "Failed", None, PAST),
                (4, "Succeeded", 3, PAST),
                (5, "Failed", None, PAST),
                (7, "Cancelled", None, PAST),
                (8, "Failed", None, PAST),
                (9, "Queued", None, None),
                (10, "Succeeded", None, PAST),
            ]
        )
    )
    queue = DatabaseQueue(store)
    await queue.register(GONE)
    assert await queue.start([9], GONE.name)
    await retry_execution(store, ADMIN, 5)
    assert (await store.write(lambda transaction: transaction.fire(limited, NOW, NOW))) == 12
    columns = "execution_id, requested_by, requested_at"
    raw(f"INSERT INTO cancel_request ({columns}) VALUES (9, 'ada', ?)", at(raw))
    columns = "execution_id, part, start, total, body"
    raw(f"INSERT INTO execution_output ({columns}) VALUES (4, 'tail', 70, 90, 'ende')")
    # The greatest ids are of rows that are there no more.
    await store.write(history([(13, "Succeeded", None, PAST)]))
    prune(raw, 13)
    await store.write(lambda transaction: transaction.add_report(ReportDraft("Old", "sql", {}), NOW))
    await store.write(lambda transaction: transaction.delete_report("Old"))


def prune(raw: Raw, execution_id: int) -> None:
    raw("INSERT INTO retention_pass VALUES (1)")
    raw("DELETE FROM execution_output WHERE execution_id = ?", execution_id)
    raw("DELETE FROM job_execution_log WHERE id = ?", execution_id)
    raw("DELETE FROM retention_pass")


def at(raw: Raw) -> object:
    """A time as the database holds it."""
    return raw("SELECT created_at FROM user_account WHERE name = 'ada'")[0][0]


def test_each_table_is_copied_or_left_out_knowingly() -> None:
    known = {table.name for table in (*WHOLE, sessions, workers)} | {"audit_head"} | LEFT_OUT
    assert known == set(SQLModel.metadata.tables)
    numbered = {
        t.name for t in SQLModel.metadata.tables.values() if t.dialect_options["sqlite"]["autoincrement"]
    }
    assert numbered == set(copy._NUMBERED)


async def test_everything_moves_and_the_copy_works(store: Store, place: Place, goal: Place, raw: Raw) -> None:
    await furnish(store, raw)
    done = await run(place, goal, while_workers_run=True)
    assert await contents(goal, *WHOLE, workers) == await contents(place, *WHOLE, workers)
    assert await contents(goal, sessions) == {"session": []}
    assert (done.resumed, done.rows["job_execution_log"], done.rows["execution_output"]) == (False, 9, 8)
    there = raw_at(goal)
    assert counters(there) == truth(there) == counters(raw)
    assert there("SELECT version_num FROM alembic_version") == [(head_revision(),)]
    async with await open_at(goal) as copied:
        until = NOW + timedelta(days=40_000)
        await copied.write(
            lambda transaction: transaction.add_session("ada", token_hash(ADMIN.token), NOW, until)
        )
        report = await verify_audit(copied, ADMIN)
        assert (report.first_bad, report.entries, report.head) == (None, done.audit_entries, done.audit_head)
        # Its ids go on where the source's would have, and what it holds is in force.
        with pytest.raises(JobmonError, match="already"):
            await retry_execution(copied, ADMIN, 5)
        answer = await retry_execution(copied, ADMIN, 8)
        assert answer.new_id == 14
        assert (
            await copied.write(lambda transaction: transaction.add_report(ReportDraft("New", "sql", {}), NOW))
            == 4
        )
        queue = DatabaseQueue(copied)
        assert sorted(await queue.offer(9)) == [11, 12, 14]
        # What ran on the source is lost here, and is seen to be.
        assert await queue.reap(GONE.name, "worker lost") == [9]
        assert counters(there) == truth(there)


async def test_sessions_move_when_that_is_asked_for(store: Store, place: Place, goal: Place) -> None:
    await run(place, goal, with_sessions=True)
    assert await contents(goal, sessions) == await contents(place, sessions)
    async with await open_at(goal) as copied:
        assert (await verify_audit(copied, ADMIN)).first_bad is None


class Stop(Exception):  # noqa: N818
    """The copy was interrupted."""


def stopping_at(step: str, done: int) -> copy.Tell:
    def tell(what: str, now: int, _all: int) -> None:
        if what.startswith(step) and now >= done:
            raise Stop

    return tell


@contextmanager
def small_pages(patch: pytest.MonkeyPatch) -> Iterator[None]:
    with patch.context() as small:
        small.setattr(copy_pages, "_FIRST", 7)
        small.setattr(copy_pages, "_MOST", 7)
        yield


@pytest.mark.parametrize("step", ["Copying executions", "Copying the audit log", "Comparing both"])
async def test_an_interrupted_copy_goes_on_and_nobody_opens_it_before(
    store: Store, place: Place, goal: Place, raw: Raw, *, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(store, raw)
    await store.write(many(range(100, 131), "Failed", PAST))
    for each in range(100, 115):
        await retry_execution(store, ADMIN, each)
    with small_pages(monkeypatch):
        with pytest.raises(Stop):
            await run(
                place, goal, stopping_at(step, 0 if step.startswith("Comp") else 8), while_workers_run=True
            )
        half = await contents(goal, executions)
        assert {row[2] for row in half["job_execution_log"]} <= {"Succeeded", "Failed", "Cancelled"}
        with pytest.raises(JobmonError, match="has not been finished") as refused:
            await open_at(goal)
        assert refused.value.code is ErrorCode.STORAGE_UNAVAILABLE
        # Meanwhile what was queued has ended, and more has come: that is not lost.
        queue = DatabaseQueue(store)
        assert await queue.start([11], GONE.name)
        raw("UPDATE job_execution_log SET status = 'Failed', finished_at = ? WHERE id = 11", at(raw))
        await retry_execution(store, ADMIN, 11)
        done = await run(place, goal, while_workers_run=True)
    assert done.resumed
    assert len(half["job_execution_log"]) + done.rows["job_execution_log"] == len(
        (await contents(place, executions))["job_execution_log"]
    )
    assert await contents(goal, *WHOLE) == await contents(place, *WHOLE)
    async with await open_at(goal):
        pass


async def test_a_target_with_other_data_is_refused_untouched(
    store: Store, place: Place, goal: Place, raw: Raw
) -> None:
    await furnish(store, raw)
    async with await open_at(goal) as other:
        await other.write(add_people)
    before = await contents(goal, *WHOLE)
    with pytest.raises(JobmonError, match=r"holds data already .user_account.") as refused:
        await run(place, goal, while_workers_run=True)
    assert refused.value.code is ErrorCode.ALREADY_EXISTS
    assert await contents(goal, *WHOLE) == before
    async with await open_at(goal):
        pass


async def test_a_half_copy_of_another_source_is_refused(
    store: Store, place: Place, goal: Place, raw: Raw, tmp_path: Path
) -> None:
    await furnish(store, raw)
    other = tmp_path / "other.db"
    async with await open_at(other) as second:
        await second.write(add_people)
        await second.write(lambda transaction: transaction.add_report(DRAFT, NOW))
        await second.write(history([(1, "Failed", None, PAST)]))
        await retry_execution(second, ADMIN, 1)
    with pytest.raises(Stop):
        await run(other, goal, stopping_at("Comparing", 0))
    before = await contents(goal, *WHOLE)
    with pytest.raises(JobmonError, match="from another database"):
        await run(place, goal, while_workers_run=True)
    assert await contents(goal, *WHOLE) == before


async def test_what_was_pruned_since_is_noticed(store: Store, place: Place, goal: Place, raw: Raw) -> None:
    await furnish(store, raw)
    with pytest.raises(Stop):
        await run(place, goal, stopping_at("Comparing", 0), while_workers_run=True)
    prune(raw, 7)
    with pytest.raises(JobmonError, match="were pruned from the database"):
        await run(place, goal, while_workers_run=True)


async def test_a_broken_chain_is_not_copied(store: Store, place: Place, goal: Place, raw: Raw) -> None:
    await furnish(store, raw)
    raw("UPDATE audit_head SET audit_id = 2, hash = 'x'")
    with pytest.raises(JobmonError, match="breaks at entry 2") as refused:
        await run(place, goal, while_workers_run=True)
    assert refused.value.code is ErrorCode.ALREADY_EXISTS
    assert await contents(goal, executions) == {"job_execution_log": []}


async def test_living_workers_on_the_source_are_named(
    store: Store, place: Place, goal: Place, raw: Raw
) -> None:
    await furnish(store, raw)
    with pytest.raises(JobmonError, match=r"no-such-host .pid 1..*--while-workers-run"):
        await run(place, goal)
    async with await open_at(goal) as other:
        assert not await other.read(lambda transaction: transaction.reports())


async def test_it_reads_one_moment_whatever_is_written_meanwhile(
    store: Store, place: Place, goal: Place, raw: Raw
) -> None:
    await furnish(store, raw)
    before = await contents(place, *WHOLE)
    loop = asyncio.get_running_loop()

    def tell(what: str, _done: int, _all: int) -> None:
        if what.startswith("Copying executions"):
            tasks.append(loop.create_task(retry_execution(store, ADMIN, 8)))

    tasks: list[asyncio.Task[object]] = []
    await run(place, goal, tell, while_workers_run=True)
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(not isinstance(each, BaseException) for each in answers)
    assert await contents(goal, *WHOLE) == before


async def test_two_copies_at_once_into_one_database_make_one(
    store: Store, place: Place, goal: Place, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(store, raw)
    await store.write(many(range(100, 201), "Failed", PAST))
    with small_pages(monkeypatch):
        answers = await asyncio.gather(
            *(run(place, goal, while_workers_run=True) for _ in range(2)), return_exceptions=True
        )
    assert [type(each) for each in answers].count(Copied) == 1, answers
    assert any(isinstance(each, JobmonError) and "copy" in each.message for each in answers)
    assert await contents(goal, *WHOLE) == await contents(place, *WHOLE)
