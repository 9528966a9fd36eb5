"""One unit of work: the queries on reports and accounts, joined with all the others."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same words

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.services.records import Account
from jobmon_tui.storage.block_queries import BlockQueries
from jobmon_tui.storage.queue_queries import QueueQueries
from jobmon_tui.storage.report_rows import REPORTS, columns_of, report_of
from jobmon_tui.storage.retention_queries import RetentionQueries
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import accounts, reports, sessions

# Built once: putting a statement together costs more than running it (docs/decisions/0001).
ACTOR = (
    select(accounts.c.name, accounts.c.role)
    .join(sessions, sessions.c.user_id == accounts.c.id)
    .where(
        sessions.c.token_hash == bindparam("token"),
        sessions.c.expires_at > bindparam("now"),
        accounts.c.disabled.is_(False),
    )
)
"""Whose session it is."""


def _account(row: Any) -> Account:
    return Account(row.name, Role(row.role), row.password_hash, bool(row.disabled), row.created_at)


class SqlTransaction(QueueQueries, RetentionQueries, BlockQueries):
    """A `Transaction` over one connection. `changes` counts what that connection has written."""

    def __init__(self, connection: Executes, changes: Callable[[], int]) -> None:
        super().__init__(connection)
        self._changes = changes
        self._before = changes()

    @property
    def has_written(self) -> bool:
        """True once any row was added, changed or deleted."""
        return self._changes() != self._before

    def actor(self, token_hash: str, now: datetime, _about: int | None = None) -> Actor | None:
        """Return whose session this is."""
        row = self._connection.execute(ACTOR, {"token": token_hash, "now": now}).first()
        return None if row is None else Actor(row.name, Role(row.role))

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

    def account(self, name: str) -> Account | None:
        """Return one account."""
        row = self._connection.execute(select(accounts).where(accounts.c.name == name)).first()
        return None if row is None else _account(row)

    def accounts(self) -> Sequence[Account]:
        """Return every account."""
        return [_account(row) for row in self._connection.execute(select(accounts).order_by(accounts.c.name))]

    def add_account(self, name: str, role: Role, password_hash: str, now: datetime) -> None:
        """Add an account."""
        added = self._connection.execute(
            insert(accounts)
            .values(name=name, role=role.value, password_hash=password_hash, disabled=False, created_at=now)
            .on_conflict_do_nothing(index_elements=["name"])
        )
        if not added.rowcount:
            raise JobmonError(ErrorCode.ALREADY_EXISTS, f"There is already an account named “{name}”.")

    def change_account(
        self,
        name: str,
        *,
        role: Role | None = None,
        password_hash: str | None = None,
        disabled: bool | None = None,
    ) -> None:
        """Change an account and end its sessions."""
        wanted = {"role": role.value if role else None, "password_hash": password_hash, "disabled": disabled}
        values = {column: value for column, value in wanted.items() if value is not None}
        self._connection.execute(update(accounts).where(accounts.c.name == name).values(**values))
        owner = select(accounts.c.id).where(accounts.c.name == name).scalar_subquery()
        self._connection.execute(delete(sessions).where(sessions.c.user_id == owner))

    def add_session(self, name: str, token_hash: str, now: datetime, expires_at: datetime) -> None:
        """Open a session."""
        owner = select(accounts.c.id).where(accounts.c.name == name).scalar_subquery()
        self._connection.execute(
            insert(sessions).values(
                token_hash=token_hash, user_id=owner, created_at=now, expires_at=expires_at
            )
        )

    def end_session(self, token_hash: str) -> None:
        """End a session."""
        self._connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
