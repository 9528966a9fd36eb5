"""The queries on sessions, and on who was refused one."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same words

from jobmon_tui.domain.roles import Actor, Role
from jobmon_tui.domain.throttling import Failures, RefusalBudget
from jobmon_tui.services.records import ExecutionFilter, SessionInfo
from jobmon_tui.storage.rows import Executes
from jobmon_tui.storage.tables import accounts, ended_sessions, refusal_budgets, sessions, sign_in_failures

# Built once: putting a statement together costs more than running it (docs/decisions/0001).
ACTOR = (
    select(accounts.c.name, accounts.c.role, sessions.c.last_used_at)
    .join(sessions, sessions.c.user_id == accounts.c.id)
    .where(
        sessions.c.token_hash == bindparam("token"),
        sessions.c.expires_at > bindparam("now"),
        or_(sessions.c.idle_until.is_(None), sessions.c.idle_until > bindparam("now")),
        accounts.c.disabled.is_(False),
    )
)
"""Whose session it is."""
_DIGITS: Final = 7
"""Of the hash's hexadecimal digits: an id of 28 bits, which is typed more easily, and tells nothing."""
_REMEMBERED: Final = timedelta(days=1)
"""How long it is known why a session has ended, and that a name without an account was tried."""
_MOST_UNKNOWN: Final = 1_000
"""Names without an account whose failures are known: each costs whoever tries it the time of a hash."""


def _id_of(token_hash: str) -> int:
    return int(token_hash[:_DIGITS], 16)


def _key(name: str) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest()


class SessionQueries:
    """The part of a `Transaction` that is about sessions and sign-ins."""

    def __init__(self, connection: Executes) -> None:
        self._connection = connection

    def actor(self, token_hash: str, now: datetime, _about: int | None = None) -> Actor | None:
        """Return whose session this is."""
        row = self._connection.execute(ACTOR, {"token": token_hash, "now": now}).first()
        return None if row is None else Actor(row.name, Role(row.role), used_at=row.last_used_at)

    def foresee_page(
        self,
        wanted: ExecutionFilter,
        limit: int,
        before: int | None,
        after: int | None,
        offset: int,
        /,
    ) -> None:
        """Do nothing: here no question is a trip."""

    def foresee_glance(self, wanted: ExecutionFilter, limit: int, before: int | None, /) -> None:
        """Do nothing, as above."""

    def foresee_newer(self, wanted: ExecutionFilter, execution_id: int, /) -> None:
        """Do nothing, as above."""

    def foresee_story(self, execution_id: int, entries: int, /) -> None:
        """Do nothing, as above."""

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
        """Open a session, and forget those that are over by themselves."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at < now - _REMEMBERED))
        owner = select(accounts.c.id).where(accounts.c.name == name).scalar_subquery()
        self._connection.execute(
            insert(sessions).values(
                token_hash=token_hash,
                user_id=owner,
                created_at=now,
                expires_at=expires_at,
                last_used_at=now,
                idle_until=idle_until,
                origin=origin,
            )
        )

    def touch_session(
        self, token_hash: str, now: datetime, idle_until: datetime | None, unless_since: datetime
    ) -> None:
        """Note that a session is used, unless that was noted of late."""
        last = sessions.c.last_used_at
        self._connection.execute(
            update(sessions)
            .where(sessions.c.token_hash == token_hash, or_(last.is_(None), last <= unless_since))
            .values(last_used_at=now, idle_until=idle_until)
        )

    def sessions(self, name: str | None, now: datetime) -> Sequence[SessionInfo]:
        """Return every open session, or one account's, newest first."""
        idle = sessions.c.idle_until
        asked = (
            select(*sessions.c, accounts.c.name)
            .join(accounts, sessions.c.user_id == accounts.c.id)
            .where(sessions.c.expires_at > now, or_(idle.is_(None), idle > now))
            .order_by(sessions.c.created_at.desc(), sessions.c.token_hash)
        )
        if name is not None:
            asked = asked.where(accounts.c.name == name)
        return [
            SessionInfo(
                _id_of(row.token_hash),
                row.name,
                row.created_at,
                row.last_used_at,
                min(filter(None, (row.expires_at, row.idle_until))),
                row.origin,
            )
            for row in self._connection.execute(asked)
        ]

    def session_id(self, token_hash: str) -> int:
        """Return the id of a session."""
        return _id_of(token_hash)

    def end_session(self, token_hash: str) -> None:
        """End a session."""
        self._connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))

    def end_sessions(self, name: str, why: str, now: datetime, only: int | None = None) -> int:
        """End an account's sessions, or one of them, and keep for a day why."""
        owner = select(accounts.c.id).where(accounts.c.name == name).scalar_subquery()
        asked = select(sessions.c.token_hash).where(sessions.c.user_id == owner)
        found = [row.token_hash for row in self._connection.execute(asked)]
        ended = [each for each in found if only is None or _id_of(each) == only]
        if not ended:
            return 0
        self._connection.execute(
            delete(ended_sessions).where(
                or_(ended_sessions.c.ended_at < now - _REMEMBERED, ended_sessions.c.token_hash.in_(ended))
            )
        )
        self._connection.execute(
            insert(ended_sessions), [{"token_hash": each, "why": why, "ended_at": now} for each in ended]
        )
        self._connection.execute(delete(sessions).where(sessions.c.token_hash.in_(ended)))
        return len(ended)

    def why_ended(self, token_hash: str, now: datetime) -> str | None:
        """Return why a session is over."""
        asked = select(ended_sessions.c.why).where(ended_sessions.c.token_hash == token_hash)
        why = self._connection.execute(asked).scalar()
        if why is not None:
            return str(why)
        row = self._connection.execute(select(sessions).where(sessions.c.token_hash == token_hash)).first()
        if row is None:
            return None
        if row.expires_at <= now:
            return "it was as old as a session may get"
        if row.idle_until is not None and row.idle_until <= now:
            return "nobody used it for too long"
        return "the account is disabled"

    def failures(self, name: str) -> Failures | None:
        """Return the wrong passwords for a name."""
        asked = select(sign_in_failures).where(sign_in_failures.c.name_hash == _key(name))
        row = self._connection.execute(asked).first()
        return (
            None if row is None else Failures(row.failures, row.last_at, row.blocked_until, bool(row.is_told))
        )

    def keep_failures(self, name: str, failures: Failures | None) -> None:
        """Keep the wrong passwords for a name, or forget them."""
        table = sign_in_failures.c
        if failures is None:
            self._connection.execute(delete(sign_in_failures).where(table.name_hash == _key(name)))
            return
        known = self._connection.execute(select(accounts.c.id).where(accounts.c.name == name)).first()
        kept = {
            "is_known": known is not None,
            "failures": failures.count,
            "last_at": failures.last_at,
            "blocked_until": failures.blocked_until,
            "is_told": failures.is_told,
        }
        if known is None:
            self._make_room(failures.last_at)
        self._connection.execute(
            insert(sign_in_failures)
            .values(name_hash=_key(name), **kept)
            .on_conflict_do_update(index_elements=["name_hash"], set_=kept)
        )

    def _make_room(self, now: datetime) -> None:
        table = sign_in_failures.c
        unknown = table.is_known.is_(False)
        self._connection.execute(delete(sign_in_failures).where(unknown, table.last_at < now - _REMEMBERED))
        many = self._connection.execute(select(func.count()).select_from(sign_in_failures).where(unknown))
        if many.scalar_one() >= _MOST_UNKNOWN:
            oldest = select(table.name_hash).where(unknown).order_by(table.last_at, table.name_hash).limit(1)
            self._connection.execute(
                delete(sign_in_failures).where(table.name_hash == oldest.scalar_subquery())
            )

    def refusal_budget(self) -> RefusalBudget | None:
        """Return what is known of refusals without a session."""
        row = self._connection.execute(select(refusal_budgets).with_for_update()).first()
        return None if row is None else RefusalBudget(row.since, row.noted, row.dropped)

    def keep_refusal_budget(self, budget: RefusalBudget) -> None:
        """Keep it in place of what was known."""
        kept = {"since": budget.since, "noted": budget.noted, "dropped": budget.dropped}
        self._connection.execute(
            insert(refusal_budgets)
            .values(id=1, **kept)
            .on_conflict_do_update(index_elements=["id"], set_=kept)
        )
