"""What runs at this moment, and how each of it ends."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Final, get_args

from scheduler.ports import Claimed, Clock, FinalStatus, Finished, Outcome, Runner

ANY: Final = range(1, 2**63)
"""Every id there can be."""
UNFORESEEN: Final = "unforeseen error"
_FINAL: Final = frozenset(get_args(FinalStatus))


@dataclass(slots=True, eq=False)
class _Slot:
    claimed: Claimed
    task: asyncio.Task[Outcome]
    ends_at: float = inf
    ending: Outcome | None = None


class Slots:
    """Runs claims as tasks. A slot is taken until its outcome is recorded, not just until the work ends."""

    def __init__(self, runner: Runner, clock: Clock, settled: Callable[[Finished], None]) -> None:
        self._runner = runner
        self._clock = clock
        self._settled = settled
        self._slots: dict[int, _Slot] = {}
        self._expected: Collection[int] = ()
        self._early: dict[int, Outcome] = {}
        self._closing: Outcome | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._watched_until = inf

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def ids(self) -> tuple[int, ...]:
        """The executions that hold a slot, oldest claim first."""
        return tuple(self._slots)

    @property
    def idle(self) -> bool:
        """Nothing holds a slot, and nothing is about to."""
        return not self._slots and not self._expected

    @property
    def working(self) -> bool:
        """A runner has not ended yet."""
        return any(not slot.task.done() for slot in self._slots.values())

    def expect(self, ids: Collection[int]) -> None:
        """Remember a `stop` of these until they are launched: they may be Running already, unknown to us."""
        self._expected = ids
        self._early.clear()

    def launch(self, claimed: Claimed) -> None:
        """Start it. One that is running here already is left alone: a repeated claim tells of it again."""
        if claimed.id in self._slots:
            return
        task = asyncio.create_task(self._run(claimed), name=f"execution {claimed.id}")
        slot = self._slots[claimed.id] = _Slot(claimed, task)
        if claimed.timeout is not None:
            slot.ends_at = self._clock.monotonic() + claimed.timeout
            self._watch(slot.ends_at)
        # A callback, not code in the task: a task cancelled before its first step never runs any.
        task.add_done_callback(partial(self._done, slot))
        ending = self._early.pop(claimed.id, self._closing)
        if ending is not None:
            _stop(slot, ending)

    def stop(self, ids: Iterable[int], ending: Outcome) -> None:
        """Ask these to stop and to end so. The first reason given to each is the one that counts."""
        for execution_id in ids:
            slot = self._slots.get(execution_id)
            if slot is not None:
                _stop(slot, ending)
            elif execution_id in self._expected:
                self._early.setdefault(execution_id, ending)

    def close(self, ending: Outcome) -> None:
        """Stop all, and whatever may still be launched."""
        self._closing = ending
        self.stop(self.ids, ending)

    def release(self, finished: Iterable[Finished]) -> None:
        """Free the slots of these: their outcomes are recorded, or refused for good."""
        for one in finished:
            slot = self._slots.get(one.id)
            if slot is not None and slot.claimed.token == one.token:
                del self._slots[one.id]

    def abandon(self) -> None:
        """Cancel again whatever has not ended, and forget everything."""
        for slot in self._slots.values():
            slot.task.cancel()
        self._slots.clear()
        if self._watcher is not None:
            self._watcher.cancel()

    async def _run(self, claimed: Claimed) -> Outcome:
        return await self._runner.run(claimed)

    def _watch(self, until: float) -> None:
        # One timer for all: a task for each would cost as much as its start, and nearly all end in time.
        if until < self._watched_until:
            if self._watcher is not None:
                self._watcher.cancel()
            self._watched_until = until
            self._watcher = asyncio.create_task(self._expire())

    async def _expire(self) -> None:
        while self._watched_until < inf:
            await self._clock.sleep(self._watched_until - self._clock.monotonic())
            now = self._clock.monotonic()
            running = [each for each in self._slots.values() if not each.task.done()]
            for slot in running:
                if slot.ends_at <= now and slot.claimed.timeout is not None:
                    _stop(slot, Outcome("Failed", f"timed out after {duration(slot.claimed.timeout)}"))
            self._watched_until = min((each.ends_at for each in running if each.ends_at > now), default=inf)

    def _done(self, slot: _Slot, task: asyncio.Task[Outcome]) -> None:
        self._settled(Finished(slot.claimed.id, slot.claimed.token, _judge(slot.ending, task)))


def _stop(slot: _Slot, ending: Outcome) -> None:
    # Only once: a second cancel would break into the runner's cleaning up.
    if slot.ending is None and not slot.task.done():
        slot.ending = ending
        slot.task.cancel()


def _judge(ending: Outcome | None, task: asyncio.Task[Outcome]) -> Outcome:
    """Turn however the runner's task ended into the outcome that is true."""
    if task.cancelled():
        return ending or Outcome("Failed", UNFORESEEN, "the runner cancelled itself")
    error = task.exception()
    if error is not None:
        told = f"{type(error).__name__}: {error}"
        if ending is not None:
            return Outcome(ending.status, ending.summary, f"while stopping: {told}")
        return Outcome("Failed", UNFORESEEN, told)
    outcome: object = task.result()
    # Runners come from others too, and an annotation binds nobody at run time.
    if not isinstance(outcome, Outcome):
        outcome = Outcome(
            "Failed", UNFORESEEN, f"the runner returned {type(outcome).__name__}, not an Outcome"
        )
    if outcome.status not in _FINAL:
        told = f"the runner returned the status {outcome.status!r}"
        outcome = replace(outcome, status="Failed", summary=UNFORESEEN, detail=told)
    if ending is None or outcome.status == "Succeeded":
        return outcome
    return replace(outcome, status=ending.status, summary=ending.summary)


def duration(seconds: float) -> str:
    """Say a span of time as a person would: 45s, 10m, 1h 30m, 1.5s."""
    if seconds < 60:
        return f"{seconds:g}s"
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{left}s" if left else ""]
    return " ".join(part for part in parts if part)
