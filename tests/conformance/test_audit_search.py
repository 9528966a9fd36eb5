"""The audit log is searched in bounded steps, on a real database."""

import re

from jobmon_tui.services.audit_search import SPAN, search_audit
from tests.backends import Raw, Store
from tests.conformance.explained import Explained
from tests.conformance.world import VIEWER

ROWS = SPAN + 2_000
ACTORS = {1: "Zoë", 5_002: "ada", SPAN: "ZOË"}
AUDITED = f"""
INSERT INTO audit_log (id, at, actor, role, action, outcome, code, execution_id, new_execution_id, origin,
  previous_hash, hash)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
SELECT i, '2026-01-02T03:04:05.000000Z',
  CASE {" ".join(f"WHEN i = {at} THEN '{name}'" for at, name in ACTORS.items())} ELSE 'bob' END,
  'Administrator', CASE WHEN i % 2 = 0 THEN 'Job Retry' ELSE 'Job Run' END,
  CASE WHEN i % 1000 = 0 THEN 'refused' ELSE 'allowed' END,
  CASE WHEN i % 1000 = 0 THEN 'not_retryable' END, i, i + 5, 'pts/1', '', '' FROM n
"""


async def _found(
    store: Store | Explained, text: str, limit: int = 100, **keys: int
) -> tuple[list[int], object]:
    page = await search_audit(store, VIEWER, text, limit, **keys)
    return [each.id for each in page.entries], page.looked_to


async def test_it_looks_at_so_many_entries_and_says_how_far_it_came(store: Store, raw: Raw) -> None:
    raw(AUDITED)
    low = ROWS - SPAN + 1
    # In every script, without regard to case; what lies further back is for the next call.
    assert await _found(store, "zoë") == ([SPAN], low)
    assert await _found(store, "zoë", before=low) == ([1], None)
    assert await _found(store, "zoë", after=5_000) == ([SPAN], None)
    assert await _found(store, "nobody", before=3) == ([], None)
    # All parts, of whatever field: action, outcome, code.
    assert await _found(store, "ADA retry allowed", before=5_003) == ([5_002], None)
    assert (await _found(store, "refused retryable", limit=2)) == ([ROWS, ROWS - 1_000], ROWS - 1_000)
    # An id is looked for as a whole with its mark, as a part without it.
    assert (await _found(store, "#7000"))[0] == [7_000, 6_995]
    assert (await _found(store, "700", before=1_000))[0] == [700, 695]


async def test_it_reads_by_the_key_alone(store: Store, raw: Raw, backend: str) -> None:
    raw(AUDITED)
    raw("ANALYZE")
    explained = Explained(store)
    await _found(explained, "zoë", before=SPAN, after=100)
    about = {text: plans for text, plans in explained.plans.items() if "audit_log" in text}
    assert about
    scan = (
        r"SCAN audit_log\b(?!.* USING )|USE TEMP B-TREE" if backend == "sqlite" else r"Seq Scan on audit_log"
    )
    for text, plans in about.items():
        assert not [plan for plan in plans if re.search(scan, plan)], text
