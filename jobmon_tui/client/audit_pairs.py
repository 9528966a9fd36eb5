"""Which audit entries are wanted, as the server reads it."""

from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.audit_filter import AuditFilter
from jobmon_tui.domain.text import clean


def audit_pairs(wanted: AuditFilter) -> tuple[tuple[str, str], ...]:
    """Return a filter as the parameters of a request."""
    texts = {"actor": wanted.actor, "action": wanted.action, "outcome": wanted.outcome}
    times = {"since": wanted.since, "until": wanted.until}
    execution = () if wanted.execution_id is None else (("execution", str(wanted.execution_id)),)
    return (
        *((key, clean(text)) for key, text in texts.items() if text is not None),
        *((key, rfc3339(moment)) for key, moment in times.items() if moment is not None),
        *execution,
    )
