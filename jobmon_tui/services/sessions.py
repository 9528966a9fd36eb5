"""Open sessions: look at them, end them. Everyone has their own, Administrators all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jobmon_tui.domain.errors import session_not_found, user_not_found
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.domain.text import one_line
from jobmon_tui.services.audited import (
    Caller,
    Done,
    change,
    require_to_look,
    signed_in,
    token_hash,
    utc_now,
)
from jobmon_tui.services.passwords import NAME_LIMIT
from jobmon_tui.services.ports import Database, Transaction
from jobmon_tui.services.records import SessionInfo

REVOKED = "it was revoked"


async def list_sessions(database: Database, caller: Caller, name: str | None = None) -> Sequence[SessionInfo]:
    """Return open sessions, newest first: of the named account, else all that the caller may see.

    Raises `not_permitted` for another's, `user_not_found`.
    """
    wanted = one_line(name, NAME_LIMIT + 1) if name is not None else None

    def work(transaction: Transaction) -> Sequence[SessionInfo]:
        now = utc_now()
        actor = signed_in(transaction, caller, now)
        whose = actor.name if wanted is None and not actor.may(Verb.SEE_SESSIONS) else wanted
        require_to_look(caller, actor, Verb.SEE_OWN_SESSIONS if whose == actor.name else Verb.SEE_SESSIONS)
        if whose is not None and transaction.account(whose) is None:
            raise user_not_found(whose)
        own = transaction.session_id(token_hash(caller.token))
        found = transaction.sessions(whose, now)
        return [replace(each, is_current=each.id == own and each.account == actor.name) for each in found]

    return await database.read(work)


async def _verb(database: Database, caller: Caller, name: str | None, session_id: int | None = None) -> Verb:
    """Return what ending these sessions is called for this caller."""

    def work(transaction: Transaction) -> Verb:
        now = utc_now()
        actor = transaction.actor(token_hash(caller.token), now)
        if actor is None:
            return Verb.END_SESSIONS  # refused and noted by the change itself
        own = {each.id for each in transaction.sessions(actor.name, now)}
        is_own = session_id in own if session_id is not None else name == actor.name
        return Verb.END_OWN_SESSIONS if is_own else Verb.END_SESSIONS

    return await database.read(work)


async def revoke_session(database: Database, caller: Caller, session_id: int) -> SessionInfo:
    """End a session and return what it was.

    Raises `session_not_found`, and `not_permitted` where it is not the caller's own.
    """
    verb = await _verb(database, caller, None, session_id)

    def work(transaction: Transaction, actor: Actor, now: datetime) -> tuple[SessionInfo, Done]:
        whose = actor.name if verb is Verb.END_OWN_SESSIONS else None
        found = next((each for each in transaction.sessions(whose, now) if each.id == session_id), None)
        if found is None:
            raise session_not_found(session_id)
        transaction.end_sessions(found.account, REVOKED, now, found.id)
        return found, Done(details=f"ended session {found.id} of “{found.account}”")

    return await change(database, caller, verb, work)


async def revoke_sessions(database: Database, caller: Caller, name: str) -> int:
    """End every session of an account and return how many those were.

    Raises `user_not_found`, and `not_permitted` for another's.
    """
    name = one_line(name, NAME_LIMIT + 1)
    verb = await _verb(database, caller, name)

    def work(transaction: Transaction, _actor: Actor, now: datetime) -> tuple[int, Done | None]:
        if transaction.account(name) is None:
            raise user_not_found(name)
        ended = transaction.end_sessions(name, REVOKED, now)
        told = f"ended {ended} session{'' if ended == 1 else 's'} of “{name}”"
        return ended, Done(details=told) if ended else None

    return await change(database, caller, verb, work)
