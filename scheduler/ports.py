"""What the engine needs from whoever embeds it, method by method.

The engine knows ids, tokens and outcomes. Where executions are kept, and what running one means, is the
business of those who implement these Protocols.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol, runtime_checkable

Misfire = Literal["once", "skip"]
MISSED: Final = "no scheduler was there in time"
"""Why a due time fired nothing that `misfire = "skip"` let pass."""
AHEAD: Final = timedelta(minutes=10)
"""By how much another scheduler's clock may be ahead and its due times still be taken for met."""
FinalStatus = Literal["Succeeded", "Failed", "Cancelled"]


class Unavailable(Exception):  # noqa: N818 - a state of the storage, not a mistake of anyone
    """The storage cannot answer now (locked, full, unreachable). The engine waits and asks again.

    Whether a call that raises it took effect is unknown to the engine; each method says how a repeat is met.
    """


class Unclear(Unavailable):
    """A start that may have taken effect: `start(ids, worker)` tells, once the storage answers again."""

    def __init__(self, ids: Sequence[int]) -> None:
        """`ids` are those that were asked for."""
        super().__init__("it is unclear what was started")
        self.ids = tuple(ids)


class WorkerGone(Exception):  # noqa: N818 - a fact about the worker
    """This worker is not registered any more: another one took it for lost and ended its executions."""


UNAVAILABLE: Final = (Unavailable, OSError)
"""What the engine takes for "try again later". Any other exception from a port is a defect and ends `run`."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An execution that this worker has won.

    `token` is the fencing token: it differs for every start, and only its holder may finish the execution.
    `timeout` is in seconds; None means no limit.
    """

    id: int
    token: int
    payload: Mapping[str, Any]
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended: one line for the table, and the whole story for the details.

    The file it made, if any, is told by its path, the rows in it, its size in bytes and its SHA-256 in
    hexadecimal; what is not known is None.
    """

    status: FinalStatus
    summary: str | None = None
    detail: str | None = None
    output_path: str | None = None
    output_rows: int | None = None
    output_size: int | None = None
    output_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """An outcome together with the claim that it belongs to."""

    id: int
    token: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """Who claims. `name` must be unique to one life of one process: a restarted worker has a new name."""

    name: str
    host: str
    pid: int
    version: str
    concurrency: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a report is due.

    `last_due` is the latest due time already dealt with, or the moment the schedule was set, edited or
    resumed where that is later. None: count from when this scheduler first sees it. One that lies more than
    `AHEAD` in the future was set by a clock that was wrong, and is believed only while somebody moves it on.
    `misfire` says what becomes of due times that were missed: the latest fires once, or none does.
    """

    report_id: int
    cron: str
    timezone: str
    last_due: datetime | None
    misfire: Misfire = "once"


class ExecutionQueue(Protocol):
    """Where executions wait, and where their outcomes are recorded."""

    async def offer(self, limit: int) -> Sequence[int]:
        """Give at most `limit` ids that are ready to start, highest priority first, then oldest first.

        Promises nothing: another worker may win them before `start`.
        """
        ...

    async def start(self, ids: Sequence[int], worker: str) -> Sequence[Claimed]:
        """Move these from Queued to Running for `worker`, each with a new fencing token, in one transaction.

        Returns only those won, in the order asked for. An id that is already Running for this same worker is
        given again with the token it has, so that a start whose answer was lost can be repeated.
        May raise `WorkerGone` where the worker is not registered.
        """
        ...

    async def finish(self, finished: Sequence[Finished]) -> Sequence[int]:
        """Record these outcomes in one transaction, and return the ids that were accepted.

        An entry whose token is not the execution's current one, or whose execution has ended already, is left
        out of the answer and changes nothing. So a finish whose answer was lost can be repeated.
        """
        ...


@runtime_checkable
class Takes(Protocol):
    """What an `ExecutionQueue` may be able to do besides: look and start in one call, which is sooner."""

    async def take(self, limit: int, worker: str) -> tuple[Sequence[int], Sequence[Claimed]]:
        """Do what `offer(limit)` and then `start` of that do, and give both answers.

        Raises `Unclear` where these may have been started, `WorkerGone` where the worker is not registered.
        """
        ...


@runtime_checkable
class Refills(Protocol):
    """What an `ExecutionQueue` may be able to do besides: outcomes and the next starts in one transaction."""

    async def refill(
        self, finished: Sequence[Finished], limit: int, worker: str
    ) -> tuple[Sequence[int], Sequence[int], Sequence[Claimed]]:
        """Do what `finish(finished)`, `offer(limit)` and `start` of that do, all or nothing; give the three.

        `limit` counts the slots that the outcomes free, so these come first; rows are locked in the order in
        which `reap` locks them, the worker's own before its executions. Called for every group of outcomes
        while work waits: one trip to the database and one commit for all three is its purpose. Raises
        `Unclear` where some may have been started (`exchange` of the same outcomes and ids tells), another
        `Unavailable` where nothing was, and `WorkerGone`, having done nothing, as `exchange` does.
        """
        ...

    async def exchange(
        self, finished: Sequence[Finished], ids: Sequence[int], worker: str
    ) -> tuple[Sequence[int], Sequence[Claimed]]:
        """Do what `finish(finished)` and then `start(ids, worker)` do, both or neither; give both answers.

        It can be repeated where they can. Raises `WorkerGone`, and has then done neither, where the worker
        is not registered.
        """
        ...


class WorkerRegistry(Protocol):
    """Who is alive, and what was asked of them. No method compares wall clocks."""

    async def register(self, info: WorkerInfo) -> None:
        """Add this worker, or replace what is known of it. Repeating it does no harm."""
        ...

    async def beat(self, worker: str) -> Sequence[int]:
        """Raise the worker's beat counter; return the ids of its Running executions that are to be cancelled.

        An id is returned at every beat until the execution has ended. Raises `WorkerGone` if the worker is
        not registered.
        """
        ...

    async def counters(self) -> Mapping[str, int]:
        """Give the beat counters of all registered workers by name. The asking one may be among them."""
        ...

    async def reap(self, worker: str, reason: str) -> Sequence[int]:
        """End the worker's Running executions as Failed with `reason`, and remove it, in one transaction.

        Returns the ids ended; nothing where the worker is gone already.
        """
        ...

    async def leave(self, worker: str) -> None:
        """Remove the worker, which has nothing Running. Unknown names do no harm."""
        ...

    async def cancel_requests(self, worker: str) -> Sequence[int]:
        """Give the same ids as `beat`, without beating: asked at each wake-up, so that a cancel is prompt."""
        ...


class ScheduleSource(Protocol):
    """The reports that run by the clock."""

    async def schedules(self) -> Sequence[Schedule]:
        """Give every schedule that is in force (paused ones are not)."""
        ...

    async def fire(self, report_id: int, due_at: datetime) -> int | None:
        """Queue the report for this due time and return the execution's id.

        None where nothing was queued: another scheduler dealt with it already, the report is gone or paused,
        or the execution before has not ended and the report does not let them overlap. Afterwards `last_due`
        is at least `due_at`, except where the report is paused. One more than `AHEAD` after the present goes
        back to `due_at`, unless that has fired before: a due time fires once, whatever the clocks did.
        """
        ...

    async def skip(self, report_id: int, due_at: datetime) -> None:
        """Count every due time up to this one as dealt with, and queue nothing. A repeat does no harm.

        It moves `last_due` as `fire` does.
        """
        ...


class Runner(Protocol):
    """Does what an execution is for."""

    async def run(self, claimed: Claimed) -> Outcome:
        """Run it to its end. An expected failure is an Outcome; an exception is a defect and becomes one.

        Cancelling the task means: stop, clean up, and end within a bounded time. It is cancelled once only.
        The runner may then raise CancelledError, or return an Outcome whose detail and output are kept; if
        that says Succeeded, the work was complete before the stop took hold, and it is believed.
        """
        ...


class Wakeup(Protocol):
    """Tells that something changed in the queue."""

    async def wait(self, timeout: float) -> None:
        """Return when something changed since the last return, or after `timeout` seconds.

        Level-triggered: a change between two calls makes the next one return at once.
        """
        ...


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def now(self) -> datetime:
        """Give the wall clock's time, aware, in UTC. Used for schedules only."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never jump and never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long on the monotonic clock."""
        ...
