"""Finding processes that should not be there any more, by a mark in their arguments or environment."""

import time
import uuid
from pathlib import Path


def mark() -> str:
    """A word that no other process has in its arguments."""
    return f"mark-{uuid.uuid4().hex}"


def marked(word: str) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if word.encode() in folder.joinpath("cmdline").read_bytes():
                state = folder.joinpath("stat").read_text().rpartition(")")[2].split()[0]
                found += [int(folder.name)] if state != "Z" else []
        except OSError:
            continue
    return found


def wait_until_marked(word: str, count: int, seconds: float = 5) -> list[int]:
    deadline = time.monotonic() + seconds
    while len(found := marked(word)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(found) >= count, f"{count} processes with {word} expected, {len(found)} there"
    return found


def wait_until_gone(word: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (found := marked(word)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found == [], f"still there: {found}"


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
