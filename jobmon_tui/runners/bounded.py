"""Waiting that ends: for work in threads, and for cleaning up that a second cancel must not break into."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

_HURRY = 1.0


def in_thread(work: Callable[[], T], name: str) -> "asyncio.Future[T]":
    """Start `work` in a thread of its own and return what becomes of it.

    Unlike `asyncio.to_thread` the thread is a daemon: work that hangs (a dead network mount, a keyring that
    asks nobody) does not keep the process from ending. Cancelling the future does not stop the thread.
    """
    done: Future[T] = Future()

    def call() -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed over to whoever waits
            done.set_exception(error)
        else:
            done.set_result(result)

    threading.Thread(target=call, name=name, daemon=True).start()
    return asyncio.wrap_future(done)


async def settle(work: "asyncio.Future[T]", seconds: float) -> bool:
    """Wait until `work` is done, `seconds` at most, even where this task is cancelled meanwhile.

    For cleaning up, whose caller raises CancelledError afterwards: a cancel shortens the wait to a second and
    is not raised here. Tells whether the work is done; its result or exception is left in it.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not work.done() and (left := deadline - loop.time()) > 0:
        try:
            await asyncio.wait({work}, timeout=left)
        except asyncio.CancelledError:
            deadline = min(deadline, loop.time() + _HURRY)
    return work.done()
