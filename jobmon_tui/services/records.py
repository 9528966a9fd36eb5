"""What the use cases read from the database and hand on: plain values without behaviour of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobmon_tui.domain.audit import AuditEntry
from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.roles import Role


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Which executions a list shows; empty fields do not narrow, the others do so together.

    `search` is a part of the report's name, `error` one of a Failed execution's error (no other status has
    one), `by` the account that asked for it: upper and lower case are alike in all three. `report` is exact.
    """

    statuses: frozenset[Status] = frozenset()
    report: str | None = None
    search: str | None = None
    since: datetime | None = None
    error: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a list reaches: `total` rows from `newest` on, none of them with an id below `floor`.

    With `is_least` there may be more: lists of what is dear to find end after so many, the newest.
    """

    total: int
    newest: int | None = None
    floor: int = 0
    is_least: bool = False


@dataclass(frozen=True, slots=True)
class HourCount:
    """How many executions ended within the hour that begins at `hour`, which is in UTC."""

    hour: datetime
    succeeded: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the sign-in needs it; the hash never leaves the services."""

    name: str
    role: Role
    password_hash: str
    disabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A registered worker. Alive means that `beats` grows; its times are its own clock's word, hints only."""

    name: str
    host: str
    pid: int
    version: str
    concurrency: int
    beats: int
    beat_at: datetime
    running: int
    started_at: datetime
    queues: tuple[str, ...] = ()
    """The queues that it serves; all where none is named."""

    def serves(self, queue: str) -> bool:
        """Tell whether it looks into this queue."""
        return not self.queues or queue in self.queues


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """What an execution printed: all of it in `head`, or its start and, from byte `tail_start` on, its end.

    `total` counts bytes as the program wrote them; what lies between `head` and `tail_start` was dropped.
    """

    head: str = ""
    tail: str = ""
    tail_start: int = 0
    total: int = 0

    @property
    def is_cut(self) -> bool:
        """True where the middle is missing."""
        return bool(self.tail)


@dataclass(frozen=True, slots=True)
class AuditFound:
    """What a bounded search of the audit log has found, newest first.

    `looked_to` is the id of the oldest entry looked at; None: there is nothing more to look at.
    """

    entries: Sequence[AuditEntry]
    looked_to: int | None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """An open session as its owner and Administrators see it. Times are in UTC."""

    id: int
    """What it is revoked by; it tells nothing of the token."""
    account: str
    created_at: datetime
    last_used_at: datetime | None
    """To the minute; None where nobody has noted it, as before an upgrade."""
    expires_at: datetime
    """When it ends unless it is used: its absolute end, or that of its idle time where that is sooner."""
    origin: str | None
    """Where it was opened, as claimed then."""
    is_current: bool = False
    """Whether it is the one of whoever asks."""
