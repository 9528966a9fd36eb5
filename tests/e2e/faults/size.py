"""How long the fault tests go on, and what they need of the machine.

Short by default, as part of `make test`; `JOBMON_FAULTS=whole` (`make faults`) runs each as often as was
promised. `JOBMON_FAULTS_SEED` repeats what a failure has printed.
"""

import os
import random
import shutil
from pathlib import Path

import pytest

WHOLE = os.environ.get("JOBMON_FAULTS") == "whole"


def rounds(short: int, whole: int) -> int:
    """Give how many rounds this run does."""
    return whole if WHOLE else short


def seed() -> int:
    """Give the seed of this run; a test prints it, and pytest shows that when the test fails."""
    given = os.environ.get("JOBMON_FAULTS_SEED")
    chosen = int(given) if given else random.SystemRandom().randrange(1 << 32)
    print(f"JOBMON_FAULTS_SEED={chosen}")
    return chosen


def need(there: bool, words: str) -> None:
    """Skip in `make test` where something is missing; in `make faults` that is a failure."""
    if there:
        return
    if WHOLE:
        pytest.fail(f"make faults {words}", pytrace=False)
    pytest.skip(words)


def need_root() -> None:
    """Mounting a file system needs root and mount(8)."""
    need(os.geteuid() == 0 and shutil.which("mount") is not None, "needs root and mount, to mount a tmpfs")


def faketime_library() -> str:
    """Give the library that fakes the clock, of Debian's package libfaketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    need(bool(found), "needs libfaketime: apt-get install libfaketime")
    return str(found[0])


def quick_folder(fallback: Path) -> Path:
    """Give a folder in memory where there is one, for tests whose subject is not the disk."""
    return Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else fallback
