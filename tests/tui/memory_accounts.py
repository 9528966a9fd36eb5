"""The accounts and sessions of one process."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.domain.throttling import Failures, RefusalBudget
from jobmon_tui.services.audited import utc_now
from jobmon_tui.services.records import Account, SessionInfo
from tests.tui.memory_audit import MemoryAudit


class MemoryAccounts(MemoryAudit):
    """The part of `MemoryTransaction` that knows who is there."""

    def actor(self, token_hash: str, now: datetime, _about: int | None = None) -> Actor | None:
        session = self._tables.sessions.get(token_hash)
        if session is None or session.expires_at <= now:
            return None
        person = self._tables.people[session.account]
        return None if person.disabled else Actor(person.name, person.role, used_at=session.last_used_at)

    def account(self, name: str) -> Account | None:
        return self._tables.people.get(name)

    def accounts(self) -> Sequence[Account]:
        return [self._tables.people[name] for name in sorted(self._tables.people)]

    def add_account(self, name: str, role: Role, password_hash: str, now: datetime) -> None:
        if name in self._tables.people:
            raise JobmonError(ErrorCode.ALREADY_EXISTS, f"There is already an account named “{name}”.")
        self._tables.people[name] = Account(name, role, password_hash, False, now)

    def change_account(
        self,
        name: str,
        *,
        role: Role | None = None,
        password_hash: str | None = None,
        disabled: bool | None = None,
    ) -> None:
        old = self._tables.people[name]
        self._tables.people[name] = replace(
            old,
            role=role or old.role,
            password_hash=password_hash or old.password_hash,
            disabled=old.disabled if disabled is None else disabled,
        )

    def add_session(
        self,
        name: str,
        token_hash: str,
        now: datetime,
        expires_at: datetime,
        *,
        idle_until: datetime | None = None,
        origin: str | None = None,
    ) -> None:
        # Used just now: else each test would see it being noted.
        self._tables.sessions[token_hash] = SessionInfo(
            self.session_id(token_hash), name, now, max(now, utc_now()), expires_at, origin
        )

    def touch_session(
        self, token_hash: str, now: datetime, idle_until: datetime | None, unless_since: datetime
    ) -> None:
        session = self._tables.sessions.get(token_hash)
        if session is not None:
            self._tables.sessions[token_hash] = replace(session, last_used_at=now)

    def sessions(self, name: str | None, now: datetime) -> Sequence[SessionInfo]:
        found = [each for each in self._tables.sessions.values() if name is None or each.account == name]
        return sorted(found, key=lambda each: each.created_at, reverse=True)

    def session_id(self, token_hash: str) -> int:
        return int(token_hash[:7], 16)

    def end_session(self, token_hash: str) -> None:
        self._tables.sessions.pop(token_hash, None)

    def end_sessions(self, name: str, why: str, now: datetime, only: int | None = None) -> int:
        ended = [
            token
            for token, each in self._tables.sessions.items()
            if each.account == name and only in {None, each.id}
        ]
        for token in ended:
            del self._tables.sessions[token]
            self._tables.ended[token] = why
        return len(ended)

    def why_ended(self, token_hash: str, now: datetime) -> str | None:
        return self._tables.ended.get(token_hash)

    def failures(self, name: str) -> Failures | None:
        return self._tables.failures.get(name)

    def keep_failures(self, name: str, failures: Failures | None) -> None:
        if failures is None:
            self._tables.failures.pop(name, None)
        else:
            self._tables.failures[name] = failures

    def refusal_budget(self) -> RefusalBudget | None:
        return self._tables.budget

    def keep_refusal_budget(self, budget: RefusalBudget) -> None:
        self._tables.budget = budget
