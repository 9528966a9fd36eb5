"""PgQueuer as we use it: how its tables are named and made, and how it hands tickets out.

A ticket is a row of PgQueuer's that stands for a Queued execution and carries its id. Triggers of ours write
it together with the execution (triggers_postgres.py). See docs/decisions/0005-pgqueuer.md.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries
from sqlalchemy.util import await_only

from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.triggers.postgres import TICKETS

UNUSED_AFTER: Final = timedelta(seconds=30)
"""How long a ticket that was handed out and not used stays out of others' reach."""
_PREFIX: Final = "jobmon_"
# Every name is given: left out, it would be read from the environment, a plain `CHANNEL` or `TRIGGER` too.
SETTINGS: Final = DBSettings(
    prefix=_PREFIX,
    db_schema=None,
    channel=Channel(f"{_PREFIX}ch_pgqueuer"),
    function=f"{_PREFIX}fn_pgqueuer_changed",
    statistics_table=f"{TICKETS}_statistics",
    queue_status_type=f"{TICKETS}_status",
    queue_table=TICKETS,
    queue_table_log=f"{TICKETS}_log",
    trigger=f"{_PREFIX}tg_pgqueuer_changed",
    schedules_table=f"{TICKETS}_schedules",
    durability=Durability.durable,
    widen_id=True,
)
BUILDERS: Final[dict[str, Any]] = {
    "qbe": QueryBuilderEnvironment(SETTINGS),
    "qbq": QueryQueueBuilder(SETTINGS),
    "qbs": QuerySchedulerBuilder(SETTINGS),
}
_NO_LIMIT: Final = EntrypointExecutionParameter(concurrency_limit=0)
# Its log would be a second one beside job_execution_log: three rows for each execution, and nobody to prune
# them. Its notes would wake whom ours have woken already.
_OURS: Final = f"""
CREATE FUNCTION jobmon_unlogged() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER jobmon_unlogged BEFORE INSERT ON {SETTINGS.queue_table_log}
  FOR EACH ROW EXECUTE FUNCTION jobmon_unlogged();
ALTER TABLE {TICKETS} DISABLE TRIGGER {SETTINGS.trigger};
"""


def install_statements() -> str:
    """Return what makes PgQueuer's tables as this release of it declares them, and what we change of them."""
    environment: QueryBuilderEnvironment = BUILDERS["qbe"]
    made = environment.build_install_query(create_schema=False)
    return f"{made}\n{environment.build_optimize_autovacuum_query()}\n{_OURS}"


class _InTransaction(AsyncpgDriver):
    """PgQueuer's statements in the transaction of a connection of ours, prepared once."""

    def __init__(self, lane: PgConnection) -> None:
        super().__init__(lane.raw)
        self._lane = lane

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Run a statement and return its rows."""
        prepared = await self._lane.prepared(query)
        return [dict(row) for row in await prepared.fetch(*args)]

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement and return what the server says of it."""
        prepared = await self._lane.prepared(query)
        await prepared.fetch(*args)
        return str(prepared.get_statusmsg())


class Tickets:
    """PgQueuer within one of our transactions; its methods run inside `greenlet_spawn` only."""

    def __init__(self, lane: PgConnection) -> None:
        self._queries = Queries(_InTransaction(lane), **BUILDERS)

    def hand_out(self, most: int, queues: Sequence[str], to: UUID) -> Sequence[tuple[int, int]]:
        """Take at most `most` tickets that are due, and return (execution's id, priority) of each.

        Where the transaction is committed and the ticket not returned, others get it after `UNUSED_AFTER`.
        """
        wanted = {QueueEntrypoint(each): _NO_LIMIT for each in queues}
        jobs = await_only(self._queries.dequeue(most, wanted, QueueManagerId(to), None, UNUSED_AFTER))
        return [(int(job.payload or job.id), job.priority) for job in jobs]

    def take_back(self, ids: Sequence[int]) -> None:
        """Forget the tickets of these executions."""
        query = self._queries.qbq.build_log_job_query()
        await_only(
            self._queries.driver.execute(query, list(ids), ["successful"] * len(ids), [None] * len(ids))
        )
