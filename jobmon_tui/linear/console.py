"""The terminal as a place of lines: what is said goes out whole, what is typed comes in by the line.

The kernel edits the line (Backspace, Ctrl+U, Ctrl+W): a line editor of ours would move the cursor about.
Writing happens in a thread of its own, so that a terminal that was stopped with Ctrl+S, or is slow, holds up
no report that runs in this process.
"""

import asyncio
import contextlib
import os
import queue
import select
import sys
import termios
import threading
from collections.abc import Callable, Iterator

from jobmon_tui.linear.wrapping import WIDEST, plain, wrapped

_READ = 4096
_WRITE = 1024
"""Bytes at a time, so that what is said can be broken off."""
_LONGEST = 65_536
"""Bytes of one line; what is longer is cut there."""
_LOOK = 1.0
"""Seconds between two looks at whether the terminal is still there: SIGHUP may be ignored or lost."""
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class EndOfInput(Exception):  # noqa: N818  # it is no error
    """Ctrl+D, or the end of a pipe."""


class Interrupted(Exception):  # noqa: N818  # it is no error
    """Ctrl+C."""


class _Writer:
    """Writes in the order of `put`, in a thread that nobody waits for longer than he wants."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._todo: queue.SimpleQueue[tuple[int, bytes] | Callable[[], None] | None] = queue.SimpleQueue()
        self._is_dead = False
        self._put = 0
        self._dropped = 0
        self.begun = 0
        """The number of the last piece that was begun to be written."""
        self._thread = threading.Thread(target=self._work, name="lines", daemon=True)
        self._thread.start()

    def put(self, data: bytes) -> int:
        """Have this written behind the rest; return its number."""
        self._put += 1
        self._todo.put((self._put, data))
        return self._put

    async def heard(self) -> None:
        """Return once all has been written, or dropped because nobody is there."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(done.set)

        self._todo.put(tell)
        await done.wait()

    def drop(self) -> None:
        """Write nothing more of what was put so far."""
        self._dropped += 1
        kept = []
        with contextlib.suppress(queue.Empty):
            while True:
                item = self._todo.get_nowait()
                if not isinstance(item, tuple):
                    kept.append(item)
        for item in kept:
            self._todo.put(item)

    def close(self, seconds: float) -> None:
        """Write what is left, as far as that takes no longer than so many seconds."""
        self._todo.put(None)
        self._thread.join(seconds)

    def _work(self) -> None:
        while (item := self._todo.get()) is not None:
            if callable(item):
                with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                    item()
                continue
            dropped = self._dropped
            self.begun, left = item
            try:
                while left and not self._is_dead and dropped == self._dropped:
                    left = left[os.write(self._descriptor, left[:_WRITE]) :]
            except OSError:
                self._is_dead = True


class Console:
    """Says and asks."""

    def __init__(self, source: int = 0, target: int = 1) -> None:
        """`source` and `target` are file descriptors: terminals, pipes or files."""
        self._source, self._target = source, target
        self._writer = _Writer(target)
        self._typed = b""
        self._answer: asyncio.Future[str] | None = None
        self._asked = 0
        """The number of the piece that the standing question is."""
        self._is_broken_off = False

    # -- saying

    def say(self, text: str) -> None:
        """Say a text in lines of at most 80 cells, broken between words."""
        self._put("".join(f"{line}\n" for line in wrapped(text, self._width)))

    def recite(self, text: str) -> None:
        """Say a text that is not ours, its lines as they are."""
        self._put(plain(text).rstrip("\n") + "\n")

    @property
    def _width(self) -> int:
        try:
            return min(WIDEST, os.get_terminal_size(self._target).columns or WIDEST)
        except OSError:
            return WIDEST

    def _put(self, text: str) -> int:
        encoding, errors = sys.stdout.encoding or "utf-8", sys.stdout.errors or "replace"
        return self._writer.put(
            text.encode(encoding, "replace" if errors in {"strict", "surrogateescape"} else errors)
        )

    def close(self, seconds: float = 2.0) -> None:
        """Let out what was said, as far as anybody listens."""
        self._writer.close(seconds)

    # -- asking

    async def ask(self, question: str) -> str:
        """Return what is typed in answer, without the spaces around it.

        Raises `EndOfInput`, `Interrupted`.
        """
        asked = "\n".join(wrapped(question, max(20, self._width - 20))) + " "
        with self._question() as answer:
            self._asked = self._put(asked)
            await self._writer.heard()
            if self._is_broken_off:
                self._is_broken_off = False
                self._asked = self._put(f"\n{asked}")
                await self._writer.heard()
            return (await self._line(answer)).strip()

    async def ask_secret(self, question: str) -> str:
        """Return what is typed, which nobody sees. Raises as `ask`."""
        with self._question() as answer, self._blind():
            self._asked = self._put(f"{question} ")
            await self._writer.heard()
            try:
                return await self._line(answer)
            finally:
                self._put("\n")

    @contextlib.contextmanager
    def _question(self) -> Iterator["asyncio.Future[str]"]:
        self._answer = asyncio.get_running_loop().create_future()
        try:
            yield self._answer
        finally:
            if self._answer.done() and not self._answer.cancelled():
                self._answer.exception()  # it came too late, and is of no use any more
            self._answer = None

    @contextlib.contextmanager
    def _blind(self) -> Iterator[None]:
        """Let the terminal not show what is typed."""
        try:
            before = termios.tcgetattr(self._source)
        except (termios.error, OSError):
            yield  # no terminal: nothing shows it
            return
        silent = [*before]
        silent[3] &= ~termios.ECHO
        try:
            termios.tcsetattr(self._source, termios.TCSADRAIN, silent)
            yield
        finally:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(self._source, termios.TCSADRAIN, before)

    @property
    def is_asking(self) -> bool:
        """Tell whether a question stands, or is about to."""
        return self._answer is not None

    def interrupt(self) -> None:
        """Break off what is being said, and go on with the next question; else break off the question."""
        if self._answer is None or self._writer.begun < self._asked:
            self._writer.drop()
            self._is_broken_off = True
        elif not self._answer.done():
            self._answer.set_exception(Interrupted())

    async def _line(self, answer: "asyncio.Future[str]") -> str:
        if not answer.done() and b"\n" in self._typed:
            return self._next()
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(self._source, self._read)
        except PermissionError:
            # A file: it is never waited for.
            while not answer.done():
                self._read()
            return await answer
        try:
            return await answer
        finally:
            loop.remove_reader(self._source)

    def _read(self) -> None:
        assert self._answer is not None
        try:
            data = os.read(self._source, _READ)
        except OSError:
            data = b""
        self._typed += data
        if self._answer.done():
            return
        if b"\n" in self._typed or len(self._typed) > _LONGEST or (not data and self._typed):
            self._answer.set_result(self._next())
        elif not data:
            self._answer.set_exception(EndOfInput())

    def _next(self) -> str:
        line, _, self._typed = self._typed.partition(b"\n")
        return plain(line[:_LONGEST].decode(errors="replace")).replace("\n", " ")

    # -- the end of the terminal

    @property
    def is_gone(self) -> bool:
        """Tell whether nobody can hear or type any more."""
        poll = select.poll()
        poll.register(self._target, 0)
        # Of a pipe that is read only its own end says so, which is no reason to leave what was typed before.
        if os.isatty(self._source):
            poll.register(self._source, 0)
        return any(events & _GONE for _descriptor, events in poll.poll(0))

    async def gone(self) -> None:
        """Return once the terminal is gone."""
        while not self.is_gone:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(_LOOK)
