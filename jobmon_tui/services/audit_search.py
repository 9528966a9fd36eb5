"""Searching the audit log: no index knows parts of words, so it is looked through in bounded steps."""

from dataclasses import replace

from jobmon_tui.domain.audit_filter import parse_search
from jobmon_tui.domain.roles import Verb
from jobmon_tui.services.audited import Caller, may_look, utc_now
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.records import AuditFound

SPAN = 10_000
"""Entries that one call looks at: a few hundredths of a second."""


async def search_audit(
    database: Database, caller: Caller, text: str, limit: int, *, before: int | None = None, after: int = 0
) -> AuditFound:
    """Return the newest entries that `text` asks for; `looked_to` is where the next call goes on.

    Looks at actor, action, outcome and the ids of executions, and understands the words of `parse_search`.
    Raises `not_signed_in`.
    """
    search = parse_search(text, utc_now())

    def work(transaction: Transaction) -> AuditFound:
        may_look(transaction, caller, utc_now(), Verb.READ_AUDIT)
        found = transaction.search_audit(search, limit, before=before, after=after, span=SPAN)
        if found.looked_to is not None and found.looked_to <= after + 1:
            return replace(found, looked_to=None)
        return found

    return await database.read(work)
