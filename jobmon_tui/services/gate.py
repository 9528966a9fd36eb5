"""The door through which everything is asked of a database: who only looks, and which session was used."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.roles import Actor, Verb
from jobmon_tui.services.audited import (
    NoSession,
    NotAllowed,
    note_no_session,
    note_not_allowed,
    token_hash,
    utc_now,
)
from jobmon_tui.services.ports import Database, Transaction

T = TypeVar("T")
TOUCH_EVERY: Final = timedelta(minutes=1)
"""A session that is used all the time is written to no more often: each write wakes whoever watches."""
_MOST_REFUSED: Final = 100
"""Tokens of which it is known that their refusal was noted of late."""
_SETTLE: Final = 2.0
"""Seconds for which the end waits for what is still to be noted."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Seen:
    """Which session a unit of work has asked for, as it was found."""

    hashed: str | None = None
    actor: Actor | None = None


class _Watched:
    """A transaction that tells which session was used; where nothing may be changed its actors know that."""

    def __init__(self, transaction: Transaction, seen: _Seen, read_only: bool) -> None:
        self._transaction = transaction
        self._seen = seen
        self._read_only = read_only

    def __getattr__(self, name: str) -> Any:
        """Return what the transaction has."""
        return getattr(self._transaction, name)

    def actor(self, hashed: str, now: datetime, about: int | None = None) -> Actor | None:
        """Return whose session this is."""
        actor = self._transaction.actor(hashed, now, about)
        self._seen.hashed, self._seen.actor = hashed, actor
        return replace(actor, read_only=True) if actor is not None and self._read_only else actor


class Gate:
    """A `Database` that notes, beside what is asked of it, that a session was used, or that there was none.

    `idle` is how long a session may rest, None for ever. With `read_only` nobody may change anything.
    """

    def __init__(
        self,
        database: Database,
        *,
        read_only: bool = False,
        idle: timedelta | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._read_only = read_only
        self._idle = idle
        self._clock = clock
        self._touching: dict[str, asyncio.Task[None]] = {}
        self._refused: dict[str, datetime] = {}

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent snapshot."""
        seen = _Seen()
        try:
            answer = await self._database.read(self._watched(work, seen))
        except NoSession as refusal:
            await self._note(refusal)
            raise
        except NotAllowed as refusal:
            await self._note_looking(refusal)
            raise
        self._used(seen)
        return answer

    async def write(self, work: Callable[[Transaction], T], *, repeatable: bool = False) -> T:
        """Run `work` and commit."""
        seen = _Seen()
        answer = await self._database.write(self._watched(work, seen), repeatable=repeatable)
        self._used(seen)
        return answer

    def _watched(self, work: Callable[[Transaction], T], seen: _Seen) -> Callable[[Transaction], T]:
        return lambda transaction: work(cast("Transaction", _Watched(transaction, seen, self._read_only)))

    def _used(self, seen: _Seen) -> None:
        """Note that a session was used, later and by itself: nobody waits for it."""
        hashed, actor, now = seen.hashed, seen.actor, self._clock()
        if hashed is None or actor is None or hashed in self._touching:
            return
        if actor.used_at is not None and actor.used_at <= now < actor.used_at + TOUCH_EVERY:
            return
        task = asyncio.create_task(self._touch(hashed, now), name="touch session")
        self._touching[hashed] = task
        task.add_done_callback(lambda _done: self._touching.pop(hashed, None))

    async def _touch(self, hashed: str, now: datetime) -> None:
        until = now + self._idle if self._idle is not None else None
        try:
            await self._database.write(
                lambda transaction: transaction.touch_session(hashed, now, until, now - TOUCH_EVERY)
            )
        except JobmonError as error:
            # What was asked for has been answered; of a database that takes no writes others tell.
            _log.info("the use of a session was not noted: %s", error.message)

    async def _note(self, refusal: NoSession) -> None:
        """Note that somebody without a session wanted to look, each at most once a minute."""
        now, hashed = self._clock(), token_hash(refusal.caller.token)
        for known, at in list(self._refused.items()):
            if not at <= now < at + TOUCH_EVERY:
                del self._refused[known]
        if hashed in self._refused or len(self._refused) >= _MOST_REFUSED:
            return
        self._refused[hashed] = now
        try:
            await self._database.write(
                lambda transaction: note_no_session(
                    transaction, refusal.caller, Verb.VIEW, now, refusal.message
                )
            )
        except JobmonError as error:
            _log.info("a refusal was not noted: %s", error.message)

    async def _note_looking(self, refusal: NotAllowed) -> None:
        now = self._clock()
        try:
            await self._database.write(lambda transaction: note_not_allowed(transaction, refusal, now))
        except JobmonError as error:
            _log.info("a refusal was not noted: %s", error.message)

    async def settle(self) -> None:
        """Wait for what is still to be noted, not for long."""
        if self._touching:
            await asyncio.wait(list(self._touching.values()), timeout=_SETTLE)
