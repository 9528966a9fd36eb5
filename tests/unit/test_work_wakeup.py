"""Who of many workers on PostgreSQL is woken, for what, and when."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.services.records import WorkerSeen
from jobmon_tui.storage.crew import Crew
from jobmon_tui.storage.postgres.work import WorkWakeup

NOW = datetime(2026, 1, 2, tzinfo=UTC)
QUEUES = st.sets(st.sampled_from("abc"), max_size=3).map(lambda each: tuple(sorted(each)))


def _seen(name: str, queues: Sequence[str] = ()) -> WorkerSeen:
    return WorkerSeen(name, "host", 1, "0", 4, 0, NOW, 0, NOW, tuple(queues))


async def _never(_queues: Sequence[str]) -> bool:
    raise AssertionError("asked in vain")


async def _yes(_queues: Sequence[str]) -> bool:
    return True


def _wakeup(
    is_waiting: Callable[[Sequence[str]], Awaitable[bool]] = _never,
    *,
    name: str = "w1",
    queues: Sequence[str] = (),
    others: Sequence[str] = (),
) -> WorkWakeup:
    crew = Crew(queues)
    crew.saw([_seen(each) for each in (name, *others)])
    return WorkWakeup(crew, name, is_waiting)


async def _is_woken(wakeup: WorkWakeup) -> bool:
    """Tell whether it wakes for work long before its poll."""
    try:
        async with asyncio.timeout(0.2):
            await wakeup.wait(600)
    except TimeoutError:
        return False
    return True


@given(
    st.dictionaries(st.text("wxyz", min_size=1), QUEUES, min_size=1), st.integers(1), st.sampled_from("abc")
)
def test_one_of_those_that_serve_a_queue_is_first_and_everybody_agrees(
    crew: dict[str, tuple[str, ...]], execution_id: int, queue: str
) -> None:
    seen = [_seen(name, queues) for name, queues in crew.items()]
    first = []
    for name, queues in crew.items():
        each = Crew(queues)
        each.saw(seen[::-1] if len(first) % 2 else seen)
        if each.serves(queue) and each.is_first(name, execution_id, queue):
            first.append(name)
    assert len(first) == any(not queues or queue in queues for queues in crew.values())


def test_who_is_not_known_yet_is_first() -> None:
    assert Crew(()).is_first("w1", 7, "default")
    late = Crew(())
    late.saw([_seen("w2"), _seen("w3")])
    assert late.is_first("w1", 7, "default")


async def test_the_first_is_woken_at_once_and_the_others_only_for_what_still_waits() -> None:
    asked: list[Sequence[str]] = []
    answers = [False, True]

    async def is_waiting(queues: Sequence[str]) -> bool:
        asked.append(queues)
        return answers.pop(0)

    first = _wakeup(name="w1", others=["w2"])
    first.told("queued 2 default")
    await first.wait(600)
    second = _wakeup(is_waiting, name="w2", others=["w1"])
    second.told("queued 2 default")
    second.told("queued 4 default")
    assert not await _is_woken(second)
    assert asked == [()]
    second.told("queued 6 default")
    assert await _is_woken(second)
    assert len(asked) == 2


async def test_what_is_queued_while_it_is_asked_is_asked_for_again() -> None:
    answers = [False, True]

    async def is_waiting(_queues: Sequence[str]) -> bool:
        if len(answers) == 2:
            other.told("queued 4 default")
            # Until what was told is heard: the answer is of the time before.
            await asyncio.sleep(0.1)
        return answers.pop(0)

    other = _wakeup(is_waiting, name="w2", others=["w1"])
    other.told("queued 2 default")
    async with asyncio.timeout(5):
        await other.wait(600)
    assert answers == []


async def test_a_worker_of_one_queue_is_not_woken_for_another_and_asks_for_its_own() -> None:
    asked: list[Sequence[str]] = []

    async def is_waiting(queues: Sequence[str]) -> bool:
        asked.append(queues)
        return True

    wakeup = _wakeup(is_waiting, name="w2", queues=["night jobs"], others=["w1"])
    wakeup.told("queued 2 default")
    assert not await _is_woken(wakeup)
    wakeup.told("queued 2 night jobs")
    assert await _is_woken(wakeup)
    assert asked == [("night jobs",)]


async def test_a_cancel_wakes_the_one_who_runs_it_and_nobody_for_work() -> None:
    wakeup = _wakeup()
    wakeup.told("cancel w2")
    wakeup.told("cancel w1 ")
    assert not wakeup.cancels._event.is_set()
    wakeup.told("cancel w1")
    async with asyncio.timeout(5):
        await wakeup.cancels.wait(600)
    assert not await _is_woken(wakeup)


async def test_words_of_a_later_release_may_mean_anything() -> None:
    for words in ("", "queued", "queued soon", "freed 7 default"):
        wakeup = _wakeup()
        wakeup.told(words)
        assert await _is_woken(wakeup)
        assert wakeup.cancels._event.is_set()


async def test_it_looks_every_few_seconds_though_nothing_was_heard() -> None:
    async with asyncio.timeout(5):
        await _wakeup().wait(0.01)
    later = _wakeup(_yes, name="w2", others=["w1"])
    later.told("queued 2 default")
    async with asyncio.timeout(5):
        await later.wait(0)
    # It has looked: nothing is left to ask for.
    assert not await _is_woken(later)
