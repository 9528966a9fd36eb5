"""Following: whatever happens between two looks, and within one, each step is told once."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jobmon_tui.domain.execution import ConfigurationState, Execution, Status, Trigger
from jobmon_tui.domain.following import MOST_GAPS, Following, in_order, steps_of
from jobmon_tui.services import follow
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.follow import Follower
from jobmon_tui.services.records import ExecutionFilter

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
PATHS = [
    [Status.QUEUED, Status.CANCELLED],
    [Status.QUEUED, Status.RUNNING, Status.SUCCEEDED],
    [Status.QUEUED, Status.RUNNING, Status.FAILED],
    [Status.QUEUED, Status.RUNNING, Status.CANCELLED],
]


def execution(number: int, status: Status = Status.QUEUED, **more: Any) -> Execution:
    """An execution that was queued `number` seconds after the start."""
    row = Execution(
        number,
        "Sales",
        Status.QUEUED,
        Trigger.MANUAL,
        "ada",
        None,
        1,
        START + timedelta(seconds=number),
        None,
        None,
        None,
        None,
        1,
        1,
        ConfigurationState.UNCHANGED,
        None,
        None,
    )
    steps = {Status.QUEUED: (), Status.RUNNING: (Status.RUNNING,)}.get(status, (Status.RUNNING, status))
    for step in steps:
        row = moved(row, step)
    return replace(row, **more)


def moved(row: Execution, status: Status) -> Execution:
    """The same a second later, in that status."""
    last = row.started_at or row.queued_at
    at = last + timedelta(seconds=1)
    if status is Status.RUNNING:
        return replace(row, status=status, started_at=at, worker="w0")
    error = {Status.FAILED: "boom", Status.CANCELLED: "cancelled by ada"}.get(status)
    return replace(row, status=status, finished_at=at, duration_ms=1_000, error=error)


class World:
    """Executions that change whenever somebody looks; ids are given out before they are seen."""

    def __init__(self, dice: Callable[[int], int], ids: int) -> None:
        self._dice = dice
        self.rows: dict[int, Execution] = {}
        self.paths: dict[int, list[Status]] = {}
        self._given = 0
        self._ids = ids
        self._unseen: list[int] = []
        self.quiet = False

    def live(self) -> None:
        for _ in range(self._dice(4)):
            choice = self._dice(4)
            if choice == 0 and self._given < self._ids:
                self._given += 1
                self._unseen.append(self._given)
            elif choice == 1 and self._unseen:
                self._commit(self._unseen.pop(self._dice(len(self._unseen))))
            elif self.rows:
                self._step(sorted(self.rows)[self._dice(len(self.rows))])

    def settle(self) -> None:
        for number in self._unseen:
            self._commit(number)
        self._unseen = []
        self.quiet = True

    def _commit(self, number: int) -> None:
        self.rows[number] = execution(number)
        self.paths[number] = [*PATHS[self._dice(len(PATHS))]]

    def _step(self, number: int) -> None:
        path, row = self.paths[number], self.rows[number]
        at = path.index(row.status)
        if at + 1 < len(path):
            self.rows[number] = moved(row, path[at + 1])

    async def executions(
        self,
        _caller: Caller,
        wanted: ExecutionFilter,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        offset: int = 0,
    ) -> Sequence[Execution]:
        if not self.quiet:
            self.live()
        found = [
            row
            for number, row in sorted(self.rows.items(), reverse=True)
            if (not wanted.statuses or row.status in wanted.statuses)
            and (before is None or number < before)
            and (after is None or number > after)
            and (wanted.since is None or row.queued_at >= wanted.since)
        ]
        return found[-limit:] if after is not None else found[:limit]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 6), st.integers(1, 5), st.booleans())
def test_each_step_is_told_once_whatever_happens_between_two_reads(
    seed: int, ids: int, looks: int, page: int, from_the_start: bool
) -> None:
    world = World(Random(seed).randrange, ids)
    for _ in range(3):
        world.live()
    told: dict[int, list[Status]] = defaultdict(list)
    known: set[int] = set()
    since = START if from_the_start else None

    async def main() -> None:
        follower = Follower(
            world,  # type: ignore[arg-type]
            Caller("t", "o"),
            since=since,
        )
        for look in range(looks + 1):
            if look == looks:
                world.settle()
            async for steps in follower.look():
                for step in steps:
                    told[step.execution.id].append(step.execution.status)
            # What was there while it began is known from some moment on.
            known.update(world.rows if look == 0 else ())
        assert follower._known is not None
        assert set(follower._known.active) == {n for n, row in world.rows.items() if not row.status.is_final}

    before, follow.PAGE = follow.PAGE, page
    try:
        asyncio.run(main())
    finally:
        follow.PAGE = before
    for number, row in world.rows.items():
        path = world.paths[number]
        made = path[: path.index(row.status) + 1]
        if number in known and since is None:
            assert told[number] == made[len(made) - len(told[number]) :]
        else:
            assert told[number] == made, number


def test_what_was_there_at_the_first_look_is_not_told() -> None:
    world = World(lambda _below: 0, 0)
    world.quiet = True
    world.rows = {1: execution(1, Status.FAILED), 2: execution(2, Status.RUNNING), 3: execution(3)}

    async def main() -> list[tuple[int, Status]]:
        follower = Follower(world, Caller("t", "o"))  # type: ignore[arg-type]
        assert [steps async for steps in follower.look()] == []
        world.rows[2] = moved(world.rows[2], Status.SUCCEEDED)
        world.rows[3] = moved(moved(world.rows[3], Status.RUNNING), Status.FAILED)
        del world.rows[1]
        found = [step async for steps in follower.look() for step in steps]
        assert [steps async for steps in follower.look()] == []
        return [(step.execution.id, step.execution.status) for step in found]

    assert asyncio.run(main()) == [(2, Status.SUCCEEDED), (3, Status.RUNNING), (3, Status.FAILED)]


def test_an_execution_that_is_taken_away_is_forgotten() -> None:
    world = World(lambda _below: 0, 0)
    world.quiet = True
    world.rows = {1: execution(1, Status.RUNNING)}

    async def main() -> int:
        follower = Follower(world, Caller("t", "o"))  # type: ignore[arg-type]
        assert [steps async for steps in follower.look()] == []
        world.rows = {}
        assert [steps async for steps in follower.look()] == []
        assert follower._known is not None
        return len(follower._known.active)

    assert asyncio.run(main()) == 0


def test_earlier_steps_say_nothing_of_what_came_later() -> None:
    queued, running, failed = [step.execution for step in steps_of(execution(1, Status.FAILED), None)]
    assert queued == execution(1)
    assert running == execution(1, Status.RUNNING)
    assert failed == execution(1, Status.FAILED)


def test_steps_keep_their_order_where_clocks_differ() -> None:
    early = replace(execution(5, Status.FAILED), started_at=START, finished_at=START)
    steps = in_order(steps_of(early, None))
    assert [step.execution.status for step in steps] == [Status.QUEUED, Status.RUNNING, Status.FAILED]
    assert {step.at for step in steps} == {early.queued_at}


def test_memory_does_not_grow_with_what_has_ended_nor_with_ids_that_were_skipped() -> None:
    following = Following(0)
    for number in range(1, 20_000, 7):
        following.take_new([execution(number, Status.SUCCEEDED)], 60.0)
    assert (following.active, len(following.gaps)) == ({}, MOST_GAPS)
    assert max(following.gaps) > 19_900
    following.take_new([execution(10_000_000)], 60.0)
    assert len(following.gaps) == MOST_GAPS
    assert list(following.unsettled([10_000_000], 61.0)) == []
    assert (following.gaps, following.active) == ({}, {10_000_000: Status.QUEUED})


def test_a_look_fails_and_the_next_one_tells_the_rest() -> None:
    world = World(lambda _below: 0, 0)
    world.quiet = True
    world.rows = {number: execution(number) for number in range(1, 8)}
    broken = SimpleNamespace(after=99)

    async def executions(*arguments: Any, **more: Any) -> Sequence[Execution]:
        broken.after -= 1
        if broken.after < 0:
            raise ConnectionError
        return await world.executions(*arguments, **more)

    services = SimpleNamespace(executions=executions)

    async def main() -> list[int]:
        follower = Follower(services, Caller("t", "o"))  # type: ignore[arg-type]
        assert [steps async for steps in follower.look()] == []
        for number in world.rows:
            world.rows[number] = moved(world.rows[number], Status.RUNNING)
        found = []
        for reads in (0, 1, 2, 3, 99):
            broken.after = reads
            try:
                async for steps in follower.look():
                    found += [step.execution.id for step in steps]
            except ConnectionError:
                pass
        return found

    before, follow.PAGE = follow.PAGE, 2
    try:
        assert sorted(asyncio.run(main())) == list(range(1, 8))
    finally:
        follow.PAGE = before
