"""The part of the dashboard that says what can be copied of the cursor's row."""

from jobmon_tui.domain.audit import rfc3339
from jobmon_tui.domain.execution import Execution, ExecutionDetails
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui.clipboard import Copied
from jobmon_tui.tui.screens.acting import ActingScreen


def whole_error(details: ExecutionDetails) -> str:
    """Return an execution's error with its detail, whose first line mostly is the error again."""
    said = (details.execution.error or "").strip()
    detail = (details.error_detail or "").strip()
    if not said or detail.partition("\n")[0].strip() == said:
        return detail
    return f"{said}\n{detail}" if detail else said


def facts(execution: Execution) -> str:
    """Return an execution on one line, its times RFC 3339 in UTC."""
    times = (
        ("queued", execution.queued_at),
        ("started", execution.started_at),
        ("finished", execution.finished_at),
    )
    said = [f"{name} {rfc3339(at)}" for name, at in times if at is not None]
    return " ".join([f"#{execution.id} {one_line(execution.report)}: {execution.status.value}", *said])


class CopyingScreen(ActingScreen):
    """Copies the id of the cursor's row; in full its error, or where there is none what is known of it."""

    def to_copy(self) -> Copied | None:
        """Return the id."""
        row = self.table.current if self.ready else None
        return Copied(str(row.id), f"#{row.id}") if row is not None else None

    async def to_copy_whole(self) -> Copied | None:
        """Return the error with its detail, else the facts. Raises `JobmonError`."""
        row, host = self.table.current, self.host
        if row is None:
            return None
        details = (await host.services.show(host.caller, row.id)).details
        if error := whole_error(details):
            return Copied(error, f"the error of #{row.id}")
        return Copied(facts(details.execution), f"what is known of #{row.id} (it has no error)")
