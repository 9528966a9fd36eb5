"""Folders and files that nobody but their owner may read, whatever the umask."""

import os
import stat
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it that are missing, each 0700. Raises OSError."""
    for part in reversed([folder, *folder.parents]):
        # Each by itself: `parents=True` would make those in between as the umask has them.
        if not part.exists():
            part.mkdir(mode=0o700, exist_ok=True)


def open_to_append(path: Path) -> int:
    """Open a file at its end, made 0600 together with its folder; return its number. Raises OSError.

    A link is refused, since whoever can write to the folder could send the text elsewhere; so is what is no
    plain file, which could keep one waiting. One of our own that others could read is closed to them.
    """
    make_folder(path.parent)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    opened = os.open(path, flags, 0o600)
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            raise FileExistsError(f"{path} is no plain file")
        if found.st_uid == os.geteuid() and found.st_mode & 0o177:
            os.fchmod(opened, 0o600)
    except OSError:
        os.close(opened)
        raise
    return opened
