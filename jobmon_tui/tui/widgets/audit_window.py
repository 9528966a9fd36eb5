"""The audit log as a list shows it: a window on all of it.

Ids of the log have no gaps (each entry is chained to the one before), so that a position is an id, and a log
of a million entries is as cheap as one of a hundred.
"""

from collections.abc import Hashable, Sequence

from jobmon_tui.domain.audit import AuditEntry

PAGE = 100
KEPT = 12 * PAGE
"""Entries that stay in memory."""
AHEAD = PAGE // 2
"""Entries beyond both edges of the view that are read before they are asked for."""


class AuditWindow:
    """All entries, newest first, of which those around the view are in memory."""

    def __init__(self, newest: int, known: dict[int, AuditEntry | None] | None = None) -> None:
        """`newest` is the newest entry's id, 0 for an empty log; `known` are entries by id."""
        self.total = newest
        self._known = known if known is not None else {}

    def grown(self, newest: int) -> "AuditWindow":
        """Return the window once the log has grown; a log that is shorter is another one."""
        return AuditWindow(newest, self._known if newest >= self.total else None)

    def at(self, position: int) -> AuditEntry | None:
        """Return an entry, None while it is not in memory."""
        return self._known.get(self.total - position)

    def key_at(self, position: int) -> Hashable:
        """Return an entry's id."""
        return self.total - position

    def position_of(self, key: Hashable) -> int | None:
        """Return where the entry with this id stands."""
        return self.total - key if isinstance(key, int) and 0 < key <= self.total else None

    def missing(self, first: int, height: int) -> int | None:
        """Return the greatest id that has to be read for these positions, or soon; None for none."""
        for ahead in (0, AHEAD):
            top = min(self.total, self.total - first + ahead)
            for each in range(top, max(0, self.total - first - height - ahead), -1):
                if each not in self._known:
                    return each
        return None

    def keep(self, top: int, entries: Sequence[AuditEntry], first: int) -> None:
        """Keep what was read from id `top` on downwards; what is farthest from position `first` gives way."""
        # An entry that is not there is not asked for again.
        self._known.update(dict.fromkeys(range(max(1, top - PAGE + 1), top + 1)))
        self._known.update({entry.id: entry for entry in entries})
        if len(self._known) > KEPT:
            seen = self.total - first
            for each in sorted(self._known, key=lambda known: abs(known - seen))[KEPT - PAGE :]:
                del self._known[each]
