"""Two units of work on PostgreSQL, interleaved statement by statement: whoever is first, the rules hold."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

import asyncpg
import pytest

from jobmon_tui.domain.errors import ErrorCode
from jobmon_tui.services.chain import verify_audit
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.conformance.explorer import Met, interleave, schedules
from tests.conformance.halts import halting
from tests.conformance.scenes import ACTS, stage
from tests.conformance.world import ADMIN, add_people
from tests.e2e.faults.size import WHOLE, seed
from tests.e2e.faults.truths import IN_ONE

SHARE = 1.0 if WHOLE else 0.05
"""Of all schedules of a pair."""
RULES = (
    IN_ONE,
    """SELECT 'a Queued execution without a ticket', id FROM job_execution_log e WHERE status = 'Queued'
    AND NOT EXISTS (SELECT 1 FROM jobmon_pgqueuer t WHERE t.id = e.id) AND NOT EXISTS
    (SELECT 1 FROM report_configuration r WHERE r.id = e.configuration_id AND max_concurrent IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM report_state s
      WHERE s.configuration_id = e.configuration_id AND max_concurrent IS NOT NULL)""",
    """SELECT 'an execution of a worker that is gone', id FROM job_execution_log e WHERE status = 'Running'
    AND NOT EXISTS (SELECT 1 FROM worker w WHERE w.name = e.worker)""",
    """SELECT 'a due time that fired over an active execution', fired.id FROM job_execution_log fired
    JOIN job_execution_log e ON e.configuration_id = fired.configuration_id AND e.id < fired.id
    AND e.status IN ('Queued', 'Running') WHERE fired.due_at IS NOT NULL""",
    """SELECT 'more than may run at once', configuration_id FROM job_execution_log e WHERE status = 'Running'
    GROUP BY configuration_id
    HAVING count(*) > (SELECT max_concurrent FROM report_configuration r WHERE r.id = configuration_id)""",
)
POLICIES = {"limits": {"max_concurrent": 2}}
"""One is Running already."""
PAIRS = {
    "retries": [
        ("retry", "retry"),
        ("retry", "retry with a key"),
        ("retry with a key", "retry with a key"),
        ("retry", "delete"),
        ("retry", "edit"),
        ("retry", "rename"),
        ("retry", "fire"),
        ("retry", "prune"),
        ("retry", "run"),
        ("retry", "take"),
        ("retry what waits", "retry what waits"),
        ("retry what waits", "delete"),
        ("retry what waits", "cancel what waits"),
        ("retry what waits", "claim what waits"),
        ("retry what waits", "claim both"),
        ("retry what waits", "prune"),
        ("retry what ends", "fail"),
        ("retry what ends", "refill"),
        ("retry what ends", "reap"),
    ],
    "claims": [
        ("claim", "claim by another"),
        ("claim", "claim both"),
        ("claim", "delete"),
        ("claim", "edit"),
        ("claim", "limit"),
        ("claim", "cancel what is queued"),
        ("claim", "reap"),
        ("claim both", "retry what waits"),
        ("take", "take"),
        ("take", "reap"),
        ("take", "cancel what is queued"),
        ("take", "limit"),
        ("beat", "reap"),
    ],
    "ends": [
        ("fail", "succeed"),
        ("fail", "refill"),
        ("fail", "cancel what runs"),
        ("fail", "reap"),
        ("fail", "delete"),
        ("fail", "edit"),
        ("fail", "limit"),
        ("refill", "refill"),
        ("refill", "reap"),
        ("refill", "delete"),
        ("refill", "take"),
        ("refill", "cancel what is queued"),
        ("reap", "reap"),
        ("reap", "delete"),
        ("reap", "cancel what runs"),
    ],
    "limits": [
        ("claim", "claim what waits"),
        ("claim both", "claim both"),
        ("claim", "claim both"),
        ("take", "claim what waits"),
        ("take", "take"),
        ("refill", "claim both"),
        ("refill", "take"),
        ("fail", "claim both"),
        ("reap", "claim both"),
        ("delete", "claim both"),
    ],
    "schedules": [
        ("fire the idle", "fire the idle"),
        ("fire the idle", "delete the idle"),
        ("fire the idle", "run the idle"),
        ("run the idle", "delete the idle"),
        ("fire", "delete"),
        ("fire", "edit"),
        ("fire", "pause"),
        ("run", "delete"),
        ("run", "limit"),
        ("delete", "delete"),
        ("delete", "edit"),
        ("rename", "edit"),
        ("edit", "edit"),
        ("cancel what is queued", "cancel what is queued"),
        ("cancel what runs", "cancel what runs"),
    ],
}


@dataclass
class Ground:
    """A database, a connection for each of two rivals, and one that watches them."""

    stores: tuple[PostgresDatabase, PostgresDatabase]
    watcher: asyncpg.Connection
    policies: dict[str, object] = field(default_factory=dict)
    number: int = 0

    async def meet(self, pair: tuple[str, str], sizes: tuple[int, int]) -> Met:
        """Interleave two on a scene of their own, and check every rule."""
        self.number += 1
        scene = await self.stores[0].write(
            stage(self.number, max_retries=1, on_lost="requeue", **self.policies)
        )
        one, other = self.stores
        acts = (lambda: ACTS[pair[0]](one, scene), lambda: ACTS[pair[1]](other, scene))
        met = await interleave(self.watcher, acts, sizes)
        for answer in met.answers:
            assert getattr(answer, "code", None) is not ErrorCode.STORAGE_UNAVAILABLE, (pair, sizes, answer)
        broken = [tuple(row) for query in RULES for row in await self.watcher.fetch(query)]
        assert not broken, (pair, sizes, broken)
        # Each look asks for every report that has a limit.
        await self.watcher.execute("UPDATE report_configuration SET max_concurrent = NULL")
        return met


@pytest.fixture
async def ground(postgres_database: str) -> AsyncIterator[Ground]:
    # Where two wait for each other, one of them is told at once.
    name = postgres.execute(postgres_database, "SELECT current_database()")[0][0]
    postgres.execute(postgres_database, f"ALTER DATABASE {name} SET deadlock_timeout = '20ms'")
    async with AsyncExitStack() as opened:
        source = PgSource(postgres_database, "jobmon")
        one, other = [
            await opened.enter_async_context(await PostgresDatabase.open(source, connections=1, patience=30))
            for _ in range(2)
        ]
        await one.write(add_people)
        watcher = await asyncpg.connect(postgres_database)
        opened.push_async_callback(watcher.close)
        with halting():
            yield Ground((one, other), watcher)


@pytest.mark.parametrize("group", PAIRS)
async def test_whoever_is_interrupted_where_the_rules_hold(ground: Ground, group: str) -> None:
    ground.policies = POLICIES.get(group, {})
    dice = random.Random(seed())
    for pair in PAIRS[group]:
        await ground.watcher.execute("ANALYZE")
        # Every way in which a retry and a deletion can meet, each time.
        share = 1.0 if group == "retries" and "delete" in pair else SHARE
        for each in dict.fromkeys((pair, pair[::-1])):
            met = schedules(partial(ground.meet, each), lambda share=share: dice.random() < share)
            assert [one async for one in met]
    assert (await verify_audit(ground.stores[0], ADMIN)).first_bad is None
