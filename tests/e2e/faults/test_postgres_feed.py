"""PostgreSQL's change feed on a line that is cut, goes dead, or loses what is sent on it."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator

import pytest

from jobmon_tui.services.watching import Watch
from jobmon_tui.storage.postgres import feed as pg_feed
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests.conformance.world import add_people, queue_one
from tests.pg_proxy import Proxy, proxied
from tests.postgres import execute

_HANG_UP_ON_THE_FEED = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE '%execution_output%' AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def proxy(postgres_database: str) -> AsyncIterator[Proxy]:
    async with proxied(postgres_database) as made:
        yield made


@pytest.fixture
async def near(postgres_database: str) -> AsyncIterator[PostgresDatabase]:
    """The one that changes things, on a sound line."""
    async with await PostgresDatabase.open(PgSource(postgres_database, "jobmon")) as opened:
        await opened.write(add_people)
        await opened.write(queue_one)
        yield opened


@pytest.fixture
async def far(
    proxy: Proxy, near: PostgresDatabase, postgres_database: str
) -> AsyncIterator[PostgresDatabase]:
    """The one that watches, through the proxy."""
    source = PgSource(proxy.url(postgres_database), "jobmon")
    async with await PostgresDatabase.open(source) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ping ten times as often, and wait a tenth of the time."""
    monkeypatch.setattr(pg_feed, "PING_SECONDS", pg_feed.PING_SECONDS / 10)
    monkeypatch.setattr(pg_feed, "ANSWER_SECONDS", pg_feed.ANSWER_SECONDS / 10)


async def _listening(watch: Watch) -> None:
    """Wait until the line stands, and what is told then is heard."""
    async with asyncio.timeout(10):
        assert await watch.wait(10)
        # LISTEN and the first state come one after the other, and then the one telling.
        while await watch.wait(0.05):
            pass


async def test_a_change_is_told_by_a_note_and_a_process_s_own_is_told_once(
    far: PostgresDatabase, near: PostgresDatabase
) -> None:
    watch = far.feed.watch()
    await _listening(watch)
    began = time.monotonic()
    await near.write(queue_one)
    assert await watch.wait(5)
    assert time.monotonic() - began < pg_feed.PING_SECONDS / 2, "it was the poll that noticed"
    before = far.feed.version
    await far.write(queue_one)
    await asyncio.sleep(0.1)
    assert far.feed.version == before + 1


async def test_what_happens_while_the_line_is_down_is_told_once_it_is_back(
    far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    watch = far.feed.watch()
    await _listening(watch)
    proxy.closed = True
    proxy.cut()
    # The loss is told: who watches shall see for himself that the server has gone.
    assert await watch.wait(5)
    await near.write(queue_one)
    assert not await watch.wait(1.0), "told of what it cannot have heard"
    proxy.closed = False
    began = time.monotonic()
    assert await watch.wait(10)
    assert time.monotonic() - began < 10
    await near.write(queue_one)
    assert await watch.wait(5)


@pytest.mark.usefixtures("impatient")
async def test_a_dead_line_is_found_out_and_replaced(
    far: PostgresDatabase, near: PostgresDatabase, proxy: Proxy
) -> None:
    watch = far.feed.watch()
    await _listening(watch)
    proxy.hole = True
    await near.write(queue_one)
    # Nobody says that the line is dead, and the note is lost on it.
    began = time.monotonic()
    assert await watch.wait(5)
    assert time.monotonic() - began < 2 * (pg_feed.PING_SECONDS + pg_feed.ANSWER_SECONDS)
    proxy.hole = False
    assert await watch.wait(10)
    await asyncio.sleep(0.1)
    await watch.wait(0)
    await near.write(queue_one)
    assert await watch.wait(5)


@pytest.mark.usefixtures("impatient")
async def test_the_poll_tells_of_what_no_note_told_and_of_nothing_else(
    far: PostgresDatabase, near: PostgresDatabase, postgres_database: str
) -> None:
    execute(
        postgres_database,
        "CREATE OR REPLACE FUNCTION jobmon_tell(ids bigint[]) RETURNS void LANGUAGE sql AS $$ SELECT $$",
    )
    watch = far.feed.watch()
    await _listening(watch)
    assert not await watch.wait(5 * pg_feed.PING_SECONDS), "told though nothing was changed"
    await near.write(queue_one)
    assert await watch.wait(5)
    assert not await watch.wait(3 * pg_feed.PING_SECONDS), "told of one change twice"


async def test_while_the_server_is_away_it_asks_seldom_and_ever_more_seldom(
    far: PostgresDatabase, proxy: Proxy
) -> None:
    watch = far.feed.watch()
    await _listening(watch)
    proxy.closed = True
    proxy.cut()
    assert await watch.wait(5)
    before = proxy.connections
    await asyncio.sleep(2.0)
    # At most 0.1 + 0.2 + 0.4 + 0.8 s lie before the fifth.
    assert 1 <= proxy.connections - before <= 5


async def test_a_server_that_hangs_up_at_once_is_not_asked_in_a_circle(
    far: PostgresDatabase, proxy: Proxy, postgres_database: str
) -> None:
    watch = far.feed.watch()
    await _listening(watch)
    before = proxy.connections
    until = time.monotonic() + 2.0
    hung_up = 0
    while time.monotonic() < until:
        hung_up += len(await asyncio.to_thread(execute, postgres_database, _HANG_UP_ON_THE_FEED))
    assert hung_up > 1
    assert proxy.connections - before <= 6


@pytest.mark.parametrize("state", ["listening", "connecting", "asking", "pausing"])
@pytest.mark.usefixtures("impatient")
async def test_closing_leaves_nothing_behind(
    state: str, near: PostgresDatabase, proxy: Proxy, postgres_database: str
) -> None:
    before = asyncio.all_tasks()
    source = PgSource(proxy.url(postgres_database), "jobmon")
    async with await PostgresDatabase.open(source) as far:
        watch = far.feed.watch()
        await _listening(watch)
        proxy.hole = state in {"connecting", "asking"}
        proxy.closed = state == "pausing"
        if state in {"connecting", "pausing"}:
            proxy.cut()
            assert await watch.wait(5)
        await asyncio.sleep({"connecting": 0.35, "asking": 0.4, "pausing": 0.05}.get(state, 0.0))
    assert far.feed._task is None
    left = {task for task in asyncio.all_tasks() - before if "Proxy" not in repr(task.get_coro())}
    await asyncio.sleep(0)
    assert [task for task in left if not task.done()] == []
    # What was not closed says so here: warnings are errors.
    gc.collect()
