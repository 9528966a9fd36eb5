"""A small file system of one's own, to be filled and to be made read-only."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.faults.size import need, need_root


def _mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """Mount a tmpfs of 8 MiB. Skips (or fails, in `make faults`) where that is not allowed."""
    need_root()
    folder.mkdir()
    done = _mount("-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(folder))
    need(done.returncode == 0, f"needs to mount a tmpfs, which was refused: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def remount(folder: Path, how: str) -> None:
    """Make it read-only (`ro`) or writable (`rw`) again; `ro` is refused while a file is open for writing."""
    done = _mount("-o", f"remount,{how}", str(folder))
    assert done.returncode == 0, done.stderr
