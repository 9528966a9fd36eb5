"""What the commands share: whom they ask, what was filtered, and where the lists stand."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.execution import GREATEST_ID
from jobmon_tui.domain.roles import Actor
from jobmon_tui.domain.text import one_line
from jobmon_tui.linear.console import Console
from jobmon_tui.linear.contracts import Extra
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.facade import EmbeddedWorker, Services
from jobmon_tui.services.follow import Follower
from jobmon_tui.services.records import ExecutionFilter

YES = "yes"


@dataclass(slots=True)
class Desk:
    """One signed-in conversation."""

    console: Console
    services: Services
    caller: Caller
    actor: Actor
    worker: EmbeddedWorker | None = None
    extra: Extra | None = None
    wanted: ExecutionFilter = field(default_factory=ExecutionFilter)
    below: int | None = None
    """The id below which `more` goes on; None before the first list."""
    follower: Follower = field(init=False)
    looked_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.follower = Follower(self.services, self.caller)
        self.looked_at = self.now

    @property
    def now(self) -> datetime:
        """This moment in the reader's zone."""
        return datetime.now().astimezone()

    def say(self, text: str) -> None:
        """Say a text in lines of at most 80 cells."""
        self.console.say(text)

    def narrow(self, **more: object) -> None:
        """Filter by these fields too, and begin the list anew."""
        self.wanted = replace(self.wanted, **more)  # type: ignore[arg-type]
        self.below = None

    async def is_sure(self, question: str) -> bool:
        """Ask, and take nothing but the whole word for a yes."""
        if (await self.console.ask(f"{question} Type {YES} to do it:")).casefold() == YES:
            return True
        self.say("Nothing was done.")
        return False


def execution_id(text: str) -> int:
    """Return the id in `4711` or `#4711`. Raises `invalid_input`."""
    digits = text.strip().removeprefix("#")
    if digits.isascii() and digits.isdigit() and 0 < int(digits[:20]) <= GREATEST_ID and len(digits) <= 19:
        return int(digits)
    raise invalid_input(
        f"“{one_line(text, 40)}” is no number of an execution. Say it as in the list, such as 4711."
        if digits
        else "Which one? Say its number, such as 4711."
    )
