"""One unit of work: the queries on reports, joined with all the others."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same words

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.storage.account_queries import AccountQueries
from jobmon_tui.storage.listing.block_queries import BlockQueries
from jobmon_tui.storage.queue_queries import QueueQueries
from jobmon_tui.storage.report_rows import REPORTS, columns_of, report_of
from jobmon_tui.storage.retention_queries import RetentionQueries
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import reports


class SqlTransaction(QueueQueries, RetentionQueries, BlockQueries, AccountQueries):
    """A `Transaction` over one connection. `changes` counts what that connection has written."""

    def __init__(self, connection: Executes, changes: Callable[[], int]) -> None:
        super().__init__(connection)
        self._changes = changes
        self._before = changes()

    @property
    def has_written(self) -> bool:
        """True once any row was added, changed or deleted."""
        return self._changes() != self._before

    def report(self, name: str) -> Report | None:
        """Return one report."""
        row = self._connection.execute(REPORTS.where(reports.c.name == name)).first()
        return None if row is None else report_of(row)

    def reports(self) -> Sequence[Report]:
        """Return every report."""
        return [report_of(row) for row in self._connection.execute(REPORTS.order_by(reports.c.name))]

    def add_report(self, draft: ReportDraft, now: datetime) -> int:
        """Add a report."""
        added = self._connection.execute(
            insert(reports)
            .values(**columns_of(draft), version=1, created_at=now, updated_at=now)
            .on_conflict_do_nothing(index_elements=["name"])
            .returning(reports.c.id)
        ).scalar()
        if added is None:
            raise JobmonError(ErrorCode.ALREADY_EXISTS, f"There is already a report named “{draft.name}”.")
        return int(added)

    def replace_report(self, name: str, draft: ReportDraft, now: datetime) -> None:
        """Replace a report's configuration."""
        self._connection.execute(
            update(reports)
            .where(reports.c.name == name)
            .values(**columns_of(draft), version=reports.c.version + 1, updated_at=now)
        )

    def delete_report(self, name: str) -> None:
        """Delete a report; its limit stays, for what is Queued and will run from its snapshot."""
        old = self.report(name)
        if old is not None and old.draft.max_concurrent is not None:
            self.keep_limit(old.id, old.draft.max_concurrent)
        self._connection.execute(delete(reports).where(reports.c.name == name))

    def set_paused(self, name: str, paused: bool, now: datetime) -> None:
        """Stop a report's schedule, or go on with it from now: what was due meanwhile never fires."""
        self._connection.execute(update(reports).where(reports.c.name == name).values(paused=paused))
        report = self.report(name)
        if report is not None and not paused:
            self.move_cursor(report.id, now, now)
