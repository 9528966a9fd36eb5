"""Blocks on PostgreSQL, where ids are given out before they are committed."""

import asyncpg

from jobmon_tui.storage.listing.block_keeper import BlockKeeper
from jobmon_tui.storage.listing.block_rules import wrong_blocks
from jobmon_tui.storage.listing.block_tables import BLOCK
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.conformance.world import NOW, many, queue_one

_LATE = """
INSERT INTO job_execution_log (id, report, status, "trigger", requested_by, attempt, queue, priority,
  queued_at, finished_at, fencing_token, configuration_id, configuration_version, configuration)
VALUES (500, 'Sales', 'Failed', 'manual', 'ada', 1, 'default', 0, now(), now(), 1, 1, 1, '{}')
"""


async def test_a_block_is_closed_only_when_nobody_can_add_to_it_any_more(postgres_database: str) -> None:
    other = await asyncpg.connect(postgres_database)
    async with PostgresDatabase(PgSource(postgres_database, "jobmon")) as database:
        await database.write(many(range(1, 21), "Succeeded", NOW))
        # Somebody has an id of the first block, and takes his time.
        slow = other.transaction()
        await slow.start()
        await other.execute(_LATE)
        await database.write(many(range(BLOCK, BLOCK + 10), "Succeeded", NOW))
        keeper = BlockKeeper(database, lambda: NOW)
        for _ in range(4):
            await database.write(queue_one)
            assert await keeper.look() == 0
        await slow.commit()
        counted = 0
        for _ in range(2):
            counted += await keeper.look()
        assert counted == 1
        kept = "SELECT block, succeeded, failed FROM execution_block"
        assert postgres.execute(postgres_database, kept) == [(0, 20, 1)]
        assert await database.read(lambda transaction: wrong_blocks(transaction._connection)) == []
    await other.close()


async def test_who_counts_blocks_waits_for_nobody_who_deletes(postgres_database: str) -> None:
    other = await asyncpg.connect(postgres_database)
    async with PostgresDatabase(PgSource(postgres_database, "jobmon")) as database:
        await database.write(many(range(1, 21), "Succeeded", NOW))
        await database.write(many(range(BLOCK, BLOCK + 10), "Succeeded", NOW))
        keeper = BlockKeeper(database, lambda: NOW)
        await keeper.look()
        deleting = other.transaction()
        await deleting.start()
        await other.execute("INSERT INTO retention_pass VALUES (1)")
        await other.execute("DELETE FROM job_execution_log WHERE id < 6")
        assert await keeper.look() == 0
        await deleting.commit()
        assert await keeper.look() + await keeper.look() == 1
        kept = "SELECT block, succeeded FROM execution_block"
        assert postgres.execute(postgres_database, kept) == [(0, 15)]
    await other.close()
