"""An account on PostgreSQL that is disabled, or loses its role, while one of its own retries is under way."""

import asyncio

import asyncpg
import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.storage.postgres.source import PgSource
from tests.backends import Raw, Store
from tests.conformance.halts import HALT, halting
from tests.conformance.world import ADMIN, end_raw, queue_one

_WAITS = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
_DISABLE = "UPDATE user_account SET disabled = true WHERE name = 'ada'"


@pytest.fixture
def backend() -> str:
    return "postgres"


async def _somebody_waits(raw: Raw) -> None:
    async with asyncio.timeout(4):
        while raw(_WAITS) == [(0,)]:  # noqa: ASYNC110 - the server has no event
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_DISABLE, ErrorCode.NOT_SIGNED_IN),
        ("UPDATE user_account SET role = 'Viewer' WHERE name = 'ada'", ErrorCode.NOT_PERMITTED),
    ],
)
async def test_a_retry_waits_for_who_changes_its_account_and_is_refused(
    store: Store, raw: Raw, place: PgSource, change: str, code: ErrorCode
) -> None:
    failed = await store.write(queue_one)
    end_raw(raw, failed)
    changing = await asyncpg.connect(place.dsn)
    async with changing.transaction():
        await changing.execute(change)
        retrying = asyncio.create_task(retry_execution(store, ADMIN, failed))
        await _somebody_waits(raw)
    await changing.close()
    with pytest.raises(JobmonError) as refused:
        await retrying
    assert refused.value.code is code
    assert raw("SELECT count(*) FROM job_execution_log") == [(1,)]


async def test_who_disables_an_account_waits_for_its_retry(store: Store, raw: Raw, place: PgSource) -> None:
    failed = await store.write(queue_one)
    end_raw(raw, failed)
    sent = 0
    changing = await asyncpg.connect(place.dsn)
    disabling: list[asyncio.Task[object]] = []

    async def halt() -> None:
        nonlocal sent
        sent += 1
        if sent == 4:
            # Begun, and who asks is known (prepared, and asked for): what follows writes.
            disabling.append(asyncio.create_task(changing.execute(_DISABLE)))
            await _somebody_waits(raw)

    with halting():
        token = HALT.set(halt)
        try:
            await retry_execution(store, ADMIN, failed)
        finally:
            HALT.reset(token)
    assert disabling
    await disabling[0]
    await changing.close()
    assert raw(
        "SELECT count(*), bool_or(disabled) FROM job_execution_log, user_account WHERE name = 'ada'"
    ) == [(2, True)]
