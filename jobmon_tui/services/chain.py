"""Verifying the audit log: its chain is recomputed in bounded steps, however long it is."""

from collections.abc import Callable
from dataclasses import dataclass

from jobmon_tui.domain.audit import ChainWalk
from jobmon_tui.domain.roles import Verb
from jobmon_tui.services.audited import Caller, may_look, utc_now
from jobmon_tui.services.ports import Database, Transaction

PAGE = 1_000
STEP = 10
"""Pages that one read looks at: some tenths of a second, less than any unit of work may take."""

Tell = Callable[[int, int], None]
"""Hears how many entries were looked at, and of how many."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The result of verifying the audit log: the first bad entry, if any, and the head."""

    entries: int
    first_bad: int | None
    head: str
    problem: str | None = None
    """What is wrong with the first bad entry, in one line."""


def _end(transaction: Transaction, walk: ChainWalk) -> ChainReport:
    """Compare the end of a walk that holds with the head, and with how many entries there are."""
    entry, digest = transaction.audit_head()
    if entry > walk.last:
        gone = "it is missing; the log's" if walk.last else "the log is empty; its"
        return ChainReport(walk.last, walk.last + 1, walk.head, f"{gone} head names entry {entry}")
    if entry < walk.last:
        problem = f"it was written past the log's head, which names entry {entry}"
        return ChainReport(walk.last, entry + 1, walk.head, problem)
    if digest != walk.head:
        problem = f"the log's head has another hash for entry {entry}"
        return ChainReport(walk.last, max(1, entry), walk.head, problem)
    strays = transaction.audit_strays(walk.last)
    if strays is not None:
        return ChainReport(walk.last, strays, walk.head, f"entry {strays} stands beside the chain")
    return ChainReport(walk.last, None, walk.head)


def _step(transaction: Transaction, walk: ChainWalk, pages: int | None) -> ChainReport | None:
    """Look at so many pages (None: all); return the result once it is certain."""
    while pages is None or pages > 0:
        page = transaction.audit_chain(walk.last, PAGE)
        bad = walk.first_bad(page)
        if bad is not None:
            return ChainReport(walk.last, bad, walk.head, walk.problem)
        if len(page) < PAGE:
            return _end(transaction, walk)
        pages = None if pages is None else pages - 1
    return None


def chain_report(transaction: Transaction) -> ChainReport:
    """Recompute the whole chain and compare it with the rows and with the head."""
    report = _step(transaction, ChainWalk(), None)
    if report is None:
        raise AssertionError
    return report


async def verify_audit(
    database: Database, caller: Caller, tell: Tell = lambda _done, _all: None
) -> ChainReport:
    """Verify the audit log's chain, up to what is there when it comes to the end.

    Nothing is held up meanwhile: entries are only ever added, so that each step may read by itself. Raises
    `not_signed_in`, also where the session ends on the way.
    """
    walk = ChainWalk()

    def work(transaction: Transaction) -> tuple[ChainReport | None, int]:
        may_look(transaction, caller, utc_now(), Verb.READ_AUDIT)
        # A step may be run again: it goes on from where the last one that was answered ended.
        going = ChainWalk(walk.last, walk.head)
        report = _step(transaction, going, STEP)
        steps.append(going)
        return report, transaction.audit_head()[0]

    while True:
        steps: list[ChainWalk] = []
        report, total = await database.read(work)
        if report is not None:
            return report
        walk = steps[-1]
        tell(walk.last, total)
