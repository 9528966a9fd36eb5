"""The real dashboard at the far end of a line: each byte counted, as slow as wanted, answering or not.

The reader is a thread of its own, which takes what the line's speed allows and no more: what it has not taken
waits in the kernel, and then in the program, as behind a modem.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

from tests.e2e.terminal import KEYS

QUESTION = b"\x1b[6n"
_STEP = 0.02
_LEFT_OVER = 12


class Line:
    """One program in a pty of `columns` x `rows`, 256 colours. Use it as a context manager."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        module: str = "jobmon_tui",
        speed: int | None = None,
        answers: bool = True,
        answers_after: float = 0.0,
        columns: int = 120,
        rows: int = 40,
    ) -> None:
        """Start the program. `speed` is in bytes a second, None for no limit.

        The terminal answers `answers_after` seconds later than it was asked, as over a satellite.
        """
        self.speed = speed
        self.answers = answers
        self._answers_after = answers_after
        self.raw = bytearray()
        self.questions = 0
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._heard_at = time.monotonic()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={
                "PATH": os.environ["PATH"],
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                **environment,
            },
            cwd=str(Path(__file__).resolve().parents[2]),
            start_new_session=True,
        )
        self._slave = slave
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_ended: object) -> None:
        self.close()

    def _read(self) -> None:
        due = time.monotonic()
        while not self._ended.is_set():
            if not select.select([self.master], [], [], 0.1)[0]:
                continue
            due = max(due, time.monotonic())
            try:
                chunk = os.read(
                    self.master, 65_536 if self.speed is None else max(1, int(self.speed * _STEP))
                )
            except OSError:
                return
            if self.speed is not None:
                due += len(chunk) / self.speed
                time.sleep(max(0.0, due - time.monotonic()))
            self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        with self._lock:
            seen = bytes(self.raw[-len(QUESTION) + 1 :]) + chunk
            asked = seen.count(QUESTION)
            self.raw += chunk
            self.questions += asked
            self._stream.feed(chunk)
            self._heard_at = time.monotonic()
            for _ in range(asked if self.answers else 0):
                place = (self._screen.cursor.y + 1, self._screen.cursor.x + 1)
                threading.Timer(self._answers_after, self._answer, [b"\x1b[%d;%dR" % place]).start()

    def _answer(self, answer: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self.master, answer)

    # What has come over the line

    @property
    def count(self) -> int:
        """How many bytes have come."""
        with self._lock:
            return len(self.raw)

    @property
    def text(self) -> str:
        """The screen as it stands."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def until(self, true: Callable[[], object], seconds: float = 30, what: str = "") -> float:
        """Wait until `true()`; return the seconds that it took, or fail with the screen."""
        began = time.monotonic()
        while not true():
            waited = time.monotonic() - began
            assert waited < seconds, f"{what or 'it'} did not come within {seconds:g} s:\n{self.text}"
            assert self.process.poll() is None, f"the program has ended:\n{self.text}"
            time.sleep(0.005)
        return time.monotonic() - began

    def wait_for(self, *wanted: str, seconds: float = 30) -> float:
        """Wait until every text stands on the screen."""
        return self.until(lambda: all(each in self.text for each in wanted), seconds, str(wanted))

    def quiet(self, seconds: float = 0.6) -> None:
        """Wait until nothing has come for so long."""
        self.until(lambda: time.monotonic() - self._heard_at >= seconds, 60, "silence")

    def cost(self, act: Callable[[], object], settled: Callable[[], object] = lambda: True) -> int:
        """Return the bytes that come from `act` until `settled()`, and silence after it."""
        before = self.count
        act()
        self.until(settled)
        self._heard_at = time.monotonic()
        self.quiet()
        return self.count - before

    def until_read(self) -> None:
        """Wait until all that an ended program has written is read."""
        while select.select([self.master], [], [], 2 * _STEP)[0]:
            time.sleep(_STEP)

    # What goes the other way

    def press(self, *keys: str) -> None:
        """Press keys by name, or type text as it is."""
        for key in keys:
            os.write(self.master, KEYS.get(key, key).encode())

    def left_typed(self) -> bytes:
        """Return what was typed, by hand or by the terminal, and nobody has read."""
        tty.setraw(self._slave)
        os.set_blocking(self._slave, False)
        try:
            return os.read(self._slave, 65_536)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """End the program, whatever it does."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._ended.set()
        self._reader.join()
        for each in (self.master, self._slave):
            with contextlib.suppress(OSError):
                os.close(each)
