"""Opens the dashboard. Nothing heavy is imported before its first paint: `connect` runs after it."""

import asyncio
import contextlib
import importlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jobmon_tui.cli import loading
from jobmon_tui.cli.flags import DashboardFlags
from jobmon_tui.cli.origin import claimed_origin
from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.tui.contracts import Connection, Extra, Options

if TYPE_CHECKING:
    from jobmon_tui.bootstrap import House, InProcessWorker
    from jobmon_tui.cli.session import Place
    from jobmon_tui.config import Settings
    from jobmon_tui.services.facade import Services

_NO_FLAGS = DashboardFlags()


def origin() -> str:
    """Return where this dashboard runs, for the audit log: as claimed by its surroundings, no proof."""
    return claimed_origin("dashboard")


async def _import(*names: str) -> None:
    """Import in a thread: on the event loop it would hold up the keys."""
    try:
        for name in names:
            await asyncio.to_thread(importlib.import_module, name)
    finally:
        loading.done()


async def _wants_worker(house: "House", scheduler: str) -> bool:
    return scheduler == "on" or (scheduler == "auto" and not await house.worker_is_alive())


async def _options(settings: "Settings") -> Options:
    """Return how the dashboard looks and behaves, by the settings and the user's keys."""
    from jobmon_tui.cli.keymap import keys_or_complaint
    from jobmon_tui.tui.kept import kept_path

    keys, complaints = await asyncio.to_thread(keys_or_complaint)
    return Options(
        origin=origin(),
        toast_seconds=settings.toast_seconds,
        error_toast_seconds=settings.error_toast_seconds,
        drain_seconds=settings.drain_seconds,
        theme=settings.theme,
        keys=keys,
        complaints=complaints,
        glyphs=settings.glyphs,
        mouse=settings.mouse,
        bell=settings.bell,
        kept=kept_path(),
        slow=settings.slow,
        lock_minutes=settings.lock_minutes,
    )


async def _looks_of_demo(flags: DashboardFlags) -> Options:
    """Return how the demo looks: as the user's own dashboard. What is wrong in the file is said, and left."""
    from jobmon_tui.cli import session

    try:
        settings = await asyncio.to_thread(lambda: session.settings(**flags.settings))
    except JobmonError as error:
        complaint = f"The demo looks as it comes. {error.message}"
        options = Options(origin(), mouse=not flags.no_mouse, complaints=(complaint,))
        return replace(options, slow="on" if flags.slow else options.slow)
    return await _options(settings)


async def _open(
    stack: AsyncExitStack, place: "Place", settings: "Settings", *, create: bool
) -> "tuple[Services, InProcessWorker | None]":
    """Open the server, or the database with the scheduler that it may need."""
    from jobmon_tui.client.address import ServerAddress

    if isinstance(place, ServerAddress):
        if settings.scheduler == "on":
            raise invalid_input("The server runs the reports: --scheduler on is for a database.")
        await _import("jobmon_tui.client.opening")
        from jobmon_tui.client.opening import open_remote
        from jobmon_tui.services.looking_only import looking_only

        remote = await stack.enter_async_context(open_remote(place, settings.server_ca))
        return looking_only(remote) if settings.read_only else remote, None
    await _import("jobmon_tui.bootstrap")
    from jobmon_tui.bootstrap import open_house, start_worker

    house = await stack.enter_async_context(
        open_house(
            place,
            create=create,
            queues=settings.queues,
            read_only=settings.read_only,
            idle=settings.session_idle,
        )
    )
    worker: InProcessWorker | None = None
    # Who only looks runs nothing either, unless they say so.
    scheduler = "off" if settings.read_only and settings.scheduler == "auto" else settings.scheduler
    if await _wants_worker(house, scheduler):
        worker = start_worker(
            house, settings.output_dir, settings.concurrency, output_kib=settings.output_kib
        )
    return house.services, worker


async def connect(flags: DashboardFlags, *, visitor: bool = False) -> Connection:
    """Open what the settings name. Raises `JobmonError`.

    A `visitor` is not who started this process: gets no saved session, and creates no database.
    """
    await _import("jobmon_tui.config", "jobmon_tui.security.keyring")
    from jobmon_tui.cli import session

    settings = await asyncio.to_thread(lambda: session.settings(**flags.settings))
    place = session.place_of(settings)
    async with AsyncExitStack() as stack:
        services, worker = await _open(stack, place, settings, create=not (visitor or settings.read_only))
        token = None if visitor else await session.saved_token(place, settings)

        async def keep(token: str | None) -> str | None:
            return await session.keep_token(place, token)

        options = await _options(settings)
        opened = stack.pop_all()
        return Connection(services, token, worker, keep, opened.aclose, options)
    raise AssertionError("the stack was popped")


async def connect_demo(folder: Path, flags: DashboardFlags = _NO_FLAGS) -> Connection:
    """Lay out the demo in its folder and open it, signed in, with its reports running."""
    await _import("jobmon_tui.bootstrap", "jobmon_tui.config", "jobmon_tui.cli.demo")
    from jobmon_tui.bootstrap import open_house, start_worker
    from jobmon_tui.cli import demo
    from jobmon_tui.cli.demo_setup import MISSING, PASSWORD, lay_out, mend, move_in
    from jobmon_tui.database_location import SqliteLocation
    from jobmon_tui.services.audited import Caller

    async with AsyncExitStack() as stack:
        await asyncio.to_thread(lay_out, folder)
        house = await stack.enter_async_context(open_house(SqliteLocation(folder / "jobmon.db"), create=True))
        token = await move_in(house, folder, origin())
        worker = start_worker(house, folder / "reports", demo.CONCURRENCY)
        caretaker = demo.Caretaker(house, Caller(token, origin()), folder, plays_operator=False)
        watching = asyncio.create_task(caretaker.watch())

        async def put_file() -> str:
            await asyncio.to_thread(mend, folder)
            return f"{MISSING} is in place now. Retry “{demo.MENDABLE}” with r."

        def is_missing() -> bool:
            return not (folder / MISSING).exists()

        async def close() -> None:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            await opened.aclose()

        options = replace(
            await _looks_of_demo(flags),
            drain_seconds=10.0,
            lock_minutes=0.0,
            lock_hint=f"The demo's password is: {PASSWORD}",
            extra=Extra(demo.MEND_KEY, demo.MEND_LABEL, demo.MEND_HINT, put_file, is_missing),
        )
        opened = stack.pop_all()
        return Connection(house.services, token, worker, _keep_nothing, close, options)
    raise AssertionError("the stack was popped")


async def _keep_nothing(_token: str | None) -> str | None:
    return None


def _run(connecting: Callable[[], Awaitable[Connection]], flags: DashboardFlags) -> int:
    from jobmon_tui.tui.entry import run_dashboard

    return run_dashboard(connecting, Options(origin=origin(), slow="on" if flags.slow else "auto"))


def open_dashboard(flags: DashboardFlags) -> int:
    """Open the dashboard on the configured database; return the exit code."""
    return _run(lambda: connect(flags), flags)


def open_demo(flags: DashboardFlags) -> int:
    """Open the dashboard on the demo; return the exit code."""
    from jobmon_tui.cli.demo_folder import make_folder, remove_folder
    from jobmon_tui.tui.entry import UNFORESEEN

    # Made before anything can be logged, and removed after all that could be.
    folder = make_folder()
    code = UNFORESEEN
    try:
        code = _run(lambda: connect_demo(folder, flags), flags)
    finally:
        remove_folder(folder, but_the_log=code == UNFORESEEN)
    return code
