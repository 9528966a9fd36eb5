"""Reports as they run by the clock: when each fires next, how it went last, pausing and going on."""

from collections.abc import Callable, Sequence
from datetime import datetime

from jobmon_tui.domain.report import Report
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.services.audited import Caller, Done, change, may_look, utc_now
from jobmon_tui.services.facade import ReportOverview
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.reports import ReportCatalog, find_report


async def report_overviews(
    database: Database,
    caller: Caller,
    catalog: ReportCatalog,
    name: str | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> Sequence[ReportOverview]:
    """Return every report by name, or the one that is named. Raises `report_not_found`."""

    def work(transaction: Transaction) -> Sequence[ReportOverview]:
        now = clock()
        may_look(transaction, caller, now, Verb.VIEW)
        latest = transaction.latest_executions()
        return [
            ReportOverview(
                each,
                None if each.paused else catalog.next_due(each.draft, now),
                latest.get(each.draft.name),
            )
            for each in _wanted(transaction, name)
        ]

    return await database.read(work)


def _wanted(transaction: Transaction, name: str | None) -> Sequence[Report]:
    return transaction.reports() if name is None else [find_report(transaction, name)]


async def pause_report(database: Database, caller: Caller, name: str, paused: bool) -> Report:
    """Stop a report's schedule, or go on with it. It raises no version; what says so already is no change.

    On going on, nothing fires that was due meanwhile. Raises `report_not_found` and the usual.
    """

    def work(transaction: Transaction, _actor: Actor, now: datetime) -> tuple[Report, Done | None]:
        old = find_report(transaction, name)
        if old.paused == paused:
            return old, None
        transaction.set_paused(old.draft.name, paused, now)
        done = Done(details=f"{'paused' if paused else 'resumed'} “{old.draft.name}”")
        return find_report(transaction, old.draft.name), done

    return await change(database, caller, Verb.EDIT_REPORTS, work)
