"""A terminal in which `ssh` runs: the real client, over a line that may be long."""

import os
import time
from pathlib import Path

import pexpect
import pyte

from tests.e2e.terminal import Terminal

_QUIET = (
    *("-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
    *("-o", "LogLevel=ERROR", "-o", "PreferredAuthentications=none", "-tt", "127.0.0.1"),
)


class _Answering(pyte.Screen):
    """A screen that answers when it is asked where its cursor is, as terminals do."""

    to: pexpect.spawn

    def write_process_input(self, data: str) -> None:
        self.to.send(data)


class SshTerminal(Terminal):
    """The far program's screen. What is pressed goes through `ssh`."""

    def __init__(self, port: int, home: Path, *, columns: int = 80, rows: int = 24) -> None:
        self._screen = _Answering(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.columns = columns
        self.bytes_read = 0
        self.child = pexpect.spawn(
            "ssh",
            ["-p", str(port), *_QUIET],
            env={"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"},
            dimensions=(rows, columns),
            timeout=None,
        )
        self._screen.to = self.child

    def key_to_paint(self, key: str, wanted: str | None = None, seconds: float = 20) -> tuple[float, int]:
        """Press a key; return the seconds until it is answered, and the bytes that came in all.

        It is answered by the first bytes that come, or once `wanted` stands on the screen.
        """
        self.read(0.35)
        before, began = self.bytes_read, time.monotonic()
        self.child.send(key)
        while self.bytes_read == before if wanted is None else wanted not in self.text:
            assert time.monotonic() - began < seconds, f"no answer to {key!r}:\n{self.text}"
            self._take()
        took = time.monotonic() - began
        self.read(0.35)
        return took, self.bytes_read - before

    @property
    def cursor_row(self) -> int:
        """The line that the terminal's cursor is in, from 0."""
        return int(self._screen.cursor.y)

    def _take(self) -> None:
        try:
            chunk = self.child.read_nonblocking(65_536, timeout=0.02)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.bytes_read += len(chunk)
        self._stream.feed(chunk)
