"""An app in which each key is done with before the next one is looked at.

A key goes to what has the focus, and from there up to the app, which acts on it: several queues long. Over a
slow line keys arrive at once; later ones would go where the focus was before the first one moved it: the `r`
of `/report` retried a job.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from textual import events
from textual.message_pump import MessagePump
from textual.widgets import Input

from jobmon_tui.tui.ending_screens import EndingScreens

_LONGEST = 1.0
"""Seconds after which the next key is let through though the way of the last one broke off."""
_ROUNDS = 2
"""A key's own way up, then that of the message that a widget may have answered it with."""


_MOVES = frozenset({"up", "down", "pageup", "pagedown", "home", "end", "j", "k", "ctrl+d", "ctrl+u"})


class OrderedKeys(EndingScreens):
    """Holds keys and pasted text back while one is under way."""

    def __init__(self, **driver: object) -> None:
        super().__init__(**driver)  # type: ignore[arg-type]  # whatever Textual's own takes
        self._kept_back: deque[events.Key | events.Paste] = deque()
        self._watchdog: asyncio.TimerHandle | None = None
        self._turn = 0

    @property
    def has_keys_under_way(self) -> bool:
        """True until every key that has come is done with."""
        return self._watchdog is not None or bool(self._kept_back) or not self._message_queue.empty()

    async def on_event(self, event: events.Event) -> None:
        """Take one key at a time; everything else as it comes."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._watchdog is not None:
            self._kept_back.append(event)
        elif self._stays(event):
            await super().on_event(event)
        else:
            await self._take(event)

    def _stays(self, event: events.Key | events.Paste) -> bool:
        """Tell whether a key leaves the focus where it is: the next one follows it through the same queues.

        To follow each costs a millisecond, and a held one would be painted at every step.
        """
        if not isinstance(event, events.Key):
            return False
        return event.is_printable if isinstance(self.focused, Input) else event.key in _MOVES

    async def _take(self, event: events.Key | events.Paste) -> None:
        self._turn += 1
        self._watchdog = asyncio.get_running_loop().call_later(_LONGEST, self._lost, self._turn)
        way = self._way()
        await super().on_event(event)
        self._follow(way, _ROUNDS, self._turn)

    def _way(self) -> Sequence[MessagePump]:
        """Return through whose queues a key goes now."""
        return (self.focused or self.screen).ancestors_with_self

    def _follow(self, way: Sequence[MessagePump], rounds: int, turn: int) -> None:
        """Go behind a key through one queue after the other; at the end of its way let the next key in."""
        for at, stop in enumerate(way):
            if stop.call_later(self._follow, way[at + 1 :], rounds, turn):
                return
        if rounds > 1 and turn == self._turn:
            self._follow(self._way(), rounds - 1, turn)
        else:
            self.call_later(self._done, turn)

    def _lost(self, turn: int) -> None:
        self.call_later(self._done, turn)

    async def _done(self, turn: int) -> None:
        if turn != self._turn or self._watchdog is None:
            return
        self._watchdog.cancel()
        self._watchdog = None
        while self._kept_back and self._watchdog is None:
            await self.on_event(self._kept_back.popleft())
