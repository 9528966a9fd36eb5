"""Moves everything from one database to another, between SQLite and PostgreSQL or to the same kind.

What is finished never changes: finished executions (with their output) and the audit log go first, in bounded
transactions, by ascending id. How far they got stands in the target itself: interrupted, it goes on there.
All that may change goes last, in one transaction, which ends with the checks and opens the target to others;
until then its schema's name says that it is not whole. Ids and the audit chain stay what they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from sqlalchemy import Executable, Table, func, select, text

from jobmon_tui.domain.audit import ChainWalk
from jobmon_tui.domain.errors import ErrorCode, JobmonError, storage_unavailable
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.liveness import process_is_gone
from jobmon_tui.storage.audit_queries import AuditQueries
from jobmon_tui.storage.copying.pages import Pages
from jobmon_tui.storage.copying.sides import Side, transaction
from jobmon_tui.storage.invariants import counted_rows, counters
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.schema import UNFINISHED, head_revision, require_newest
from jobmon_tui.storage.tables import (
    accounts,
    audit_log,
    cancel_requests,
    executions,
    outputs,
    report_states,
    reports,
    sessions,
    workers,
)

CHANGING: Final = (reports, report_states, accounts, cancel_requests)
"""Small, and changed at any time: copied whole, in the last transaction."""
LEFT_OUT: Final = frozenset(
    {
        "status_count",
        "retention_pass",
        "execution_block",
        "report_block",
        "hour_block",
        "ended_session",
        "sign_in_failure",
        "refusal_budget",
    }
)
"""Kept by the target's triggers; empty but for moments; counted by its workers; of no use a day later."""
_ACTIVE: Final = frozenset({Status.QUEUED.value, Status.RUNNING.value})
_NUMBERED: Final = ("report_configuration", "job_execution_log", "user_account")
_EMPTY: Final = (executions, audit_log, accounts, reports, workers)
_IDS: Final = 10_000
_CHAIN: Final = 1_000

Tell = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and of how much."""


@dataclass(slots=True)
class Copied:
    """What a copy did: rows that were added in this run, by table, and how the audit log ends."""

    rows: dict[str, int] = field(default_factory=dict)
    resumed: bool = False
    audit_entries: int = 0
    audit_head: str = ""

    def add(self, table: Table, count: int) -> None:
        """Count rows that were added."""
        self.rows[table.name] = self.rows.get(table.name, 0) + count


def _conflict(message: str) -> JobmonError:
    return JobmonError(ErrorCode.ALREADY_EXISTS, message)


class Copying:
    """One run of a copy. Raises `storage_unavailable`, `already_exists` where source or target forbid it."""

    def __init__(self, source: Side, target: Side, tell: Tell = lambda _what, _done, _all: None) -> None:
        """Both databases have the newest schema, or the target is an unfinished copy."""
        self._source = source
        self._target = target
        self._tell = tell
        self._copied = Copied()

    async def run(self, *, with_sessions: bool = False, while_workers_run: bool = False) -> Copied:
        """Copy all that is missing. Run again after an interruption, it goes on."""
        async with transaction(self._source):
            require_newest(await self._source.run(_revision), self._source.name)
            if not while_workers_run:
                await self._refuse_workers()
            walk = await self._walk(self._source)
            self._copied.resumed = await self._marked()
            await self._holes(await self._target.run(_greatest(executions)))
            await self._finished_ones()
            await self._audit(walk)
            async with transaction(self._target):
                await self._rest(with_sessions)
                await self._check(walk)
        self._copied.audit_entries, self._copied.audit_head = walk.last, walk.head
        return self._copied

    async def _refuse_workers(self) -> None:
        seen = await self._source.run(lambda c: c.execute(select(workers.c.host, workers.c.pid)).all())
        alive = [f"{row.host} (pid {row.pid})" for row in seen if not process_is_gone(row.host, row.pid)]
        if alive:
            raise _conflict(
                f"Workers run on the database {self._source.name}: {', '.join(alive)}. Stop them first. One "
                "that died is forgotten 45 seconds after another starts; or add --while-workers-run"
            )

    async def _walk(self, side: Side) -> ChainWalk:
        """Recompute the chain of one end, and compare it with its head."""
        walk = ChainWalk()
        head = await side.run(lambda c: AuditQueries(c).audit_head())
        while page := await side.run(lambda c: AuditQueries(c).audit_chain(walk.last, _CHAIN)):
            bad = walk.first_bad(page)
            if bad is not None:
                raise _chain_broken(side.name, bad)
            self._tell(f"Checking the audit log of {side.name}", walk.last, head[0])
        if head != (walk.last, walk.head):
            raise _chain_broken(side.name, walk.last + 1)
        return walk

    async def _marked(self) -> bool:
        """Mark the target as unfinished, or see that it is an unfinished copy of this source; tell which."""
        mark = UNFINISHED + head_revision()
        async with transaction(self._target):
            found = await self._target.run(_revision)
            if found == mark:
                await self._require_same()
                return True
            if found is not None and found.startswith(UNFINISHED):
                raise _conflict(
                    f"The copy into the database {self._target.name} was begun by another version of jobmon. "
                    "Copy into an empty one."
                )
            require_newest(found, self._target.name)
            held = [table.name for table in _EMPTY if await self._target.run(_first(select(table).limit(1)))]
            if held:
                raise _conflict(
                    f"The database {self._target.name} holds data already ({', '.join(held)}) and was left "
                    "as it is. Copy into an empty one."
                )
            await self._target.run(partial(_set_revision, mark))
            return False

    async def _require_same(self) -> None:
        for table, names in (
            (audit_log, ("id", "hash")),
            (executions, ("id", "report", "queued_at", "status")),
        ):
            columns = [table.c[name] for name in names]
            newest = select(*columns).order_by(table.c.id.desc()).limit(1)
            held = await self._target.run(_first(newest))
            if held is None:
                continue
            found = await self._source.run(_first(select(*columns).where(table.c.id == held.id)))
            if found is None or tuple(found) != tuple(held):
                raise _conflict(
                    f"The copy into the database {self._target.name} was begun from another database than "
                    f"{self._source.name}, or executions were pruned since. Copy into an empty one."
                )

    async def _holes(self, greatest: int) -> None:
        """Copy what was passed over by an earlier run as it was not finished then, and has finished since."""
        after = 0
        while after < greatest:
            page = await self._source.run(partial(_ids, after, greatest, _IDS))
            last = page[-1].id if len(page) == _IDS else greatest
            here = {int(row.id) for row in await self._target.run(partial(_ids, after, last, None))}
            finished = {int(row.id) for row in page if row.status not in _ACTIVE}
            if here - finished:
                raise _conflict(
                    f"Executions were pruned from the database {self._source.name} since the copy was begun. "
                    "Copy into an empty one."
                )
            missing = sorted(finished - here)
            for at in range(0, len(missing), _CHAIN):
                some = executions.c.id.in_(missing[at : at + _CHAIN])
                async with transaction(self._target):
                    await self._with_output(Pages(executions).where(some))
            after = last

    async def _finished_ones(self) -> None:
        what, done = "Copying executions", 0
        total = await self._source.run(_count_finished)
        cursor = await self._target.run(_greatest(executions))
        if cursor:
            done = await self._target.run(_count_finished)
        pages = Pages(executions, (cursor,))
        while not pages.at_end:
            async with transaction(self._target):
                if await self._target.run(_greatest(executions)) != cursor:
                    raise _conflict(f"Another copy into the database {self._target.name} is under way.")
                rows = [row for row in await self._source.run(pages.read) if row.status not in _ACTIVE]
                await self._put(executions, rows)
                if rows:
                    cursor = int(rows[-1].id)
                    await self._outputs_of([row.id for row in rows])
            done += len(rows)
            self._tell(what, done, total)

    async def _with_output(self, pages: Pages) -> None:
        while not pages.at_end:
            rows = await self._source.run(pages.read)
            await self._put(executions, rows)
            await self._outputs_of([row.id for row in rows])

    async def _outputs_of(self, ids: Sequence[int]) -> None:
        if ids:
            await self._all(Pages(outputs).where(outputs.c.execution_id.in_(ids)))

    async def _all(self, pages: Pages) -> None:
        while not pages.at_end:
            await self._put(pages.table, await self._source.run(pages.read))

    async def _put(self, table: Table, rows: Sequence[Any]) -> None:
        await self._target.put(table, [tuple(row) for row in rows])
        self._copied.add(table, len(rows))

    async def _audit(self, walk: ChainWalk) -> None:
        pages = Pages(audit_log, (await self._target.run(_greatest(audit_log)),))
        while not pages.at_end:
            async with transaction(self._target):
                rows = await self._source.run(pages.read)
                await self._put(audit_log, rows)
            if rows:
                self._tell("Copying the audit log", int(rows[-1].id), walk.last)

    async def _rest(self, with_sessions: bool) -> None:
        for table in CHANGING:
            await self._all(Pages(table))
        if with_sessions:
            await self._all(Pages(sessions))
        # A worker whose executions stay Running here is lost from here: whoever works here will see it.
        running = select(executions.c.worker).where(executions.c.status == Status.RUNNING.value)
        await self._all(Pages(workers).where(workers.c.name.in_(running)))
        await self._with_output(Pages(executions).where(executions.c.status.in_(sorted(_ACTIVE))))
        head = await self._source.run(lambda c: AuditQueries(c).audit_head())
        move = text("UPDATE audit_head SET audit_id = :entry, hash = :hash WHERE id = 1")
        await self._target.run(lambda c: c.execute(move, {"entry": head[0], "hash": head[1]}))
        await self._target.raise_ids(await self._source.greatest_ids(_NUMBERED))

    async def _check(self, walk: ChainWalk) -> None:
        """Compare both ends, and open the target. Raises `storage_unavailable` where they differ."""
        self._tell("Comparing both databases", 0, 1)
        for table in (executions, outputs, audit_log, *CHANGING):
            there, here = await self._source.run(_count(table)), await self._target.run(_count(table))
            if there != here:
                raise storage_unavailable(
                    f"The copy differs from its source: {here:,} rows of {table.name} instead of {there:,}. "
                    "Copy into an empty database."
                )
        if await self._source.run(counted_rows) != await self._target.run(counters):
            raise storage_unavailable("The copy counts executions wrongly. Copy into an empty database.")
        if await self._walk(self._target) != walk:
            raise storage_unavailable("The copy's audit log differs. Copy into an empty database.")
        await self._target.run(partial(_set_revision, head_revision()))
        self._tell("Comparing both databases", 1, 1)


def _chain_broken(name: str, entry: int) -> JobmonError:
    return _conflict(
        f"The audit log of the database {name} breaks at entry {entry}. Nothing was copied. "
        "See: jobmon audit verify"
    )


def _revision(connection: Executes) -> str | None:
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _set_revision(revision: str, connection: Executes) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def _greatest(table: Table) -> Callable[[Executes], int]:
    return lambda connection: int(connection.execute(select(func.max(table.c.id))).scalar() or 0)


def _ids(after: int, last: int, limit: int | None, connection: Executes) -> Sequence[Any]:
    query = select(executions.c.id, executions.c.status).where(
        executions.c.id > after, executions.c.id <= last
    )
    return connection.execute(query.order_by(executions.c.id).limit(limit)).all()


def _first(query: Executable) -> Callable[[Executes], Any]:
    return lambda connection: connection.execute(query).first()


def _count(table: Table) -> Callable[[Executes], int]:
    query = select(func.count()).select_from(table)
    if table is outputs:
        # What belongs to no execution stays behind.
        query = query.where(outputs.c.execution_id.in_(select(executions.c.id)))
    return lambda connection: int(connection.execute(query).scalar_one())


def _count_finished(connection: Executes) -> int:
    return sum(n for status, n in counters(connection).items() if status not in _ACTIVE)
