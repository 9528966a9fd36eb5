"""A terminal in which `ssh` runs: the real client, over a line that may be long."""

import contextlib
import time
from pathlib import Path

import pexpect

from tests.e2e.terminal import Terminal

_QUIET = (
    *("-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
    *("-o", "LogLevel=ERROR", "-o", "PreferredAuthentications=none", "-tt", "127.0.0.1"),
)


class SshTerminal(Terminal):
    """The far program's screen. What is pressed goes through `ssh`."""

    def __init__(self, port: int, home: Path, *, columns: int = 80, rows: int = 24) -> None:
        """Connect to this port; `home` is where `ssh` may keep what it keeps."""
        arguments = ["-p", str(port), *_QUIET]
        super().__init__(arguments, {"HOME": str(home)}, columns=columns, rows=rows, program="ssh")
        # As terminals do when they are asked where their cursor is.
        self._screen.write_process_input = self.child.send

    def key_to_paint(self, key: str, wanted: str | None = None, seconds: float = 20) -> tuple[float, int]:
        """Press a key; return the seconds until it is answered, and the bytes that came in all.

        It is answered by the first bytes that come, or once `wanted` stands on the screen.
        """
        self.read(0.35)
        before, began = self.bytes_read, time.monotonic()
        self.child.send(key)
        while self.bytes_read == before if wanted is None else wanted not in self.text:
            assert time.monotonic() - began < seconds, f"no answer to {key!r}:\n{self.text}"
            self._glance()
        took = time.monotonic() - began
        self.read(0.35)
        return took, self.bytes_read - before

    def _glance(self) -> None:
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            self._take(self.child.read_nonblocking(65_536, timeout=0.02))
