"""Queue a report now."""

from datetime import datetime

from jobmon_tui.domain.errors import report_not_found
from jobmon_tui.domain.execution import ExecutionDetails, NewExecution, Trigger
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller, Done, change
from jobmon_tui.services.ports import Database, Transaction


async def run_report(database: Database, caller: Caller, name: str) -> ExecutionDetails:
    """Queue a report with its configuration of this moment. Raises `report_not_found` and the usual."""

    name = one_line(name)

    def work(transaction: Transaction, actor: Actor, now: datetime) -> tuple[ExecutionDetails, Done]:
        report = transaction.report(name)
        if report is None:
            raise report_not_found(name)
        new_id = transaction.add_execution(
            NewExecution(
                report=report.draft.name,
                trigger=Trigger.MANUAL,
                requested_by=actor.name,
                configuration_id=report.id,
                configuration_version=report.version,
                configuration=snapshot_text(report.draft),
                queued_at=now,
                queue=report.draft.queue,
                priority=report.draft.priority,
            )
        )
        queued = transaction.execution(new_id)
        if queued is None:
            raise RuntimeError("the row that was just added is gone")
        return queued, Done(None, new_id)

    return await change(database, caller, Verb.RUN, work)
