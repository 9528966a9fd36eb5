"""The change feed on a real database."""

import asyncio

from jobmon_tui.storage.feed import POLL_SECONDS, WatchWakeup
from tests.backends import Raw, Store
from tests.conformance.world import queue_one


async def _settle(store: Store) -> None:
    """Let the first poll pass, which always tells."""
    await asyncio.sleep(POLL_SECONDS * 2)


async def test_a_commit_in_this_process_wakes_every_watcher_at_once(store: Store) -> None:
    watches = [store.feed.watch(), store.feed.watch()]
    await _settle(store)
    for watch in watches:
        await watch.wait(0)
    waits = [asyncio.create_task(watch.wait(30)) for watch in watches]
    await asyncio.sleep(0)
    await store.write(queue_one)
    # Not one turn of the poll's clock: what is done now was done by the commit.
    await asyncio.sleep(0)
    assert [wait.done() for wait in waits] == [True, True]
    assert [wait.result() for wait in waits] == [True, True]


async def test_a_commit_of_another_program_is_seen_within_half_a_second(store: Store, raw: Raw) -> None:
    watch = store.feed.watch()
    await _settle(store)
    await watch.wait(0)
    for number in range(4):
        await asyncio.to_thread(raw, "UPDATE user_account SET password_hash = password_hash || 'x'")
        async with asyncio.timeout(0.5):
            assert await watch.wait(30)
        # At any point of a poll.
        await asyncio.sleep(0.07 * number)
        await watch.wait(0)


async def test_a_change_between_two_waits_is_not_lost(store: Store) -> None:
    watch = store.feed.watch()
    await _settle(store)
    await watch.wait(0)
    await store.write(queue_one)
    assert await watch.wait(0)
    assert not await watch.wait(0.01)


async def test_a_commit_whose_caller_was_cancelled_wakes_the_watchers_all_the_same(
    store: Store,
) -> None:
    watch = store.feed.watch()
    await _settle(store)
    await watch.wait(0)
    caller = asyncio.create_task(store.write(queue_one))
    await asyncio.sleep(0)
    caller.cancel()
    async with asyncio.timeout(5):
        assert await watch.wait(5)
    await asyncio.gather(caller, return_exceptions=True)


async def test_a_closed_watch_is_let_go_and_the_wakeup_of_the_engine_waits_no_longer_than_asked(
    store: Store,
) -> None:
    watch = store.feed.watch()
    await _settle(store)
    await watch.wait(0)
    async with asyncio.timeout(5):
        await WatchWakeup(watch).wait(0.01)
    watch.close()
    await store.write(queue_one)
    assert not watch._event.is_set()
