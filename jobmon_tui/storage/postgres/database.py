"""PostgreSQL: for those who outgrow one machine. See docs/decisions/0006 for the thin layer on asyncpg."""

import asyncio
import random
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Self, TypeVar, cast

import asyncpg
from sqlalchemy.util import greenlet_spawn

from jobmon_tui.domain.errors import JobmonError, UnclearOutcomeError, storage_unavailable
from jobmon_tui.storage.postgres.connection import PgConnection
from jobmon_tui.storage.postgres.errors import AGAIN, BROKEN, FAILURES, pg_error
from jobmon_tui.storage.postgres.feed import ListenFeed
from jobmon_tui.storage.postgres.pool import PgPool
from jobmon_tui.storage.postgres.schema import current_revision, upgrade
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.postgres.transaction import PgTransaction
from jobmon_tui.storage.schema import require_newest

T = TypeVar("T")

PATIENCE: Final = 4.5
"""Seconds that a unit of work may take in all, waiting for a connection included."""
CONNECTIONS: Final = 4
"""Connections at once, besides the one that listens. More would not be faster: docs/decisions/0006."""
_TRIES: Final = 6
"""How often a unit of work is begun anew that stood in another's way, or whose connection broke."""
_FIRST_PAUSE: Final = 0.01
_FIRST_PAUSE_BROKEN: Final = 0.05
"""Seconds before it is begun anew, doubled each time: in all long enough for a server to restart."""
_SHARES: Final = {"BEGIN": 0.3, "COMMIT": 0.4, "ROLLBACK": 0.1}
_ALONE: Final = 0.4
"""Parts of the patience that these may take, and a statement without them.

On a line that went dead they leave time for another one.
"""
_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Not READ WRITE: who made the server read-only by default has a reason.
# The setting holds until the end, though it stands first: the server takes both as one. What writes goes by
# ids; to plan it anew each time, as the server otherwise does for arrays of them, costs more than to do it.
_WRITE: Final = "SET LOCAL plan_cache_mode = force_generic_plan; BEGIN ISOLATION LEVEL READ COMMITTED"


class PostgresDatabase:
    """A `Database` on PostgreSQL: any number of units of work at once, each in a transaction of its own."""

    def __init__(
        self, source: PgSource, *, connections: int = CONNECTIONS, patience: float = PATIENCE
    ) -> None:
        """`patience` is how many seconds a unit of work may take in all."""
        self.source = source
        self._patience = patience
        self._pool = PgPool(source, connections)
        self._is_closed = False
        self._under_way: set[asyncio.Task[Any]] = set()
        # What this process commits is told at once: no need to hear of it from the server as well.
        self.feed = ListenFeed(source, self._pool.is_own)

    @classmethod
    async def open(
        cls,
        source: PgSource,
        *,
        create: bool = True,
        connections: int = CONNECTIONS,
        patience: float = PATIENCE,
    ) -> "PostgresDatabase":
        """Connect; with `create` an empty database is set up, without it refused.

        An older schema is refused in both cases: others share it, so it is changed when somebody says so, by
        `upgrade`. Raises `storage_unavailable`.
        """
        revision = await schema_of(source, patience)
        if revision is None and create:
            await upgrade(source)
        else:
            require_newest(revision, source.name)
        return cls(source, connections=connections, patience=patience)

    async def read(self, work: Callable[[PgTransaction], T]) -> T:
        """Run `work` on a snapshot. Raises `storage_unavailable`."""
        return await self._shielded(work, writes=False)

    async def write(self, work: Callable[[PgTransaction], T], *, repeatable: bool = False) -> T:
        """Run `work`, commit, and tell the feed. Raises `storage_unavailable`, `UnclearOutcomeError`.

        Where it stood in another's way (a deadlock), or the connection broke before the commit, it is begun
        anew, some times; with `repeatable` also where the commit's answer was lost.
        """
        return await self._shielded(work, writes=True, repeatable=repeatable)

    async def write_if(
        self, look: Callable[[PgTransaction], bool], work: Callable[[PgTransaction], T]
    ) -> T | None:
        """Run `look`; only if it says so, run `work` in the same transaction. Otherwise return None."""
        return await self._shielded(work, look, writes=True)

    async def close(self) -> None:
        """Let the units of work under way end, which their patience bounds; stop the feed; disconnect."""
        self._is_closed = True
        await self.feed.close()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def _shielded(
        self,
        work: Callable[[PgTransaction], T],
        look: Callable[[PgTransaction], bool] | None = None,
        *,
        writes: bool,
        repeatable: bool = False,
    ) -> T:
        if self._is_closed:
            raise storage_unavailable("The database is closed.")
        # A cancelled caller must not leave it open whether the commit went out.
        unit = asyncio.ensure_future(self._unit(work, look, writes, repeatable))
        self._under_way.add(unit)
        unit.add_done_callback(self._under_way.discard)
        return cast("T", await asyncio.shield(unit))

    async def _unit(
        self,
        work: Callable[[PgTransaction], T],
        look: Callable[[PgTransaction], bool] | None,
        writes: bool,
        repeatable: bool,
    ) -> T | None:
        unclear: UnclearOutcomeError | None = None
        try:
            async with asyncio.timeout(self._patience) as limit:
                for attempt in range(_TRIES):
                    try:
                        return await self._once(work, look, writes)
                    except UnclearOutcomeError as error:
                        unclear, first = error, _FIRST_PAUSE
                        if not repeatable or attempt == _TRIES - 1 or limit.expired():
                            raise
                    except ValueError:
                        raise  # asyncpg's word for an argument that does not fit: a defect
                    except (*AGAIN, *BROKEN) as error:
                        first = _FIRST_PAUSE if isinstance(error, AGAIN) else _FIRST_PAUSE_BROKEN
                        if attempt == _TRIES - 1:
                            raise
                    await asyncio.sleep(random.uniform(0.5, 1.0) * first * 2**attempt)  # noqa: S311
        except FAILURES as error:
            raise unclear or _plain(error, self.source) from error
        raise AssertionError

    async def _once(
        self, work: Callable[[PgTransaction], T], look: Callable[[PgTransaction], bool] | None, writes: bool
    ) -> T | None:
        async with self._pool.lane() as lane:
            lane.begin, lane.goes_alone = None, False
            try:
                if writes:
                    await self._ask(lane, "BEGIN", _WRITE)
                else:
                    # With the first statement that needs it: one that is all of a unit of work does not.
                    lane.begin = partial(self._ask, lane, "BEGIN", _READ)
                    lane.alone_seconds = _ALONE * self._patience
                transaction = PgTransaction(lane, writes=writes)
                answer, is_wanted = await greenlet_spawn(_run, transaction, work, look)
            except BaseException as error:
                await self._roll_back(lane, error)
                raise
            if lane.begin is None:
                await self._commit(lane, transaction)
        if transaction.has_written:
            self.feed.committed(brings_work=transaction.brings_work)
        return answer if is_wanted else None

    async def _ask(self, lane: PgConnection, verb: str, statement: str) -> None:
        done = await lane.raw.execute(statement, timeout=_SHARES[verb] * self._patience)
        if done != verb:
            raise RuntimeError(f"{verb} was answered with {done}")

    async def _roll_back(self, lane: PgConnection, error: BaseException) -> None:
        if isinstance(error, BROKEN) or not isinstance(error, Exception):
            lane.raw.terminate()
        elif lane.begin is None:
            try:
                await self._ask(lane, "ROLLBACK", "ROLLBACK")
            except FAILURES:
                lane.raw.terminate()
        if isinstance(error, (*BROKEN, asyncpg.ReadOnlySQLTransactionError)):
            # The others lead to the same server: it has gone, or is the primary no more.
            self._pool.forget()

    async def _commit(self, lane: PgConnection, transaction: PgTransaction) -> None:
        try:
            await self._ask(lane, "COMMIT", transaction.commit)
        except (*BROKEN, asyncio.CancelledError) as error:
            lane.raw.terminate()
            if not transaction.has_written:
                raise
            # Whoever watches looks for himself: the note of it is not told of, being our own.
            self.feed.changed()
            raise UnclearOutcomeError from error
        except asyncpg.PostgresError as error:
            await self._roll_back(lane, error)
            raise


async def schema_of(source: PgSource, patience: float = PATIENCE) -> str | None:
    """Return the schema, None where there is none yet. Raises `storage_unavailable`."""
    try:
        async with asyncio.timeout(patience):
            return await current_revision(source)
    except FAILURES as error:
        raise _plain(error, source) from error


def _run(
    transaction: PgTransaction,
    work: Callable[[PgTransaction], T],
    look: Callable[[PgTransaction], bool] | None,
) -> tuple[T | None, bool]:
    if look is not None and not look(transaction):
        return None, False
    return work(transaction), True


def _plain(error: BaseException, source: PgSource) -> BaseException:
    known: JobmonError | None = pg_error(error, source.name)
    return known or error
