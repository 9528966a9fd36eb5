"""The conversation: connect, sign in, one command after another, and every way to leave."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.linear.commands import QUIT, do
from jobmon_tui.linear.console import Console, EndOfInput, Interrupted
from jobmon_tui.linear.contracts import Connection, Options
from jobmon_tui.linear.desk import Desk
from jobmon_tui.linear.entering import ENDED, enter
from jobmon_tui.linear.looking import catch_up
from jobmon_tui.linear.sentences import plural, zone_words
from jobmon_tui.services import departure as leaving
from jobmon_tui.services.departure import Departure

_NAMED = 8


@dataclass(frozen=True, slots=True)
class _Leave:
    grace: float
    reason: str


class Conversation:
    """One conversation, from the first word to the last."""

    def __init__(
        self, console: Console, connect: Callable[[], Awaitable[tuple[Connection, Options]]]
    ) -> None:
        self._console = console
        self._connect = connect
        self._departure = Departure()
        self._drain_seconds = 0.0
        self._wishes: asyncio.Queue[_Leave] = asyncio.Queue()
        self._is_leaving = False
        self._is_connecting = True

    async def run(self) -> None:
        """Talk until there is a reason to leave, then leave in order."""
        self._listen()
        talking = asyncio.create_task(self._talk())
        watching = asyncio.create_task(self._watch_terminal())
        wish = asyncio.create_task(self._wishes.get())
        try:
            await asyncio.wait({talking, wish}, return_when=asyncio.FIRST_COMPLETED)
            self._is_leaving = True
            if not talking.done():
                talking.cancel()
                await asyncio.wait({talking})
            if not talking.cancelled() and (defect := talking.exception()) is not None:
                raise defect
            await self._leave(await wish)
        finally:
            for task in (talking, watching, wish):
                task.cancel()
            await self._departure.close()

    # -- reasons to leave

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._terminated)
        loop.add_signal_handler(signal.SIGHUP, self._hung_up)
        loop.add_signal_handler(signal.SIGINT, self._interrupted)

    def _wish(self, grace: float, reason: str) -> None:
        self._wishes.put_nowait(_Leave(grace, reason))

    def _terminated(self) -> None:
        self._wish(0.0 if self._is_leaving else self._drain_seconds, leaving.TERMINATED)

    def _hung_up(self) -> None:
        self._wish(0.0, leaving.TERMINAL_CLOSED)

    def _interrupted(self) -> None:
        if self._is_leaving or (self._is_connecting and not self._console.is_asking):
            self._wish(0.0, leaving.STOPPED)
        else:
            self._console.interrupt()

    def _suspend_refused(self) -> None:
        self._console.say("Reports run inside this dashboard: it cannot be suspended. Leave with: quit")

    async def _watch_terminal(self) -> None:
        await self._console.gone()
        self._hung_up()

    async def _leave(self, first: _Leave) -> None:
        """Wait for what runs here or stop it; each further wish to leave may only shorten that."""
        running = self._departure.running
        if running and first.grace > 0:
            most = f"at most {first.grace:g} seconds"
            self._console.say(f"Waiting for {_numbers(running)}, {most}. Ctrl+C stops what still runs.")
        stops = {asyncio.create_task(self._departure.stop(first.grace, first.reason))}

        async def shorten() -> None:
            while True:
                wish = await self._wishes.get()
                if wish.grace == 0:
                    stops.add(asyncio.create_task(self._departure.stop(0.0, wish.reason)))

        shortening = asyncio.create_task(shorten())
        try:
            while waited := {stop for stop in stops if not stop.done()}:
                await asyncio.wait(waited)
        finally:
            shortening.cancel()
        if running:
            self._console.say("Nothing runs here any more.")
        self._console.say("Goodbye.")

    # -- the talk

    async def _talk(self) -> None:
        try:
            connection, options = await self._connected()
            self._is_connecting = False
            self._departure.opened(connection)
            self._drain_seconds = options.drain_seconds
            if connection.worker is not None:
                asyncio.get_running_loop().add_signal_handler(signal.SIGTSTP, self._suspend_refused)
            token = connection.token
            while True:
                desk = await self._signed_in(connection, options, token)
                await self._serve(desk)
                token = None
        except (EndOfInput, Interrupted):
            await self._quit_asked()

    async def _connected(self) -> tuple[Connection, Options]:
        while True:
            try:
                return await self._connect()
            except JobmonError as error:
                if error.code is not ErrorCode.STORAGE_UNAVAILABLE:
                    raise
                await self._try_again(error)

    async def _try_again(self, error: JobmonError) -> None:
        self._console.say(error.message)
        answer = await self._console.ask("Press Enter to try again, or type quit:")
        if answer.casefold() in QUIT:
            raise EndOfInput

    async def _signed_in(self, connection: Connection, options: Options, token: str | None) -> Desk:
        while True:
            try:
                caller, actor, opened = await enter(self._console, connection.services, token, options.origin)
                break
            except JobmonError as error:
                await self._try_again(error)
        if opened is not None:
            line = await connection.keep_token(opened.token)
            if line is not None:
                self._console.say(line)
        return Desk(self._console, connection.services, caller, actor, connection.worker, options.extra)

    async def _serve(self, desk: Desk) -> None:
        """Answer commands until the session ends. Raises `EndOfInput`, `Interrupted` to leave."""
        await self._attempt(desk, lambda: self._greet(desk))
        hinted = False
        while True:
            if desk.extra is not None and desk.extra.needed() and not hinted:
                hinted = True
                desk.say(desk.extra.hint)
            try:
                typed = await self._console.ask("Command:")
            except (EndOfInput, Interrupted) as end:
                self._console.say("")
                await self._leave_if_meant(desk, is_over=isinstance(end, EndOfInput))
                continue
            if typed.casefold() in QUIT:
                await self._leave_if_meant(desk, is_over=False)
            elif typed and not await self._attempt(desk, lambda typed=typed: do(desk, typed)):  # type: ignore[misc]
                return

    async def _attempt(self, desk: Desk, work: Callable[[], Awaitable[None]]) -> bool:
        """Do it, and say why where it is refused; False where nobody is signed in any more."""
        try:
            await work()
        except JobmonError as refusal:
            if refusal.code is ErrorCode.NOT_SIGNED_IN:
                desk.say(ENDED)
                return False
            desk.say(refusal.message)
        except Interrupted:
            desk.say("Nothing was done.")
        return True

    async def _greet(self, desk: Desk) -> None:
        desk.say(
            f"jobmon at {desk.services.database_name}. You are {desk.actor.name}, {desk.actor.role.value}."
        )
        here = "Reports run inside this dashboard." if desk.worker is not None else "No report runs in here."
        desk.say(f"{here} Times are in {zone_words(desk.now)}. All commands: help")
        await catch_up(desk)
        await do(desk, "counts")

    # -- quitting

    async def _leave_if_meant(self, desk: Desk, *, is_over: bool) -> None:
        """Leave; where reports run in here only by one of two words. Returns where nobody wants to leave."""
        running = self._departure.running
        if not running:
            self._wish(0.0, leaving.STOPPED)
            await asyncio.Event().wait()
        one = len(running) == 1
        it = "it" if one else "them"
        while not is_over:
            count = plural(len(running), "report runs", "reports run")
            desk.say(f"{count} inside this dashboard: {_numbers(running)}.")
            try:
                answer = await self._console.ask(
                    f"Type wait to wait for {it}, stop to stop {it} now (recorded as Failed), or stay:"
                )
            except EndOfInput:
                break
            except Interrupted:
                self._wish(0.0, leaving.STOPPED)
                await asyncio.Event().wait()
            word = answer.casefold()
            if word == "stop":
                self._wish(0.0, leaving.STOPPED)
                await asyncio.Event().wait()
            if word == "wait":
                break
            if word in {"stay", "no", "n"}:
                return
        self._wish(self._drain_seconds, leaving.CLOSED)
        await asyncio.Event().wait()

    async def _quit_asked(self) -> None:
        """Leave before anybody was signed in."""
        self._console.say("")
        self._wish(self._drain_seconds if self._departure.running else 0.0, leaving.CLOSED)


def _numbers(running: Sequence[int]) -> str:
    named = ", ".join(f"#{each}" for each in running[:_NAMED])
    return named + (f" and {len(running) - _NAMED} more" if len(running) > _NAMED else "")
