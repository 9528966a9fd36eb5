"""The real program in a real pseudo-terminal, its screen read as a person would read it."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "space": " ",
    "ctrl+c": "\x03",
    "ctrl+q": "\x11",
}


class Terminal:
    """One program in a pty of `columns` x `rows`."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 80,
        rows: int = 24,
        before: Callable[[], None] | None = None,
        module: str = "jobmon_tui",
        program: str | None = None,
    ) -> None:
        """Start it, another `module` or another `program`; `before` is called in its process first."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.columns = columns
        self.bytes_read = 0
        self.written = bytearray()
        """All that the program has written."""
        self.child = pexpect.spawn(
            program or sys.executable,
            [*arguments] if program else ["-m", module, *arguments],
            env={
                "PATH": os.environ["PATH"],
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                **environment,
            },
            cwd=str(Path(__file__).resolve().parents[2]),
            dimensions=(rows, columns),
            timeout=None,
            preexec_fn=before,
        )

    def read(self, seconds: float = 0.1) -> None:
        """Take what the program has written until it is silent for `seconds`."""
        while True:
            try:
                chunk = self.child.read_nonblocking(65_536, timeout=seconds)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return
            self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        self.bytes_read += len(chunk)
        self.written += chunk
        self._stream.feed(chunk)

    @property
    def text(self) -> str:
        """The screen as it stands."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def cursor(self) -> tuple[int, int]:
        """Where the terminal's own cursor is: column and line, from 0."""
        return self._screen.cursor.x, self._screen.cursor.y

    def look_of(self, line: int, column: int) -> tuple[object, ...]:
        """Return how a cell looks: ink, ground, and whether bold, underlined, reversed."""
        cell = self._screen.buffer[line][column]
        return cell.fg, cell.bg, cell.bold, cell.underscore, cell.reverse

    def wait_for(self, *wanted: str, seconds: float = 20) -> str:
        """Read until every text stands on the screen; fail with the screen after `seconds`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read()
            if all(each in self.text for each in wanted):
                return self.text
        raise AssertionError(f"{wanted} did not appear within {seconds:g} s:\n{self.text}")

    def wait_gone(self, unwanted: str, seconds: float = 20) -> str:
        """Read until a text no longer stands on the screen."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read()
            if unwanted not in self.text:
                return self.text
        raise AssertionError(f"{unwanted!r} is still there after {seconds:g} s:\n{self.text}")

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size, as dragging its corner does."""
        self.columns = columns
        self._screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def press(self, *keys: str) -> None:
        """Press keys by name, or type text as it is."""
        for key in keys:
            self.child.send(KEYS.get(key, key))
            self.read(0.05)

    def wait_end(self, seconds: float = 20) -> int:
        """Wait for the program's end and return its exit code, 128 + n for a signal."""
        until = time.monotonic() + seconds
        while self.child.isalive() and time.monotonic() < until:
            self.read()
        assert not self.child.isalive(), f"still running after {seconds:g} s:\n{self.text}"
        self.child.close()
        return 128 + self.child.signalstatus if self.child.exitstatus is None else self.child.exitstatus

    def close(self) -> None:
        """End the program, whatever it does."""
        self.child.close(force=True)
