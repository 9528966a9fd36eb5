"""Services with an audit log of some length."""

from jobmon_tui.domain.audit import GENESIS, AuditEntry, NewAuditEntry
from jobmon_tui.services.audited import utc_now
from tests.tui.fake_services import FakeServices


def entry(number: int, actor: str = "ada", action: str = "Job Retry") -> AuditEntry:
    """Return an entry of the log, about the execution of the same number."""
    new = NewAuditEntry(
        utc_now(), actor, "Administrator", action, "refused", "not_retryable", number, None, "pts/1 [b]",
        f"#{number} is Running \x1b[31m",
    )  # fmt: skip
    return AuditEntry(number, new, GENESIS, "0" * 64)


def audited(count: int) -> FakeServices:
    """Return services with so many entries."""
    services = FakeServices()
    services.database.tables.log = [entry(at) for at in range(1, count + 1)]
    return services
