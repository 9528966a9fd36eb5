"""Wires settings, storage, services and scheduler. The one place that knows every room but the faces."""

import asyncio
import os
import platform
import signal
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from jobmon_tui.database_location import DatabaseLocation, PostgresLocation, SqliteLocation
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.text import one_line
from jobmon_tui.runners.execute import Execute
from jobmon_tui.runners.output import OUTPUT_KIB
from jobmon_tui.runners.registry import Registry
from jobmon_tui.security.keyring import KeyringEntry, NoKeyring
from jobmon_tui.security.passwords import Argon2Hasher
from jobmon_tui.services.liveness import Liveness
from jobmon_tui.services.local import LocalServices
from jobmon_tui.services.problems import InvalidReport, Problem, problems_of
from jobmon_tui.storage.queue import DatabaseQueue, OpenDatabase
from jobmon_tui.storage.schema import require_known, require_newest
from jobmon_tui.storage.sqlite.database import SqliteDatabase, current_revision
from jobmon_tui.storage.sqlite.file import require_database
from scheduler.clock import SystemClock
from scheduler.cron import check as check_cron
from scheduler.cron import next_firing
from scheduler.engine import Scheduler
from scheduler.ports import WorkerInfo

if TYPE_CHECKING:
    from jobmon_tui.storage.postgres.source import PgSource


class Catalog:
    """Checks reports: the runner's own model for the parameters, the engine's parser for the schedule."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def check(self, draft: ReportDraft) -> ReportDraft:
        """Return the draft with normalised parameters. Raises `InvalidReport` with all that is wrong."""
        parameters = draft.parameters
        problems: list[Problem] = []
        try:
            parameters = self._registry.check(draft.runner, draft.parameters)
        except JobmonError as refusal:
            problems += problems_of(refusal)
        if draft.timeout is not None and not 0 < draft.timeout < float("inf"):
            problems.append(Problem("timeout", "must be longer than nothing, such as 45s, 10m or 1h30m"))
        # The zone by itself first: it is checked where there is no schedule too, which may come later.
        for key, cron in (("timezone", "0 0 * * *"), ("schedule", draft.schedule)):
            try:
                if cron is not None:
                    check_cron(cron, draft.timezone)
            except ValueError as error:
                problems.append(Problem(key, str(error)))
                break
        if problems:
            raise InvalidReport(problems)
        return replace(draft, parameters=parameters)

    def next_due(self, draft: ReportDraft, after: datetime) -> datetime | None:
        """Return the schedule's first due time after `after`; None without a schedule that can be used."""
        try:
            return None if draft.schedule is None else next_firing(draft.schedule, draft.timezone, after)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class House:
    """An open database with everything over it."""

    database: OpenDatabase
    services: LocalServices
    queue: DatabaseQueue
    liveness: Liveness

    async def worker_is_alive(self) -> bool:
        """Tell whether somebody is there to run reports."""
        seen = await self.database.read(lambda transaction: transaction.workers())
        return bool(self.liveness.alive(seen))


def report_catalog() -> Catalog:
    """Return the check of reports that add, edit and import use."""
    return Catalog(Registry())


async def open_database(location: DatabaseLocation, *, create: bool = False) -> OpenDatabase:
    """Open the database; with `create` a missing schema is made. Raises `storage_unavailable`."""
    if isinstance(location, SqliteLocation):
        return await SqliteDatabase.open(location.path, create=create)
    from jobmon_tui.storage.postgres.database import PostgresDatabase

    return await PostgresDatabase.open(postgres_source(location), create=create)


def postgres_source(location: PostgresLocation) -> "PgSource":
    """Return how to connect; the keyring is asked where the server refuses what else there is."""
    # Who stays on SQLite never pays for asyncpg.
    from jobmon_tui.storage.postgres.source import PgSource

    def ask() -> str | None:
        if location.holds_password or os.environ.get("PGPASSWORD"):
            return None
        try:
            return KeyringEntry(location.password_identity).load()
        except NoKeyring:
            return None

    return PgSource(location.dsn, location.name, ask=ask)


async def upgrade_database(location: DatabaseLocation) -> str | None:
    """Bring the schema up to date; an empty PostgreSQL database is set up. Return which it was before.

    Raises `storage_unavailable`, also for a newer one.
    """
    before = await schema_of(location)
    if isinstance(location, SqliteLocation):
        async with await SqliteDatabase.open(location.path, create=False):
            return before
    from jobmon_tui.storage.postgres.schema import upgrade

    require_known(before, location.name)
    await upgrade(postgres_source(location))
    return before


async def schema_of(location: DatabaseLocation) -> str | None:
    """Return the database's schema, read without changing it; None if there is none yet.

    Raises `storage_unavailable`.
    """
    if isinstance(location, SqliteLocation):
        require_database(location.path)
        return await asyncio.to_thread(current_revision, location.path)
    from jobmon_tui.storage.postgres.database import schema_of as schema_of_postgres

    return await schema_of_postgres(postgres_source(location))


@asynccontextmanager
async def open_house(
    location: DatabaseLocation,
    *,
    create: bool = False,
    queues: Sequence[str] = (),
    read_only: bool = False,
    idle: timedelta | None = None,
) -> AsyncIterator[House]:
    """Open the database; with `create` a missing one is made. Raises `storage_unavailable`.

    A scheduler over it serves `queues`; all of them where none is named. With `read_only` the services refuse
    every change. Sessions end after `idle` without use, None: never by that.
    """
    if read_only and not create and isinstance(location, SqliteLocation):
        # Opening would bring its schema up to date.
        require_newest(await schema_of(location), location.name)
    async with await open_database(location, create=create) as database:
        liveness = Liveness()
        services = LocalServices(
            database,
            hasher=Argon2Hasher(),
            catalog=report_catalog(),
            watch=database.feed.watch,
            database_name=location.label,
            liveness=liveness,
            read_only=read_only,
            idle=idle,
        )
        try:
            yield House(database, services, DatabaseQueue(database, queues=queues), liveness)
        finally:
            await services.settle()


@asynccontextmanager
async def open_services(
    location: DatabaseLocation,
    *,
    create: bool = False,
    read_only: bool = False,
    idle: timedelta | None = None,
) -> AsyncIterator[LocalServices]:
    """Open the database and yield the services over it, as `open_house` does."""
    async with open_house(location, create=create, read_only=read_only, idle=idle) as house:
        yield house.services


class InProcessWorker:
    """The scheduler of this process, as a face may know it."""

    def __init__(self, scheduler: Scheduler, ended: Callable[[BaseException | None], None]) -> None:
        """Start it. `ended` is told when it has ended, with the defect that ended it, if any."""
        self._scheduler = scheduler
        self._task = asyncio.create_task(scheduler.run(), name="scheduler")
        self._task.add_done_callback(
            lambda task: ended(None if task.cancelled() else task.exception()),
        )

    @property
    def running(self) -> Sequence[int]:
        """The ids that run here now."""
        return self._scheduler.running

    async def stop(self, grace: float, reason: str) -> None:
        """Claim no more, wait `grace` seconds for what runs, end the rest Failed with `reason`."""
        await self._scheduler.stop(grace, reason)
        await asyncio.wait([self._task])

    async def wait(self) -> None:
        """Return when the scheduler has ended; raise the defect that ended it."""
        await asyncio.shield(self._task)


def worker_info(concurrency: int) -> WorkerInfo:
    """Name this life of this process."""
    host, pid = one_line(platform.node(), 100), os.getpid()
    name = f"{host}:{pid}:{uuid.uuid4().hex[:6]}"
    return WorkerInfo(name, host, pid, version("jobmon-tui"), concurrency)


def start_worker(
    house: House,
    output_dir: Path,
    concurrency: int,
    ended: Callable[[BaseException | None], None] = lambda _error: None,
    *,
    output_kib: int = OUTPUT_KIB,
) -> InProcessWorker:
    """Start the scheduler in this process. It must be stopped before the house is closed.

    Of what an execution prints the first and the last `output_kib` KiB are kept.
    """
    runner = Execute(save_output=house.queue.save_output, output_dir=output_dir, output_kib=output_kib)
    info = worker_info(concurrency)
    wakeups = house.database.feed.wakeups(info.name, house.queue.crew)
    scheduler = Scheduler(
        house.queue,
        house.queue,
        runner,
        wakeups.work,
        SystemClock(),
        info,
        house.queue,
        cancels=wakeups.cancels,
    )
    return InProcessWorker(scheduler, ended)


async def run_worker(
    location: DatabaseLocation,
    output_dir: Path,
    concurrency: int,
    *,
    grace: float,
    tell: Callable[[str], None],
    output_kib: int = OUTPUT_KIB,
    queues: Sequence[str] = (),
    beside: Callable[[House], Coroutine[None, None, None]] | None = None,
) -> None:
    """Be a worker with no screen until SIGTERM or SIGINT, then drain for at most `grace` seconds.

    A second signal, or SIGHUP, stops at once what still runs. Raises `storage_unavailable` at the start;
    later the engine waits for the database to come back. Serves `queues`; all where none is named. What is to
    be done `beside` goes on until the worker stops.
    """
    async with open_house(location, queues=queues) as house:
        asked = asyncio.Event()
        worker = start_worker(
            house, output_dir, concurrency, lambda _error: asked.set(), output_kib=output_kib
        )
        loop = asyncio.get_running_loop()
        stops: set[asyncio.Task[None]] = set()

        def at_once(reason: str) -> None:
            stops.add(loop.create_task(worker.stop(0.0, reason)))
            asked.set()

        def on_signal() -> None:
            if asked.is_set():
                at_once("worker stopped")
            else:
                if worker.running:
                    tell(f"Draining: {len(worker.running)} still run; again to stop them now.")
                asked.set()

        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, on_signal)
        loop.add_signal_handler(signal.SIGHUP, at_once, "terminal closed")
        which = f", from the queues {', '.join(queues)} only" if queues else ""
        tell(f"This worker runs up to {concurrency} reports at once{which}. Stop it with Ctrl+C.")
        other = None if beside is None else loop.create_task(beside(house))
        await asked.wait()
        await worker.stop(grace, "worker stopped")
        await asyncio.gather(*stops)
        await worker.wait()
        if other is not None:
            other.cancel()
            with suppress(asyncio.CancelledError):
                await other
        tell("The worker has stopped.")
