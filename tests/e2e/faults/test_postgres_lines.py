"""What an operator is told, and what stands in the database, where the line to PostgreSQL misbehaves."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.errors import ErrorCode, JobmonError, UnclearOutcomeError
from jobmon_tui.services.cancel import cancel_execution
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.postgres.database import PATIENCE, PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import Claimed, Finished, Outcome, Unavailable, Unclear, WorkerInfo
from tests.backends import raw_at
from tests.conformance.world import ADMIN, DRAFT, NOW, add_people
from tests.e2e.faults.size import WHOLE, rounds
from tests.e2e.faults.truths import untruths_of
from tests.pg_proxy import Loss, Proxy, proxied

T = TypeVar("T")

PART = 1.0 if WHOLE else 0.3
"""Of the time that things take: the short form has a third of the patience, and waits a third as long."""
ANSWERED_WITHIN = 6.0
"""Seconds, whatever happens to the line."""
_WORKER = WorkerInfo("w", "host", 1, "1.0", 100)


@pytest.fixture
def source(postgres_database: str) -> PgSource:
    """The database, past the proxy."""
    return PgSource(postgres_database, "jobmon")


@pytest.fixture
async def proxy(postgres_database: str) -> AsyncIterator[Proxy]:
    async with proxied(postgres_database) as made:
        yield made


@pytest.fixture
async def near(source: PgSource) -> AsyncIterator[PostgresDatabase]:
    """The database on a sound line."""
    async with await PostgresDatabase.open(source) as opened:
        await opened.write(add_people)
        await opened.write(lambda transaction: transaction.add_report(DRAFT, NOW))
        yield opened
    assert untruths_of(raw_at(source)) == []


@pytest.fixture
async def far(proxy: Proxy, near: PostgresDatabase, source: PgSource) -> AsyncIterator[PostgresDatabase]:
    """The database through the proxy."""
    through = PgSource(proxy.url(source.dsn), "jobmon")
    async with await PostgresDatabase.open(through, patience=PART * PATIENCE) as opened:
        yield opened


async def _failed(database: PostgresDatabase, count: int = 1) -> Sequence[int]:
    """Let this many executions fail, as a worker does."""
    queue = DatabaseQueue(database)
    await queue.register(_WORKER)
    ids = [(await run_report(database, ADMIN, DRAFT.name)).execution.id for _ in range(count)]
    won = await queue.start(ids, _WORKER.name)
    await queue.finish([Finished(each.id, each.token, Outcome("Failed", "boom")) for each in won])
    return ids


async def _children(database: PostgresDatabase, failed: int) -> Sequence[int]:
    line = await database.read(lambda transaction: transaction.lineage(failed))
    return [each.id for each in line if each.retry_of == failed]


async def _refused(call: Awaitable[T]) -> JobmonError:
    """Return what the call was answered with, which must be no success, and in time."""
    began = time.monotonic()
    with pytest.raises(JobmonError) as answered:
        await call
    assert time.monotonic() - began < PART * ANSWERED_WITHIN
    assert answered.value.code is ErrorCode.STORAGE_UNAVAILABLE
    return answered.value


@pytest.mark.parametrize("loss", ["reset", "silence"])
async def test_a_commit_whose_answer_is_lost_is_looked_up_and_there_is_one_row(
    loss: Loss, far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    # A silence lasts until the limit for a commit: a few of them are enough.
    times = rounds(6, 50) if loss == "reset" else rounds(1, 5)
    failed = await _failed(near, times)
    for execution_id in failed:
        proxy.lose_commits(1, loss)
        began = time.monotonic()
        receipt = await retry_execution(far, ADMIN, execution_id)
        proxy.lose_commits(1, loss)
        queued = await run_report(far, ADMIN, DRAFT.name)
        assert time.monotonic() - began < 2 * PART * ANSWERED_WITHIN
        assert await _children(near, execution_id) == [receipt.new_id]
        assert not receipt.repeated, "it was this very call that made it"
        assert queued.execution.id == receipt.new_id + 1
    assert proxy.commits_lost == 2 * times


async def test_one_answer_after_another_is_lost_and_there_is_still_one_row(
    far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    # Only the first commit writes: those that look it up have nothing to lose.
    [failed] = await _failed(near)
    proxy.lose_commits(3)
    receipt = await retry_execution(far, ADMIN, failed)
    assert proxy.commits_lost == 3
    assert await _children(near, failed) == [receipt.new_id]


async def test_what_cannot_be_looked_up_is_said_to_be_unclear_and_never_repeated(
    far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    waiting = (await run_report(near, ADMIN, DRAFT.name)).execution.id
    proxy.lose_commits(1)
    with pytest.raises(UnclearOutcomeError, match="Look whether it was, before you try again"):
        await cancel_execution(far, ADMIN, waiting)
    assert (
        len(
            await near.read(
                lambda transaction: transaction.audit_entries(10, None, AuditFilter(execution_id=waiting))
            )
        )
        == 2
    )


@pytest.mark.parametrize("method", ["take", "refill", "start"])
async def test_what_a_worker_started_and_was_never_told_of_is_given_again_to_it(
    method: str, far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    queue = DatabaseQueue(far)
    await queue.register(_WORKER)
    waiting = (await run_report(near, ADMIN, DRAFT.name)).execution.id
    if method == "refill":
        await queue.start([waiting], _WORKER.name)
        token = await _token(near, waiting)
        first, waiting = waiting, (await run_report(near, ADMIN, DRAFT.name)).execution.id
        ended = [Finished(first, token, Outcome("Succeeded"))]
    proxy.lose_commits(1)
    if method == "start":
        with pytest.raises(Unavailable):
            await queue.start([waiting], _WORKER.name)
    else:
        call = queue.take(5, _WORKER.name) if method == "take" else queue.refill(ended, 5, _WORKER.name)
        with pytest.raises(Unclear) as unclear:
            await call
        assert unclear.value.ids == (waiting,)
    # The repeat that scheduler/ports.py promises.
    if method == "refill":
        accepted, won = await queue.exchange(ended, [waiting], _WORKER.name)
        assert accepted == []
    else:
        won = await queue.start([waiting], _WORKER.name)
    assert [(each.id, each.token) for each in won] == [(waiting, 1)]
    await queue.finish([Finished(waiting, 1, Outcome("Succeeded"))])


async def _token(database: PostgresDatabase, execution_id: int) -> int:
    again: Sequence[Claimed] = await DatabaseQueue(database).start([execution_id], _WORKER.name)
    return again[0].token


async def test_a_black_hole_is_answered_in_time_and_forgotten_once_it_is_over(
    far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    [failed] = await _failed(near)
    await far.read(lambda transaction: transaction.counts())
    proxy.hole = True
    told = await asyncio.gather(
        _refused(far.read(lambda transaction: transaction.counts())),
        _refused(retry_execution(far, ADMIN, failed)),
    )
    assert {each.message for each in told} == {
        "The database jobmon cannot be used: it does not answer in time. Try again in a moment."
    }
    assert not any(isinstance(each, UnclearOutcomeError) for each in told), "nothing was sent that could be"
    assert await _children(near, failed) == []
    proxy.hole = False
    began = time.monotonic()
    receipt = await retry_execution(far, ADMIN, failed)
    assert time.monotonic() - began < 10
    assert await _children(near, failed) == [receipt.new_id]


@pytest.mark.parametrize("from_the_start", [True, False])
async def test_a_line_that_takes_three_seconds_for_each_answer_gets_an_honest_one(
    from_the_start: bool, far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    [failed] = await _failed(near)
    await far.read(lambda transaction: transaction.counts())
    if from_the_start:
        proxy.delay = PART * 3.0
    else:
        proxy.slow_from_commit = PART * 3.0
    told = await _refused(retry_execution(far, ADMIN, failed))
    assert isinstance(told, UnclearOutcomeError) is not from_the_start
    made = await _children(near, failed)
    assert len(made) == (0 if from_the_start else 1)
    proxy.delay = 0.0
    if from_the_start:
        made = [(await retry_execution(far, ADMIN, failed)).new_id]
    else:
        with pytest.raises(JobmonError, match="already being retried"):
            await retry_execution(far, ADMIN, failed)
    assert await _children(near, failed) == made


async def test_connections_are_reset_under_load_and_nothing_is_lost_or_done_twice(
    far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    failed = await _failed(near, rounds(60, 600))
    answers: dict[int, int | JobmonError] = {}
    waiting = list(failed)

    async def client() -> None:
        while waiting:
            execution_id = waiting.pop()
            try:
                answers[execution_id] = (await retry_execution(far, ADMIN, execution_id)).new_id
            except JobmonError as error:
                answers[execution_id] = error
            await asyncio.sleep(0.03)

    clients = [asyncio.create_task(client()) for _ in range(3)]
    cuts = 0
    while not all(each.done() for each in clients):
        await asyncio.sleep(0.25)
        proxy.cut()
        cuts += 1
    await asyncio.gather(*clients)
    assert cuts >= 3
    for execution_id, answer in answers.items():
        made = await _children(near, execution_id)
        if isinstance(answer, int):
            assert made == [answer]
        else:
            # Rare: it was cut each time that it was begun anew. Then what is said holds.
            assert answer.code is ErrorCode.STORAGE_UNAVAILABLE
            assert len(made) <= int(isinstance(answer, UnclearOutcomeError))
    told = [answer for answer in answers.values() if isinstance(answer, JobmonError)]
    print(cuts, "cuts,", proxy.connections, "connections,", len(told), "of", len(failed), "not done")
    assert len(told) < len(failed) / 10, "a cut line is no reason to give up"


async def test_a_command_says_it_plainly_where_nobody_answers(
    near: PostgresDatabase, proxy: Proxy, source: PgSource, tmp_path: Path
) -> None:
    proxy.hole = True
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    environment |= {"JOBMON_DATABASE_URL": proxy.url(source.dsn), "JOBMON_TOKEN": ADMIN.token}
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobmon_tui", "retry", "1", "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    while not proxy.connections:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    async with asyncio.timeout(ANSWERED_WITHIN):
        printed, said = await command.communicate()
    assert command.returncode == 6
    assert b"does not answer in time" in said + printed
    assert b"Traceback" not in said
    assert proxy.connections == 1
