"""The feed of a server's changes: its stream wakes who watches here."""

import asyncio
import random
from collections.abc import Callable

from jobmon_tui.client.line import Line
from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.watching import Feed

QUIET_SECONDS = 40.0
"""The server says something every 15 s; a stream that is quiet for longer is broken."""
FIRST_BACK_OFF, LONGEST_BACK_OFF = 0.5, 5.0
UNKNOWN_SECONDS = 0.2
"""How often to look whether somebody has signed in."""
_NEWS = frozenset({"event: change", "event: reset", "event: end"})


class RemoteFeed(Feed):
    """Listens to the server while somebody watches; breaks are mended by themselves, with jitter.

    A break wakes the watchers, as they have to look whether the server is there; so does coming back, as
    anything may have changed meanwhile.
    """

    def __init__(self, line: Line, caller: Callable[[], Caller | None]) -> None:
        """`caller` says in whose name to listen: None as long as nobody has signed in."""
        super().__init__()
        self._line = line
        self._caller = caller

    async def _look(self) -> None:
        back_off = FIRST_BACK_OFF
        while True:
            caller = self._caller()
            if caller is None:
                await asyncio.sleep(UNKNOWN_SECONDS)
                continue
            try:
                async with self._line.listen(caller, QUIET_SECONDS) as lines:
                    self.changed()
                    async for line in lines:
                        back_off = FIRST_BACK_OFF
                        if line in _NEWS:
                            self.changed()
            except JobmonError:
                # The watchers' own reading says what is wrong.
                self.changed()
            await asyncio.sleep(back_off * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
            back_off = min(2 * back_off, LONGEST_BACK_OFF)
