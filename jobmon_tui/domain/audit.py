"""The audit entry, its canonical form, and the chain of hashes over it."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from jobmon_tui.domain.text import clean

GENESIS = "0" * 64
"""What the first entry names as the hash before it."""
_NO_TIME = datetime(1, 1, 2, tzinfo=UTC)  # a day later than the first, which not every zone can show
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
    """Where from, as the caller claims: terminal, `SSH_CONNECTION`."""
    details: str | None = None
    known: str | None = None
    """Who wrote it, as the operating system knows: None in entries of earlier versions."""


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


def exact_time(kept: str) -> datetime:
    """Return the time that `rfc3339` wrote, 0001-01-02 for any other text, even one that means the same."""
    try:
        moment = datetime.fromisoformat(kept).astimezone(UTC)
        return moment if rfc3339(moment) == kept else _NO_TIME
    except (TypeError, ValueError, OverflowError):
        return _NO_TIME


def cleaned(entry: NewAuditEntry) -> NewAuditEntry:
    """Return the entry as a database can keep it: what is hashed must be what is read again."""
    actor, origin = clean(entry.actor), clean(entry.origin)
    details = None if entry.details is None else clean(entry.details)
    known = None if entry.known is None else clean(entry.known)
    if (actor, origin, details, known) == (entry.actor, entry.origin, entry.details, entry.known):
        return entry
    return replace(entry, actor=actor, origin=origin, details=details, known=known)


def canonical(entry_id: int, entry: NewAuditEntry) -> str:
    """Return the text that is hashed: a JSON array of the fields in their fixed order (docs/audit.md).

    In its first form eleven, in its second `known` as the twelfth; an entry without it has the first. Raises
    TypeError, ValueError for what no entry holds.
    """
    fields = [
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
    return _AS_JSON.encode(fields if entry.known is None else [*fields, entry.known])


def chain_hash(previous_hash: str, canonical_text: str) -> str:
    """Return the SHA-256, in hexadecimal, of the hash before and the canonical text."""
    return hashlib.sha256(f"{previous_hash}\n{canonical_text}".encode()).hexdigest()


@dataclass(slots=True)
class ChainWalk:
    """Recomputes the chain from its start. It holds as far as the entry `last`, whose hash is `head`."""

    last: int = 0
    head: str = GENESIS
    problem: str | None = field(default=None, compare=False)
    """What is wrong with the first bad entry, in one line."""

    def first_bad(self, entries: Iterable[AuditEntry]) -> int | None:
        """Go on with the next entries; return the id of the first that does not fit, None where all do."""
        for audited in entries:
            self.problem = self._problem(audited)
            if self.problem is not None:
                return audited.id
            self.last, self.head = audited.id, audited.hash
        return None

    def _problem(self, audited: AuditEntry) -> str | None:
        due = self.last + 1
        if audited.id != due:
            if audited.id < due:
                return f"entry {audited.id} is there twice"
            gone = (
                f"entry {due} is" if audited.id == due + 1 else f"the entries {due} to {audited.id - 1} are"
            )
            return f"{gone} missing before it"
        try:
            expected = chain_hash(self.head, canonical(audited.id, audited.entry))
        except (TypeError, ValueError):
            return "it holds what no entry can hold"
        if audited.previous_hash != self.head:
            return "it was not written after the entry before it as that stands now"
        return None if audited.hash == expected else "what it says does not fit its hash"


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
    # Not joined: somebody may have put there what is no text.
    text = f"{actor} {action} {outcome} {code or ''} {' '.join(ids)}".casefold()
    return all(part in ids if part.startswith("#") else part in text for part in parts)
