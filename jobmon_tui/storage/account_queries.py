"""The queries on accounts: who they are, their sessions, and wrong passwords."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same words

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.roles import Role
from jobmon_tui.services.records import Account
from jobmon_tui.storage.session_queries import SessionQueries
from jobmon_tui.storage.tables import accounts


def _account(row: Any) -> Account:
    return Account(row.name, Role(row.role), row.password_hash, bool(row.disabled), row.created_at)


class AccountQueries(SessionQueries):
    """The part of a `Transaction` that is about accounts."""

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
        """Change an account; its sessions stay."""
        wanted = {"role": role.value if role else None, "password_hash": password_hash, "disabled": disabled}
        values = {column: value for column, value in wanted.items() if value is not None}
        self._connection.execute(update(accounts).where(accounts.c.name == name).values(**values))
