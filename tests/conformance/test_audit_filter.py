"""The audit log is listed by what is asked for, and found by an index, on a real database."""

import itertools
import random
import re
from datetime import timedelta

import pytest

from jobmon_tui.domain.audit import NewAuditEntry
from jobmon_tui.domain.audit_filter import AuditFilter, parse_search
from jobmon_tui.services.audit_search import search_audit
from jobmon_tui.services.look import list_audit
from jobmon_tui.services.ports import Transaction
from jobmon_tui.storage import audit_listing
from tests.backends import Raw, Store
from tests.conformance.explained import Explained
from tests.conformance.world import NOW, VIEWER
from tests.tui.memory_audit import MemoryAudit
from tests.tui.memory_tables import MemoryTables

COUNT = 120


def some(number: int, chance: random.Random) -> NewAuditEntry:
    """Return an entry whose clock is up to a minute off the order of the ids."""
    at = NOW + timedelta(minutes=number, seconds=chance.uniform(-60, 60))
    outcome = chance.choice(["allowed", "allowed", "refused"])
    return NewAuditEntry(
        at.replace(microsecond=0), chance.choice(["ada", "Zoë", "bob"]), "Administrator",
        chance.choice(["Job Retry", "Job Run"]), outcome, "x" if outcome == "refused" else None,
        chance.choice([None, number % 9]), chance.choice([None, number % 7]), "pts/1", known="k",
    )  # fmt: skip


FILTERS = [
    AuditFilter(actor, action, outcome, execution_id, since, until)
    for actor, action, outcome, execution_id, since, until in itertools.product(
        (None, "Zoë", "nobody"),
        (None, "Job Run"),
        (None, "allowed", "refused"),
        (None, 3),
        (None, NOW + timedelta(minutes=60)),
        (None, NOW + timedelta(minutes=90)),
    )
]


@pytest.mark.parametrize("near", [audit_listing.NEAR, 20])
async def test_each_filter_means_what_it_says(
    store: Store, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_listing, "NEAR", near)
    chance = random.Random(7)
    entries = [some(number, chance) for number in range(1, COUNT + 1)]
    memory = MemoryAudit(MemoryTables())
    for entry in entries:
        memory.add_audit(entry)

    def add(transaction: Transaction) -> None:
        for entry in entries:
            transaction.add_audit(entry)

    await store.write(add)
    found = 0

    def compare(transaction: Transaction) -> int:
        count = 0
        for wanted in FILTERS:
            whole = [each.id for each in memory.audit_entries(COUNT, None, wanted)]
            count += len(whole)
            paged: list[int] = []
            while page := transaction.audit_entries(50, paged[-1] if paged else None, wanted):
                paged += [each.id for each in page]
            assert paged == whole, wanted
        for text in ("zoë", "actor:z execution:3", "since:1h", "outcome:refused until:2026-01-02T04:34:05Z"):
            search = parse_search(text, NOW + timedelta(minutes=COUNT))
            for before, after in ((None, 0), (100, 0), (None, 30)):
                limits = {"before": before, "after": after, "span": 25}
                one, other = (
                    by.search_audit(search, 5, **limits)  # type: ignore[arg-type]
                    for by in (transaction, memory)
                )
                assert [each.id for each in one.entries] == [each.id for each in other.entries], text
                assert one.looked_to == other.looked_to, text
        return count

    found = await store.read(compare)
    assert found > 1_000


ROWS = 30_000
AUDITED = f"""
INSERT INTO audit_log (id, at, actor, role, action, outcome, code, execution_id, new_execution_id, origin,
  previous_hash, hash)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
SELECT i, __AT__, CASE WHEN i % 5000 = 7 THEN 'zoe' ELSE 'ada' END, 'Administrator',
  CASE WHEN i % 4000 = 7 THEN 'User Change' ELSE 'Job Retry' END,
  CASE WHEN i % 3000 = 7 THEN 'refused' ELSE 'allowed' END, NULL, i, i + 5, 'pts/1', '__HASH__', '__HASH__'
FROM n
"""
AT = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S.000000Z', '2026-01-02 03:04:05', '+' || i || ' seconds')",
    "postgres": "timestamptz '2026-01-02T03:04:05Z' + i * interval '1 s'",
}
LATE, EARLY = NOW + timedelta(seconds=ROWS - 10), NOW + timedelta(seconds=10)
PLANNED = {
    "an actor": AuditFilter(actor="zoe"),
    "an action": AuditFilter(action="User Change"),
    "what was refused": AuditFilter(outcome="refused"),
    "an execution": AuditFilter(execution_id=77),
    "lately": AuditFilter(since=LATE),
    "since long ago": AuditFilter(since=EARLY),
    "until long ago": AuditFilter(until=EARLY),
    "until halfway": AuditFilter(until=NOW + timedelta(seconds=ROWS // 2)),
    "a span": AuditFilter(since=EARLY, until=LATE),
    "what was allowed": AuditFilter(outcome="allowed"),
    "all of it": AuditFilter("ada", "Job Retry", "refused", 77, EARLY, LATE),
}
SCAN = {
    "sqlite": r"SCAN audit_log\b(?!.* USING )|TEMP B-TREE FOR ORDER BY",
    "postgres": "Seq Scan on audit_log",
}


async def test_each_filter_is_found_by_an_index(store: Store, raw: Raw, backend: str) -> None:
    raw(AUDITED.replace("__AT__", AT[backend]).replace("__HASH__", "0" * 64))
    raw("ANALYZE" if backend == "sqlite" else "VACUUM ANALYZE audit_log")
    bad = []
    for name, wanted in PLANNED.items():
        for before in (None, ROWS // 2):
            explained = Explained(store)
            await list_audit(explained, VIEWER, 50, before, wanted)  # type: ignore[arg-type]
            about = {text: plans for text, plans in explained.plans.items() if "audit_log" in text}
            assert about, name
            bad += [
                f"{name}: {text}\n{plan}"
                for text, plans in about.items()
                for plan in plans
                if re.search(SCAN[backend], plan) or ("Sort" in plan and wanted.execution_id is None)
            ]
    explained = Explained(store)
    await search_audit(explained, VIEWER, "actor:zoe execution:77 since:2026-01-02", 50)  # type: ignore[arg-type]
    bad += [
        f"{text}\n{plan}"
        for text, plans in explained.plans.items()
        for plan in plans
        if "audit_log" in text and re.search(SCAN[backend], plan)
    ]
    assert not bad, "\n\n".join(bad)
