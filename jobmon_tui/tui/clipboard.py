"""The terminal's clipboard: text made harmless and short enough, and the sequence that carries it, OSC 52."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from jobmon_tui.domain.text import clean

LONGEST = 74_994
"""Bytes of UTF-8. In base64 and its frame they make a sequence of 100,000 bytes, the limit of hterm's
osc52.sh, which others took over. Of a longer one a terminal drops all."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Something to copy: its text, and what the toast calls it, such as `#4711`."""

    text: str
    what: str


@runtime_checkable
class Copies(Protocol):
    """A screen that has something under the cursor."""

    def to_copy(self) -> Copied | None:
        """Return the id or name of what is under the cursor, None where there is nothing."""
        ...

    async def to_copy_whole(self) -> Copied | None:
        """Return what there is to be read of it, in full. Raises `JobmonError`."""
        ...


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        from jobmon_tui.domain.audit import rfc3339

        return rfc3339(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def record_text(record: object) -> str:
    """Return all that a record holds, a line for each value; times are RFC 3339 in UTC."""
    from jobmon_tui.tui.story import json_lines

    return "\n".join(json_lines(_plain(record), 0))


def bounded(text: str) -> tuple[str, bool]:
    """Return the text cleaned and within `LONGEST` bytes, no character halved, and whether it was cut."""
    safe = clean(text)
    data = safe.encode()
    if len(data) <= LONGEST:
        return safe, False
    return data[:LONGEST].decode(errors="ignore"), True


def sequence(text: str, environ: Mapping[str, str]) -> str:
    """Return what a terminal has to be sent to have `text` on its clipboard.

    With `set-clipboard on` tmux takes the plain form; with `allow-passthrough on`, before 3.3 always, it
    hands the wrapped one on. It does not say which is set: it gets both.
    """
    plain = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    if "TMUX" in environ or environ.get("TERM", "").startswith("tmux"):
        escaped = plain.replace("\x1b", "\x1b\x1b")
        return f"{plain}\x1bPtmux;{escaped}\x1b\\"
    return plain
