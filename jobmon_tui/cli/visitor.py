"""The dashboard of one visitor of `jobmon web`: started by it, in a terminal that stands in a browser.

Nothing of who started the server is the visitor's: no session, no keyring, no choices kept, no other program.
"""

import asyncio
import fcntl
import importlib
import json
import os
import sys
import termios
from dataclasses import replace

from jobmon_tui.cli import loading
from jobmon_tui.cli.dashboard import connect
from jobmon_tui.cli.flags import DashboardFlags
from jobmon_tui.domain.errors import JobmonError, invalid_input
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller
from jobmon_tui.tui.contracts import Connection, Options

FLAGS = "JOBMON_WEB_FLAGS"
"""In the environment: the flags before `web`, as JSON."""
_LONGEST = 600
"""Characters of a text: so many fit in what a pipe takes whole or not at all (PIPE_BUF, 4,096 bytes)."""
_NO_ACCOUNTS = "This database has no account yet. Whoever runs the server creates the first one: jobmon init"


class Pipe:
    """Says things to the server: a line of JSON each. What it does not take at once is not said."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def say(self, kind: str, text: str = "") -> None:
        """Say this text, which is shown as it is read aloud."""
        line = json.dumps({"kind": kind, "text": one_line(text, _LONGEST)}, ensure_ascii=False)
        try:
            os.write(self._descriptor, f"{line}\n".encode())
        except OSError:
            return  # nobody listens, or is behind: the next focus is said anyway


async def connect_visitor(pipe: Pipe, origin: str) -> Connection:
    """Open what the settings name, for somebody who has to sign in. Raises `JobmonError`."""
    # In a thread: on the event loop it would hold up the keys.
    session = await asyncio.to_thread(importlib.import_module, "jobmon_tui.cli.session")
    given = json.loads(os.environ.get(FLAGS, "{}"))
    session.flags.update(given)
    flags = DashboardFlags("off", server=given.get("server"), read_only=bool(given.get("read_only")))
    opened = await connect(flags, visitor=True)
    if not await opened.services.has_accounts():
        await opened.close()
        raise invalid_input(_NO_ACCOUNTS)
    sessions: list[str] = []

    async def keep(token: str | None) -> str | None:
        if token is not None:
            sessions.append(token)
            pipe.say("signed_in")
        return None

    async def close() -> None:
        # Nobody else has this session: whoever comes next at this browser signs in.
        try:
            for token in sessions:
                await opened.services.sign_out(Caller(token, origin))
        except JobmonError:
            pass  # it has ended, or the database is away: then it ends by itself
        finally:
            await opened.close()

    assert opened.options is not None
    options = replace(opened.options, origin=origin, kept=None, has_shell=False, announce=pipe.say)
    return replace(opened, token=None, keep_token=keep, close=close, options=options)


def main(arguments: list[str]) -> int:
    """Run the dashboard. `arguments` are the number of the pipe and the visitor's origin."""
    pipe, origin = Pipe(int(arguments[0])), one_line(arguments[1], 160)
    # Its own terminal: when the server closes it, or is killed, this process is told.
    fcntl.ioctl(sys.stdin.fileno(), termios.TIOCSCTTY, 0)
    from jobmon_tui.tui.entry import run_dashboard

    return run_dashboard(
        lambda: connect_visitor(pipe, origin), Options(origin=origin, has_shell=False, announce=pipe.say)
    )


if __name__ == "__main__":
    loading.begin()
    code = main(sys.argv[1:])
    loading.end()
    sys.exit(code)
