"""Keeps the start and the end of what an execution prints, in bounded memory, with its secrets masked."""

import codecs
from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

from jobmon_tui.domain.masking import Masker, Piece, mask_text
from jobmon_tui.services.records import StoredOutput

OUTPUT_KIB: Final = 64
"""KiB kept of each end, unless told otherwise."""
_SLICE: Final = 64 * 1024
_CONTINUATION: Final = range(0x80, 0xC0)


class _Shift(NamedTuple):
    kept: int
    by: int


class BoundedOutput:
    """The first `head_limit` and the last `tail_limit` bytes of what was printed.

    Offsets and totals count bytes as the program wrote them, which masks do not change. Not for several
    threads: append on the event loop.
    """

    def __init__(
        self,
        secrets: Iterable[str] = (),
        head_limit: int = OUTPUT_KIB * 1024,
        tail_limit: int = OUTPUT_KIB * 1024,
    ) -> None:
        if head_limit < 0 or tail_limit < 1:
            raise ValueError("an output keeps at least one byte at its end")
        self._secrets = frozenset(secrets)
        self._masker = Masker(self._secrets)
        self._head_limit = head_limit
        self._tail_limit = tail_limit
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self._kept = 0
        # How far the original's offsets run ahead of ours, from which of our offsets on.
        self._shifts: deque[_Shift] = deque()
        self._finished = False

    @property
    def total(self) -> int:
        """Bytes printed so far."""
        return self._total

    def append(self, data: bytes) -> None:
        """Add what was printed. Raises ValueError after `finish`."""
        if self._finished:
            raise ValueError("this output is finished")
        self._total += len(data)
        # In slices, so that one huge chunk costs no second and third copy of itself.
        for start in range(0, len(data), _SLICE):
            self._keep(self._masker.feed(data[start : start + _SLICE]))

    def say(self, line: str) -> None:
        """Add a line that the runner itself has to say."""
        self.append(line.encode("utf-8", "replace") + b"\n")

    def mask(self, text: str) -> str:
        """Return other text with the same secrets masked. Mask first, then clean, then cut."""
        return mask_text(text, self._secrets)

    def finish(self) -> None:
        """Let go of what was held back: nothing follows. Repeating it does no harm."""
        if not self._finished:
            self._finished = True
            self._keep(self._masker.finish())

    def snapshot(self) -> StoredOutput:
        """Return what is kept, as text; no character is cut at the seam.

        NUL becomes U+FFFD, since PostgreSQL stores none. Other control characters stay as they were printed:
        faces clean what they show.
        """
        if self._kept <= self._head_limit + self._tail_limit:
            whole = bytes(self._head) + bytes(self._tail)
            return StoredOutput(_text(whole, final=self._finished), "", 0, self._total)
        tail = bytes(self._tail[-self._tail_limit :])
        begin = self._kept - len(tail)
        skip = 0
        while skip < min(3, len(tail)) and tail[skip] in _CONTINUATION:
            skip += 1
        return StoredOutput(
            _text(bytes(self._head), final=False),
            _text(tail[skip:], final=self._finished),
            self._original(begin + skip),
            self._total,
        )

    def last_line(self, limit: int = 4096) -> str | None:
        """Return the last line that is not blank, or its last `limit` characters; None if there is none."""
        kept = (
            bytes(self._tail[-self._tail_limit :]) if self._tail else bytes(self._head[-self._tail_limit :])
        )
        if self._tail and len(self._tail) < self._tail_limit:
            kept = bytes(self._head[-self._tail_limit :]) + kept
        lines = kept.decode("utf-8", "replace").replace("\r", "\n").rstrip().rsplit("\n", 1)
        return lines[-1].strip()[-limit:] or None

    def end(self, limit: int) -> str:
        """Return about the last `limit` bytes of what is kept, from the start of a line if possible."""
        kept = (bytes(self._head) + bytes(self._tail))[-limit:]
        if self._kept > limit and b"\n" in kept[:-1]:
            kept = kept[kept.index(b"\n") + 1 :]
        return kept.decode("utf-8", "replace")

    def _keep(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            room = max(0, self._head_limit - len(self._head))
            self._head += piece.kept[:room]
            self._tail += piece.kept[room:]
            self._kept += len(piece.kept)
            if piece.raw != len(piece.kept):
                self._shift(piece.raw - len(piece.kept))
        if len(self._tail) > 2 * self._tail_limit:
            del self._tail[: -self._tail_limit]

    def _shift(self, by: int) -> None:
        ahead = self._shifts[-1].by if self._shifts else 0
        if self._shifts and self._shifts[-1].kept == self._kept:
            self._shifts.pop()
        self._shifts.append(_Shift(self._kept, ahead + by))
        # Those before the start of the tail are never asked for, all but the last of them.
        begin = self._kept - self._tail_limit
        while len(self._shifts) > 1 and self._shifts[1].kept <= begin:
            self._shifts.popleft()

    def _original(self, kept: int) -> int:
        ahead = 0
        for shift in self._shifts:
            if shift.kept > kept:
                break
            ahead = shift.by
        return kept + ahead


def _text(data: bytes, *, final: bool) -> str:
    # Not final: the start of a character whose rest is not here is left out instead of shown as broken.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return decoder.decode(data, final).replace("\0", "\N{REPLACEMENT CHARACTER}")
