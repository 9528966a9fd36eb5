"""Who and what stands in the conformance tests' databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from jobmon_tui.domain.execution import NewExecution, Trigger
from jobmon_tui.domain.report import ReportDraft, snapshot_text
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.audited import Caller, token_hash
from jobmon_tui.services.ports import Transaction

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADMIN = Caller("admin-token", "pts/1")
VIEWER = Caller("viewer-token", "pts/2")
DRAFT = ReportDraft("Sales", "sql", {"query": "select 1"}, timeout=30.0)

Raw = Callable[..., list[tuple[object, ...]]]


def add_people(transaction: Transaction) -> None:
    """Add an Administrator and a Viewer, both signed in for ever."""
    for name, role, caller in (("ada", Role.ADMINISTRATOR, ADMIN), ("vic", Role.VIEWER, VIEWER)):
        transaction.add_account(name, role, "hash", NOW)
        transaction.add_session(name, token_hash(caller.token), NOW, NOW + timedelta(days=40_000))


def queue_one(transaction: Transaction, priority: int = 0) -> int:
    """Queue an execution of the report “Sales”, which is added where it is missing."""
    report = transaction.report("Sales")
    configuration_id = report.id if report else transaction.add_report(DRAFT, NOW)
    return transaction.add_execution(
        NewExecution(
            "Sales",
            Trigger.MANUAL,
            "ada",
            configuration_id,
            1,
            snapshot_text(DRAFT),
            NOW,
            priority=priority,
        )
    )
