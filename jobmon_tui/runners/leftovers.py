"""What workers that were killed left in the output folder: report files that nobody will complete."""

import contextlib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SCRATCH: Final = re.compile(r"\.[a-z0-9-]+-[0-9a-f]{8}\.part")
"""The names of the hidden folders in which report files are written."""
OLD_ENOUGH: Final = 3600.0
"""Seconds without a change. The lock alone is not trusted: some network folders keep locks to one machine."""


def hold(file: int) -> None:
    """Mark an open file as being written, for as long as it is open; its process's end frees it."""
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep(folder: Path, older_than: float = OLD_ENOUGH) -> None:
    """Remove the unfinished report files in `folder` that no process holds. What cannot be removed stays."""
    with contextlib.suppress(OSError):
        for scratch in list(_scratches(folder)):
            if _is_left(scratch, older_than):
                shutil.rmtree(scratch, ignore_errors=True)


def _scratches(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if SCRATCH.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def _is_left(scratch: Path, older_than: float) -> bool:
    try:
        inside = [each for each in scratch.iterdir() if each.is_file() and not each.is_symlink()]
        latest = max(each.stat().st_mtime for each in (scratch, *inside))
        return time.time() - latest > older_than and not any(_is_held(each) for each in inside)
    except OSError:
        return False


def _is_held(path: Path) -> bool:
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(opened)
    return False
