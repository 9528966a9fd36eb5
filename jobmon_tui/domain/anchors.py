"""The audit log's head as a line that is kept elsewhere: it shows what the log's own chain cannot."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jobmon_tui.domain.audit import GENESIS, exact_time, rfc3339
from jobmon_tui.domain.text import one_line

MARK: Final = "jobmon-audit-anchor"
LONGEST_LINE: Final = 4_096
"""Characters: what a log writes before an anchor included."""
# A log writes its own words before it.
_LINE: Final = re.compile(rf"(?:.*\s)?{MARK} (\S{{27}}) ([0-9]{{1,18}}) ([0-9a-f]{{64}}) (\S.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The log's last entry and its hash at a moment, in UTC; `database` is what people call the database."""

    at: datetime
    id: int
    hash: str
    database: str


def anchor_line(anchor: Anchor) -> str:
    """Return the line, without its end."""
    database = one_line(anchor.database, 300) or "?"
    return f"{MARK} {rfc3339(anchor.at)} {anchor.id} {anchor.hash} {database}"


def read_anchor(line: str) -> Anchor | None:
    """Read what `anchor_line` wrote, with whatever a log has put before it; None for anything else."""
    found = _LINE.fullmatch(line.rstrip("\r\n"))
    if found is None:
        return None
    at = exact_time(found[1])
    return Anchor(at, int(found[2]), found[3], found[4]) if rfc3339(at) == found[1] else None


def contradiction(anchor: Anchor, entry_id: int | None, entry_hash: str | None) -> str | None:
    """Return what is wrong where the log has this entry at the anchor's place; None where nothing is.

    `entry_id` and `entry_hash` are of the newest entry up to the anchor's, None where there is none.
    """
    if anchor.id == 0:
        return None if anchor.hash == GENESIS else "it names no entry, and a hash"
    if entry_id != anchor.id:
        return f"entry {anchor.id} is not there: the log was cut off"
    if entry_hash != anchor.hash:
        return f"entry {anchor.id} has another hash: the log was rewritten there or before"
    return None
