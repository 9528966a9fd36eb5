"""Opens the dashboard as lines and prompts: `--linear`, or by itself on a terminal that is no screen."""

import asyncio
from collections.abc import Awaitable, Callable

from jobmon_tui.cli.dashboard import connect, connect_demo
from jobmon_tui.cli.flags import DashboardFlags
from jobmon_tui.linear.console import Console
from jobmon_tui.linear.conversation import Conversation
from jobmon_tui.tui.contracts import Connection, Options


def open_linear(flags: DashboardFlags) -> int:
    """Talk on the configured database; return the exit code. Raises `JobmonError`."""
    return _run(lambda: connect(flags))


def open_linear_demo() -> int:
    """Talk on the demo; return the exit code."""
    from jobmon_tui.cli.demo_folder import make_folder, remove_folder

    folder = make_folder()
    try:
        return _run(lambda: connect_demo(folder))
    finally:
        remove_folder(folder)


def _run(connecting: Callable[[], Awaitable[Connection]]) -> int:
    from jobmon_tui.cli import crash

    crash.install()

    async def opened() -> tuple[Connection, Options]:
        connection = await connecting()
        assert connection.options is not None
        return connection, connection.options

    console = Console()
    try:
        asyncio.run(Conversation(console, opened).run())
    finally:
        console.close()
    return 0
