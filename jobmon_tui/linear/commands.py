"""What can be typed. The help is made from this table, so that it cannot lie."""

import difflib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import one_line
from jobmon_tui.linear import acting, filtering, looking, story
from jobmon_tui.linear.desk import Desk


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do: the words for it, what follows them, and what it does."""

    names: Sequence[str]
    argument: str
    tells: str
    run: Callable[[Desk, str], Awaitable[None]]

    @property
    def line(self) -> str:
        """How the help says it."""
        first, *others = self.names
        also = f" (also {', '.join(others)})" if others else ""
        return f"{' '.join([first, self.argument]).rstrip()}{also}: {self.tells}"


async def _help(desk: Desk, rest: str) -> None:
    found = COMMANDS if not rest else [_command(rest.partition(" ")[0])]
    for each in found:
        desk.say(each.line)
    if not rest:
        if desk.extra is not None:
            desk.say(f"{desk.extra.key}: {desk.extra.hint}")
        desk.say("quit (also q, exit): leave. Ctrl+C and Ctrl+D do the same.")


async def _audit(desk: Desk, rest: str) -> None:
    await (story.audit_of if rest else looking.audit)(desk, rest)


async def _who(desk: Desk, _rest: str) -> None:
    desk.say(
        f"You are signed in as {one_line(desk.actor.name)}, {desk.actor.role.value}, "
        f"at {one_line(desk.services.database_name)}."
    )


COMMANDS: Sequence[Command] = (
    Command(("list", "l"), "", "the newest executions", looking.list_),
    Command(("more",), "", "older ones, after list or more", looking.more),
    Command(("new", "changes"), "", "what has changed since the last time you asked", looking.new),
    Command(("counts",), "", "how many there are in each status, and who runs them", looking.counts),
    Command(("status",), "STATUS", f"list only {', '.join(each.value for each in Status)}", filtering.status),
    Command(("report",), "NAME", "list only this report", filtering.report),
    Command(("search", "/"), "WORDS", "list only these, such as error:timeout by:ada", filtering.search),
    Command(("since",), "TIME", "list only what was queued since 2h, 3d, today or a date", filtering.since),
    Command(("all",), "", "list everything again", filtering.everything),
    Command(("show", "d"), "NUMBER", "what is to be known of one execution", story.show),
    Command(("error",), "NUMBER", "its whole error", story.error),
    Command(("output", "v"), "NUMBER", "what it has printed", story.output),
    Command(("configuration",), "NUMBER", "what it ran with", story.configuration),
    Command(("lineage",), "NUMBER", "what it retries, and what retried it", story.lineage),
    Command(("audit", "a"), "NUMBER", "who did what to it; without a number the newest entries", _audit),
    Command(("retry", "r"), "NUMBER", "run a Failed one again; several numbers may follow", acting.retry),
    Command(("cancel", "x"), "NUMBER", "cancel a Queued one, stop a Running one", acting.cancel),
    Command(("run", "n"), "NAME", "queue a report now", acting.run),
    Command(("reports", "s"), "", "the reports, and when each fires next", looking.reports),
    Command(("pause",), "NAME", "stop a report's schedule", acting.pause),
    Command(("resume",), "NAME", "go on with it", acting.resume),
    Command(("workers", "w"), "", "who runs reports", looking.workers),
    Command(("who",), "", "who you are, and where", _who),
    Command(("help", "?"), "COMMAND", "this; or what one command does", _help),
)
QUIT = frozenset({"quit", "q", "exit"})
_BY_NAME = {name: command for command in COMMANDS for name in command.names}


def _command(word: str) -> Command:
    found = _BY_NAME.get(word.casefold())
    if found is not None:
        return found
    near = difflib.get_close_matches(word.casefold(), [*_BY_NAME, *QUIT], n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise invalid_input(f"There is no command “{one_line(word, 40)}”.{meant} All commands: help")


async def do(desk: Desk, typed: str) -> None:
    """Do what was typed. Raises `JobmonError`, with `invalid_input` for what is no command."""
    word, _, rest = typed.strip().partition(" ")
    if word.startswith("/") and len(word) > 1:
        word, rest = "/", f"{word[1:]} {rest}"
    if desk.extra is not None and word == desk.extra.key:
        await acting.mend(desk, rest)
        return
    # A number alone, as it stands in the list, is what one wants to know more of.
    if word.removeprefix("#").isdigit():
        word, rest = "show", word
    await _command(word).run(desk, rest.strip())
