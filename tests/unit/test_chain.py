"""Verifying a long audit log: in bounded steps and memory, whatever comes in meanwhile."""

import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from jobmon_tui.domain.audit import GENESIS, AuditEntry, NewAuditEntry, canonical, chain_hash
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services import chain
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.chain import verify_audit

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CALLER = Caller("token", "pts/1")
LONG = "d" * 1_000


class Long:
    """A log that is made as it is read: what was read before is not kept here either."""

    def __init__(self, count: int, grows: int = 0) -> None:
        self.count = count
        self.grows = grows
        self.reads: list[int] = []
        self._hash = {0: GENESIS}

    async def read(self, work: Callable[[Any], Any]) -> Any:
        """Run on what is there; some more is there for the next."""
        self.reads.append(0)
        answer = work(self)
        self.count, self.grows = self.count + self.grows, max(0, self.grows - 1)
        return answer

    def actor(self, _token: str, _now: datetime, _about: int | None = None) -> Actor:
        return Actor("ada", Role.VIEWER)

    def audit_chain(self, after: int, limit: int) -> Sequence[AuditEntry]:
        page = []
        before = self._hash[after]
        for number in range(after + 1, min(after + limit, self.count) + 1):
            entry = NewAuditEntry(
                NOW, "ada", "Viewer", "Job Retry", "allowed", None, number, None, "p", "d" * 99
            )
            digest = chain_hash(before, canonical(number, entry))
            page.append(AuditEntry(number, entry, before, digest))
            before = digest
        self.reads[-1] += len(page)
        self._hash = {after + len(page): before}
        return page

    def audit_head(self) -> tuple[int, str]:
        return self.count, self._hash.get(self.count, "")

    def audit_strays(self, last: int) -> int | None:
        return None if last == self.count else 0


async def test_a_long_log_is_read_in_bounded_steps_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "PAGE", 100)
    log, told = Long(4_500), []
    tracemalloc.start()
    report = await verify_audit(log, CALLER, lambda done, total: told.append((done, total)))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (report.entries, report.first_bad) == (4_500, None)
    assert log.reads == [1_000] * 4 + [500]
    assert told == [(done, 4_500) for done in (1_000, 2_000, 3_000, 4_000)]
    # Two pages of it, not all: that is more than 2 MB.
    assert peak < 1024**2


async def test_what_is_added_meanwhile_is_verified_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "PAGE", 10)
    log = Long(2 * 10 * chain.STEP, grows=3)
    report = await verify_audit(log, CALLER)  # type: ignore[arg-type]
    # What came in with the last read is not part of it.
    assert (report.first_bad, report.entries) == (None, 2 * 10 * chain.STEP + 3 + 2)
