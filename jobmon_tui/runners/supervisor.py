"""Runs one command and sees to it that nothing of it outlives the worker. A program of its own.

Started by `supervised.py` as `python -I -S supervisor.py`, so it uses few modules of the standard library
and none of ours. Its standard input is the control pipe: first the request, then nothing; its end means
"stop", and comes by itself when the worker dies, by SIGKILL too.
Standard output is what the command prints to. What happened is told on standard error, a line each:
`started PID`, `refused STAGE ERRNO`, `exit N`, `signal N`.

On Linux it adopts orphans (PR_SET_CHILD_SUBREAPER), so what calls setsid or forks twice stays below it and is
found. Elsewhere the command's process group is all that can be reached.
"""

import contextlib
import os
import select
import signal
import sys
import time
from types import FrameType

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LEFT_BEHIND_GRACE = 1.0
"""Seconds between TERM and KILL for what a command left running when it ended by itself."""
KILL_BOUND = 4.0
"""Seconds in which what was killed has to be gone: one stuck in the kernel must not hold up the rest."""


def prctl(option: int, value: int) -> bool:
    """Set a property of this process; False where there is no such thing."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes  # noqa: PLC0415 - not needed elsewhere, and it may be missing

        return int(ctypes.CDLL(None).prctl(option, value, 0, 0, 0)) == 0
    except (ImportError, OSError, AttributeError):
        return False


def read_request(fd: int) -> "list[bytes] | None":
    """Read eight bytes of length, then fields that each end with NUL. None if the worker is gone."""
    data = b""
    while len(data) < 8 or len(data) < 8 + int.from_bytes(data[:8], "big"):
        chunk = os.read(fd, 65536)
        if not chunk:
            return None
        data += chunk
    return data[8:].split(b"\0")[:-1]


def tell(line: str) -> None:
    """Report to the worker, which may be dead."""
    with contextlib.suppress(OSError):
        os.write(2, line.encode() + b"\n")


def start(argv: "list[bytes]", directory: bytes, environment: "dict[bytes, bytes]") -> "int | None":
    """Start the command in a session of its own; report and return None where it cannot be started."""
    told, tells = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        stage = "directory"
        try:
            os.setsid()
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(127)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            # Python ignores these two, and a command would inherit that: `yes | head` would complain.
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(1, 2)
            os.chdir(directory)
            stage = "program"
            os.execvpe(argv[0], argv, environment)  # noqa: S606 - an argument list, no shell
        except OSError as error:
            os.write(tells, f"{stage} {error.errno}".encode())
        os._exit(127)
    os.close(tells)
    refused = os.read(told, 100)
    os.close(told)
    if refused:
        os.waitpid(pid, 0)
        tell("refused " + refused.decode())
        return None
    return pid


def descendants(root: int) -> "list[int]":
    """Find every process below `root`; /proc is Linux's."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib costs as much as all the rest
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    stat = file.read()
            except OSError:
                continue
            # The name of the program stands in brackets, and may hold brackets and spaces itself.
            parent = int(stat[stat.rindex(b")") + 2 :].split()[1])
            children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    below = [root]
    while below:
        inner = children.get(below.pop(), [])
        found += inner
        below += inner
    return found


class Tree:
    """The command and everything that it started."""

    def __init__(self, main: int, adopts: bool) -> None:
        self.main = main
        self.ending: str | None = None
        self._adopts = adopts

    def reap(self) -> bool:
        """Collect what has ended; tell whether anything is still there."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return not self._adopts and self._group_lives()
            if pid == 0:
                return True
            if pid == self.main:
                code = os.waitstatus_to_exitcode(status)
                self.ending = f"exit {code}" if code >= 0 else f"signal {-code}"

    def send(self, *numbers: int, but: "set[int] | None" = None) -> None:
        """Send signals to every process of the tree, except those in `but`, which it adds them to."""
        done: set[int] = set() if but is None else but
        if not self._adopts:
            for number in numbers if self.main not in done else ():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.main, number)
            done.add(self.main)
            return
        for pid in descendants(os.getpid()):
            if pid in done:
                continue
            done.add(pid)
            for number in numbers:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)

    def _group_lives(self) -> bool:
        try:
            os.killpg(self.main, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def wait_for(wakes: int, seconds: float) -> None:
    """Sleep until a signal comes, `seconds` at most."""
    with contextlib.suppress(BlockingIOError):
        if select.select([wakes], [], [], max(0.0, seconds))[0]:
            os.read(wakes, 4096)


def end(tree: Tree, wakes: int, grace: float) -> None:
    """TERM, then KILL after `grace` seconds, until nothing is left."""
    deadline = time.monotonic() + grace
    told: set[int] = set()
    while tree.reap() and (left := deadline - time.monotonic()) > 0:
        # CONT too: what is stopped would not see the TERM. Again and again for what was forked meanwhile, and
        # once for each: a second TERM makes some programs give up their cleaning up.
        tree.send(signal.SIGTERM, signal.SIGCONT, but=told)
        wait_for(wakes, min(left, 0.1))
    deadline = time.monotonic() + KILL_BOUND
    while tree.reap() and time.monotonic() < deadline:
        tree.send(signal.SIGKILL)
        wait_for(wakes, 0.02)


def main() -> None:
    """Run the command of the request."""
    asked: list[int] = []

    def stop(number: int, _frame: "FrameType | None") -> None:
        asked.append(number)

    wakes, woken = os.pipe()
    for fd in (wakes, woken):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    # TERM, not KILL: this process has to live long enough to end the others.
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    request = read_request(0)
    if request is None:
        return
    # The worker may have thought better of it while this process was starting.
    if asked or (select.select([0], [], [], 0)[0] and not os.read(0, 4096)):
        return
    grace, reach, directory, count, *rest = request
    argv, settings = rest[: int(count)], rest[int(count) :]
    adopts = reach == b"tree" and prctl(PR_SET_CHILD_SUBREAPER, 1)
    environment = dict(setting.split(b"=", 1) for setting in settings)
    pid = start(argv, directory, environment)
    if pid is None:
        return
    tell(f"started {pid}")
    tree = Tree(pid, adopts)
    while not asked:
        tree.reap()
        if tree.ending is not None:
            break
        ready = select.select([0, wakes], [], [])[0]
        if wakes in ready:
            wait_for(wakes, 0)
        if 0 in ready and not os.read(0, 4096):
            asked.append(0)
    end(tree, wakes, float(grace) if asked else LEFT_BEHIND_GRACE)
    if tree.ending is not None:
        tell(tree.ending)


if __name__ == "__main__":
    main()
    # Without tearing the interpreter down: the worker waits for this end.
    os._exit(0)
