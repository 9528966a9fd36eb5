"""The audit entry, its canonical form, and the chain of hashes over it."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from jobmon_tui.domain.text import clean

GENESIS = "0" * 64
"""What the first entry names as the hash before it."""
_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class NewAuditEntry:
    """Who did what to which execution, when, from where, and whether it was allowed."""

    at: datetime
    actor: str
    role: str
    action: str
    outcome: str
    code: str | None
    execution_id: int | None
    new_execution_id: int | None
    origin: str
    details: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry as it stands in the log, with its place in the chain."""

    id: int
    entry: NewAuditEntry
    previous_hash: str
    hash: str


def rfc3339(moment: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC with microseconds and `Z`; its text sorts as time does."""
    # Not strftime, whose years before 1000 have fewer digits.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def cleaned(entry: NewAuditEntry) -> NewAuditEntry:
    """Return the entry as a database can keep it: what is hashed must be what is read again."""
    actor, origin = clean(entry.actor), clean(entry.origin)
    details = None if entry.details is None else clean(entry.details)
    if (actor, origin, details) == (entry.actor, entry.origin, entry.details):
        return entry
    return replace(entry, actor=actor, origin=origin, details=details)


def canonical(entry_id: int, entry: NewAuditEntry) -> str:
    """Return the text that is hashed: a JSON array of the fields in their fixed order."""
    return _AS_JSON.encode(
        [
            entry_id,
            rfc3339(entry.at),
            entry.actor,
            entry.role,
            entry.action,
            entry.outcome,
            entry.code,
            entry.execution_id,
            entry.new_execution_id,
            entry.origin,
            entry.details,
        ]
    )


def chain_hash(previous_hash: str, canonical_text: str) -> str:
    """Return the SHA-256, in hexadecimal, of the hash before and the canonical text."""
    return hashlib.sha256(f"{previous_hash}\n{canonical_text}".encode()).hexdigest()


@dataclass(slots=True)
class ChainWalk:
    """Recomputes the chain from its start. It holds as far as the entry `last`, whose hash is `head`."""

    last: int = 0
    head: str = GENESIS

    def first_bad(self, entries: Iterable[AuditEntry]) -> int | None:
        """Go on with the next entries; return the id of the first that does not fit, None where all do."""
        for audited in entries:
            expected = chain_hash(self.head, canonical(audited.id, audited.entry))
            if (audited.id, audited.previous_hash, audited.hash) != (self.last + 1, self.head, expected):
                return audited.id
            self.last, self.head = audited.id, expected
        return None


def has_parts(
    parts: Sequence[str],
    *,
    actor: str,
    action: str,
    outcome: str,
    code: str | None,
    execution_id: int | None,
    new_execution_id: int | None,
) -> bool:
    """Tell whether an entry holds every part: of actor, action, outcome and code, or of the executions' ids.

    `parts` are folded to one case; one such as `#12` is an id as a whole, `12` also a part of one.
    """
    ids = [f"#{each}" for each in (execution_id, new_execution_id) if each is not None]
    text = " ".join((actor, action, outcome, code or "", *ids)).casefold()
    return all(part in ids if part.startswith("#") else part in text for part in parts)
