"""Queue a report now."""

from datetime import datetime
from uuid import uuid4

from jobmon_tui.domain.errors import report_not_found
from jobmon_tui.domain.execution import ExecutionDetails, NewExecution, Trigger
from jobmon_tui.domain.report import snapshot_text
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import Caller, Done, change
from jobmon_tui.services.ports import Database, Transaction


async def run_report(database: Database, caller: Caller, name: str) -> ExecutionDetails:
    """Queue a report with its configuration of this moment. Raises `report_not_found` and the usual.

    It gets an idempotency key, so that where a commit's answer is lost it can be looked up.
    """

    name = one_line(name)
    key = str(uuid4())
    made: list[int] = []

    def work(transaction: Transaction, actor: Actor, now: datetime) -> tuple[ExecutionDetails, Done | None]:
        # Holds the report's row: a first run that is still being committed ends before this one looks.
        report = transaction.report(name)
        earlier = transaction.queued_with_key(actor.name, None, key) if made else None
        if earlier is not None:
            return _details(transaction, earlier.id), None
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
                idempotency_key=key,
            )
        )
        made.append(new_id)
        return _details(transaction, new_id), Done(None, new_id)

    return await change(database, caller, Verb.RUN, work, repeatable=True)


def _details(transaction: Transaction, execution_id: int) -> ExecutionDetails:
    queued = transaction.execution(execution_id)
    if queued is None:
        raise RuntimeError("the row that was just added is gone")
    return queued
