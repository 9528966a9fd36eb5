"""Keeping anchors of the audit log, and holding the log against them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobmon_tui.cli.progress import BarProgress
from jobmon_tui.config import Settings
from jobmon_tui.domain.anchors import LONGEST_LINE, Anchor, contradiction, read_anchor
from jobmon_tui.domain.audit import GENESIS, rfc3339
from jobmon_tui.domain.errors import invalid_input
from jobmon_tui.domain.text import one_line
from jobmon_tui.security.anchors import Keepers
from jobmon_tui.services.audited import Caller, utc_now
from jobmon_tui.services.facade import Services


@dataclass(frozen=True, slots=True)
class AnchorReport:
    """What was found against a file of anchors; `bad_line` and `problem` of the first that differs."""

    checked: int
    bad_line: int | None = None
    problem: str | None = None


def keepers_of(given: Settings) -> Keepers:
    """Return where the settings say that anchors are kept."""
    return Keepers(given.audit_anchor_file, given.audit_anchor_syslog)


async def head_of(services: Services, caller: Caller, database: str) -> Anchor:
    """Return the log's head at this moment."""
    newest = await services.audit(caller, 1)
    at = utc_now()
    return Anchor(at, newest[0].id, newest[0].hash, database) if newest else Anchor(at, 0, GENESIS, database)


def read_anchors(file: Path) -> Iterator[tuple[int, Anchor]]:
    """Yield each anchor with its line's number. Raises `invalid_input`, which names a line that is none."""
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            number = 0
            # What is longer comes in parts, and none of them is an anchor.
            while line := lines.readline(LONGEST_LINE):
                number += 1
                if not line.strip():
                    continue
                anchor = read_anchor(line)
                if anchor is None:
                    raise invalid_input(
                        f"{file}, line {number} is no anchor: “{one_line(line, 60)}”. "
                        "Look who changed the file; without the line the others can be checked."
                    )
                yield number, anchor
    except OSError as error:
        raise invalid_input(f"{file} cannot be read: {error.strerror or error}.") from error


def require_anchors(file: Path) -> int:
    """Read all of a file; return how many anchors it holds. Raises `invalid_input` also where it has none."""
    total = sum(1 for _ in read_anchors(file))
    if not total:
        raise invalid_input(f"{file} holds no anchor.")
    return total


async def against_anchors(services: Services, caller: Caller, file: Path, database: str) -> AnchorReport:
    """Look for every anchor's entry. Raises what `require_anchors` raises."""
    # All of it first: one that is garbled may be the very one that somebody wanted gone.
    total = require_anchors(file)
    bar = BarProgress("Checking anchors")
    before: Anchor | None = None
    try:
        for done, (number, anchor) in enumerate(read_anchors(file), 1):
            # Most say the same as the one before: nothing was done meanwhile.
            if before is None or (anchor.id, anchor.hash) != (before.id, before.hash):
                found = await services.audit(caller, 1, anchor.id + 1)
                problem = contradiction(anchor, *((found[0].id, found[0].hash) if found else (None, None)))
                if problem is not None:
                    if anchor.database != database:
                        problem += f". The anchor is of {anchor.database}, this is {database}"
                    return AnchorReport(done, number, f"of {rfc3339(anchor.at)}: {problem}")
            before = anchor
            bar.tell(done, total)
    finally:
        bar.end()
    return AnchorReport(total)
