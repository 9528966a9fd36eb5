"""A text in the reader's own pager: the screen steps aside meanwhile, everything else goes on.

The pager is awaited, never waited for: what runs inside this dashboard is not held up by somebody who reads.
"""

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from jobmon_tui.domain.plain_forms import PLAIN, is_ascii_locale
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui.frame import frame

if TYPE_CHECKING:
    from textual.screen import Screen

    from jobmon_tui.tui.app import JobmonApp

DEFAULT = ("less -R", "more")
AT_ONCE = 0.3
"""Seconds: what a pager has shown that ends sooner cannot have been read, as with `cat`."""
_AWAKE = (0.1, 0.5, 2.0)
"""Seconds after a Ctrl+Z at which the pager is woken: nobody else would wake it."""


class NoPagerError(Exception):
    """There is no pager; its text is one plain line."""


def pager_command(environ: Mapping[str, str]) -> Sequence[str]:
    """Return the command in $PAGER, split into words but given to no shell. Raises `NoPagerError`.

    Where it is not set, `less -R` or else `more`.
    """
    chosen = environ.get("PAGER", "").strip()
    for command in [chosen] if chosen else DEFAULT:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise NoPagerError(f"PAGER is not a command ({error}): {one_line(command, 60)}") from error
        if words and shutil.which(words[0], path=environ.get("PATH")) is not None:
            return words
    if chosen:
        raise NoPagerError(f"PAGER names a program that is not here: {one_line(chosen, 60)}")
    raise NoPagerError("There is no pager here: install less, or set PAGER.")


async def page(screen: "Screen[None]", text: str) -> None:
    """Show a clean text in the pager, and come back when it ends. What hinders that is said in a toast."""
    app = frame(screen)
    if not app.options.has_shell:
        app.warned("There is no pager here. Search with / instead.")
        return
    try:
        command = pager_command(os.environ)
        with app.suspend():
            await _run(app, command, text)
    except NoPagerError as error:
        app.warned(str(error))
    except SuspendNotSupported:
        app.warned("This terminal cannot be given to a pager.")


async def _run(app: "JobmonApp", command: Sequence[str], text: str) -> None:
    began = time.monotonic()
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NoPagerError(f"The pager cannot be started: {one_line(command[0], 60)}: {reason}.") from error
    try:
        with _keys_are_the_pagers(app, process):
            await _feed(process, text)
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
    if time.monotonic() - began < AT_ONCE:
        await _enter(f"The pager has ended (exit code {code}). Press Enter to go back. ")


async def _feed(process: Process, text: str) -> None:
    encoding = "ascii" if is_ascii_locale(os.environ) else getattr(sys.__stderr__, "encoding", None)
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it was left before it has read all
        process.stdin.write(text.encode(encoding or "utf-8", PLAIN) + b"\n")
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


@contextlib.contextmanager
def _keys_are_the_pagers(app: "JobmonApp", process: Process) -> Iterator[None]:
    r"""Let Ctrl+C, Ctrl+\ and Ctrl+Z, which reach this process too now, mean what they mean to the pager.

    Ctrl+Z would stop what runs in here; then the pager is woken again. Where nothing runs in here both stop,
    and the shell has the terminal.
    """
    loop = asyncio.get_running_loop()

    def wake() -> None:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)

    def stopped() -> None:
        for seconds in _AWAKE:
            loop.call_later(seconds, wake)

    taken = {signal.SIGINT: lambda: None, signal.SIGQUIT: lambda: None}
    if app.worker is not None:
        taken[signal.SIGTSTP] = stopped
    before = {each: signal.getsignal(each) for each in taken}
    for each, react in taken.items():
        loop.add_signal_handler(each, react)
    try:
        yield
    finally:
        for each in taken:
            loop.remove_signal_handler(each)
            signal.signal(each, before[each])
        app.listen_to_the_system()


async def _enter(prompt: str) -> None:
    """Wait for Enter, in the terminal as the shell has it."""
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    os.write(2, f"\n{prompt}".encode())
    loop.add_reader(0, typed.set)
    try:
        await typed.wait()
        os.read(0, 1024)
    finally:
        loop.remove_reader(0)
