"""`watch`: one line for each change, for a reader, a log or a pipe."""

import asyncio
import contextlib
import json as json_text
import os
import select
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Annotated

import typer

from jobmon_tui.cli.output import complain, execution_json, local_time, unwritable
from jobmon_tui.cli.session import with_services
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.domain.following import Step, in_order
from jobmon_tui.domain.text import clean, one_line
from jobmon_tui.domain.times import parse_since
from jobmon_tui.linear.sentences import step_words
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import Services
from jobmon_tui.services.follow import Follower

LOOK_AT_LEAST_EVERY = 5.0
"""Seconds; the feed says earlier when there is something to see."""
_SHARE = 4.0
"""A look is followed by a pause this many times as long: much that is Queued takes a while."""
_IDLE_SHARE = 30.0
"""The same while the feed says nothing."""
_LEAST_PAUSE = 0.1
_MOST_AT_ONCE = 5_000
"""Steps that are put in order together: `--since` may begin with a million."""
_GLANCE = 0.5
"""Seconds between two looks at whether anybody still reads."""
_FIRST_BACK_OFF, _LONGEST_BACK_OFF = 0.5, 5.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _EndedError(Exception):
    """Somebody asked this process to end while it was writing to who does not read on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which steps are told; empty fields do not narrow."""

    statuses: frozenset[Status] = frozenset()
    report: str | None = None
    search: str | None = None

    def has(self, execution: Execution) -> bool:
        """Tell whether this one is among them."""
        return (
            (not self.statuses or execution.status in self.statuses)
            and (self.report is None or execution.report == self.report)
            and (self.search is None or self.search.casefold() in execution.report.casefold())
        )


@dataclass(slots=True)
class _Out:
    # Standard output, unbuffered, so that each line is there at once. Who pauses it must not keep this
    # process from ending: a signal breaks a write that waits.
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _writing: bool = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals that ask for an end."""
        loop = asyncio.get_running_loop()

        def on_signal(_number: int, _frame: object) -> None:
            loop.call_soon_threadsafe(self.ended.set)
            if self._writing:
                raise _EndedError

        before = {each: signal.signal(each, on_signal) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def write(self, line: str) -> None:
        """Write a line. Raises `_EndedError`, and OSError where it is not taken."""
        left = f"{line}\n".encode(sys.stdout.encoding or "utf-8", sys.stdout.errors or "replace")
        try:
            self._writing = True
            while left:
                left = left[os.write(1, left) :]
        finally:
            self._writing = False

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than somebody reads what is written, and nobody asks for an end."""
        until = time.monotonic() + seconds
        while not self.is_over() and (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_GLANCE, left)):
                    await self.ended.wait()

    def is_over(self) -> bool:
        """Tell whether to end."""
        poll = select.poll()
        poll.register(1, 0)
        if poll.poll(0):  # it hung up, or broke: with nothing to write nothing else would say so
            self.ended.set()
        return self.ended.is_set()


def watch(
    status: Annotated[
        list[Status] | None, typer.Option(help="Only changes to this status; may be repeated.")
    ] = None,
    report: Annotated[str | None, typer.Option(help="Only this report.")] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Begin with what was queued since: 2h, 3d, today, or an RFC 3339 time."),
    ] = None,
    search: Annotated[str | None, typer.Option(help="Only reports whose name has this in it.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")] = False,
) -> None:
    """Print a line for each change, until it is ended.

    What is queued, started, has ended, was cancelled or retried, and by whom. With --json each line is an
    execution as it stood after the change.

    \b
    Examples:
      jobmon watch
      jobmon watch --status Failed --since today
      jobmon watch --json | jq .error
    """
    wanted = Wanted(
        frozenset(status or ()),
        one_line(report) if report is not None else None,
        clean(search) if search is not None else None,
    )
    begin = parse_since(since) if since is not None else None

    async def work(services: Services, caller: Caller) -> None:
        await services.whoami(caller)
        out = _Out()
        with out.listening(), contextlib.suppress(_EndedError):
            try:
                await _follow(services, Follower(services, caller, since=begin), wanted, out, json=json)
            except OSError as error:
                if not out.is_over():
                    raise unwritable(error) from error

    with_services(work)


async def _follow(services: Services, follower: Follower, wanted: Wanted, out: _Out, *, json: bool) -> None:
    changes = services.changes()
    back_off = _FIRST_BACK_OFF
    is_out = False
    try:
        while not out.is_over():
            began = time.monotonic()
            try:
                async for step in _ordered(follower):
                    if wanted.has(step.execution):
                        out.write(_json_line(step) if json else _line(step))
            except JobmonError as error:
                if error.code is not ErrorCode.STORAGE_UNAVAILABLE:
                    raise
                if not is_out:
                    complain(f"{error.message} Trying again; nothing will be left out.")
                is_out = True
                await out.pause(back_off)
                back_off = min(2 * back_off, _LONGEST_BACK_OFF)
                continue
            if is_out:
                complain("The database is back.")
            is_out, back_off = False, _FIRST_BACK_OFF
            took = time.monotonic() - began
            await out.pause(max(_LEAST_PAUSE, _SHARE * took))
            until = time.monotonic() + max(LOOK_AT_LEAST_EVERY, _IDLE_SHARE * took)
            while not out.is_over() and time.monotonic() < until and not await changes.wait(_GLANCE):
                pass
    finally:
        changes.close()


async def _ordered(follower: Follower) -> AsyncIterator[Step]:
    """Give the steps of a look as they happened, a long one in parts; nothing found is held back."""
    found: list[Step] = []
    try:
        async for steps in follower.look():
            found += steps
            if len(found) >= _MOST_AT_ONCE:
                for step in in_order(found):
                    yield step
                found = []
    except JobmonError as error:
        refusal: JobmonError | None = error
    else:
        refusal = None
    for step in in_order(found):
        yield step
    if refusal is not None:
        raise refusal


def _line(step: Step) -> str:
    return f"{local_time(step.at)} {clean(step_words(step))}"


def _json_line(step: Step) -> str:
    return json_text.dumps(execution_json(step.execution))
