"""Following on a real database, of either kind."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import asyncpg

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.services.follow import Follower
from jobmon_tui.services.look import list_executions
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.postgres.source import PgSource
from tests.backends import Place, Raw, Store
from tests.conformance.world import ADMIN, NOW, end_raw, many, queue_one

_COLUMNS = (
    'report, status, "trigger", requested_by, attempt, queue, priority, queued_at, fencing_token, '
    "configuration_id, configuration_version, configuration"
)


def follower(store: Store) -> Follower:
    async def executions(*arguments: Any, **more: Any) -> Sequence[Execution]:
        return await list_executions(store, *arguments, **more)

    return Follower(SimpleNamespace(executions=executions), ADMIN)  # type: ignore[arg-type]


async def told(following: Follower) -> list[tuple[int, str]]:
    return [
        (step.execution.id, step.execution.status.value) async for steps in following.look() for step in steps
    ]


async def test_each_step_is_told_once(store: Store, raw: Raw) -> None:
    await store.write(many(range(1, 1_200), "Succeeded", NOW))
    before = await store.write(queue_one)
    following = follower(store)
    assert await told(following) == []
    end_raw(raw, before)
    retry = (await retry_execution(store, ADMIN, before)).new_id
    made = [await store.write(queue_one) for _ in range(3)]
    assert sorted(await told(following)) == [
        (before, "Failed"),
        *((number, "Queued") for number in (retry, *made)),
    ]
    assert await told(following) == []
    end_raw(raw, made[1], Status.CANCELLED)
    found = await told(following)
    assert found[-1] == (made[1], "Cancelled")
    assert await told(following) == []


async def test_an_id_that_is_seen_late_is_told_though_it_has_ended_by_then(
    store: Store, raw: Raw, place: Place
) -> None:
    first = await store.write(queue_one)
    following = follower(store)
    assert await told(following) == []
    if not isinstance(place, PgSource):
        return  # SQLite has one writer at a time: ids are seen as they are given out
    connection = await asyncpg.connect(place.dsn)
    try:
        slow = connection.transaction()
        await slow.start()
        late = await connection.fetchval(
            f"INSERT INTO job_execution_log ({_COLUMNS}) SELECT {_COLUMNS} FROM job_execution_log "
            "WHERE id = $1 RETURNING id",
            first,
        )
        early = await store.write(queue_one)
        assert early > late
        assert await told(following) == [(early, "Queued")]
        await connection.execute("UPDATE job_execution_log SET status = 'Cancelled' WHERE id = $1", late)
        await slow.commit()
    finally:
        await connection.close()
    assert await told(following) == [(late, "Queued"), (late, "Cancelled")]
    assert await told(following) == []
