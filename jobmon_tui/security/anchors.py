"""Where anchors of the audit log are kept: a file that is only added to, and the system's log."""

import asyncio
import fcntl
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from jobmon_tui.domain.anchors import Anchor, anchor_line
from jobmon_tui.domain.errors import ErrorCode, JobmonError, storage_unavailable

SYSLOG: Final = ("/dev/log", "/var/run/syslog")
"""The system log's sockets: Linux, macOS."""
_AUTHPRIV_NOTICE: Final = 10 * 8 + 5
"""Facility and severity, as RFC 5424, 6.2.1 counts them."""


@dataclass(frozen=True, slots=True)
class Keepers:
    """Where each anchor goes."""

    file: Path | None = None
    syslog: bool = False

    def __bool__(self) -> bool:
        """True where it goes anywhere."""
        return self.file is not None or self.syslog

    def keep(self, anchor: Anchor) -> None:
        """Write it everywhere; it is on the disk then. Raises `storage_unavailable`."""
        line = anchor_line(anchor)
        if self.file is not None:
            append_line(self.file, line)
        if self.syslog:
            to_syslog(line, anchor.at)


def append_line(path: Path, line: str) -> None:
    """Add a line to a file, made for its owner only where there is none. Raises `storage_unavailable`."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        is_new = not path.exists()
        opened = os.open(path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise storage_unavailable(f"{path} is no file. Anchors are added to a plain one.")
            fcntl.flock(opened, fcntl.LOCK_EX)
            if is_new:
                os.fchmod(opened, 0o600)
            size = os.fstat(opened).st_size
            # After a crash the last line may be there in part: it stays a line of its own, which is told of.
            begun = size > 0 and os.pread(opened, 1, size - 1) != b"\n"
            data = (("\n" if begun else "") + line + "\n").encode()
            if os.write(opened, data) != len(data):
                raise storage_unavailable(f"{path} cannot be written: the disk is full.")
            os.fsync(opened)
        finally:
            os.close(opened)
        if is_new:
            _keep_name(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise storage_unavailable(f"The anchor cannot be written to {path}: {reason}.") from error


def _keep_name(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def to_syslog(line: str, at: datetime) -> None:
    """Hand a line to the system's log. Raises `storage_unavailable`, which the C library would not tell."""
    # As RFC 3164 has it for messages on the same machine: the day without a leading zero.
    moment = at.astimezone()
    stamp = f"{moment:%b} {moment.day:2} {moment:%H:%M:%S}"
    message = f"<{_AUTHPRIV_NOTICE}>{stamp} jobmon[{os.getpid()}]: {line}".encode()
    reason = "there is none"
    for place in SYSLOG:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
                log.settimeout(3.0)
                log.sendto(message, place)
                return
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = error.strerror or type(error).__name__
    raise storage_unavailable(
        f"The anchor cannot be written to the system's log ({' or '.join(SYSLOG)}): {reason}."
    )


async def keep_anchoring(
    head: Callable[[], Awaitable[Anchor]],
    keep: Callable[[Anchor], None],
    every: float,
    tell: Callable[[str], None],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Keep the head now and every so many seconds. What cannot be done is told, once, and tried again.

    Raises what is no matter of storage, such as `not_signed_in`.
    """
    told = ""
    while True:
        try:
            anchor = await head()
            await asyncio.to_thread(keep, anchor)
            told = ""
        except JobmonError as error:
            if error.code is not ErrorCode.STORAGE_UNAVAILABLE:
                raise
            if error.message != told:
                told = error.message
                tell(f"No anchor of the audit log: {told}")
        await sleep(every)
