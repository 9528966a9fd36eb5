"""Hides secrets in what programs print, also where a secret arrives in two pieces."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from jobmon_tui.domain.secret_forms import forms

MASK: Final = b"***"
SHORTEST: Final = 3
"""Bytes. What is shorter hides nothing: masking the value `1` would take every 1 out of every figure."""
_SHORTEST_START: Final = 4


class Piece(NamedTuple):
    """A part of what is kept, and how many bytes of the original it stands for."""

    raw: int
    kept: bytes


class Masker:
    """Replaces each secret by `***`. The length of the mask tells nothing of the secret's.

    What comes out depends on the bytes alone, never on how they were cut into chunks: the end of a chunk is
    held back while it may be the start of a secret. Secrets that overlap share one mask.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {form for secret in secrets for form in forms(secret)}
        self._secrets = sorted(secret for secret in found if len(secret) >= SHORTEST)
        self._carry = b""
        self._covered = 0

    def feed(self, data: bytes) -> Sequence[Piece]:
        """Return what can be said of the bytes so far that was not said before."""
        if not self._secrets:
            return [Piece(len(data), data)]
        buffer = self._carry + data
        return list(self._pieces(buffer, len(buffer) - self._open_end(buffer)))

    def finish(self) -> Sequence[Piece]:
        """Return the rest: nothing follows. An end that is the start of a secret is masked too."""
        rest = self._carry
        partial = len(rest) if len(rest) >= _SHORTEST_START else 0
        return list(self._pieces(rest, len(rest), partial))

    def _open_end(self, buffer: bytes) -> int:
        """How many bytes at the end may be the start of a secret: the most that any secret makes possible."""
        most = 0
        for secret in self._secrets:
            # Only from where its first byte stands: trying each length took 4 ms for a key of 2 kB.
            at = buffer.find(secret[0], max(0, len(buffer) - len(secret) + 1), len(buffer) - most)
            while at >= 0:
                if secret.startswith(buffer[at:]):
                    most = len(buffer) - at
                    break
                at = buffer.find(secret[0], at + 1, len(buffer) - most)
        return most

    def _matches(self, buffer: bytes, limit: int) -> list[tuple[int, int]]:
        found = []
        for secret in self._secrets:
            start = buffer.find(secret)
            while 0 <= start < limit:
                found.append((start, start + len(secret)))
                start = buffer.find(secret, start + 1)
        return sorted(found)

    def _pieces(self, buffer: bytes, limit: int, partial: int = 0) -> Iterator[Piece]:
        # Every secret that starts before `limit` lies in the buffer to its end, else it would be held back.
        matches = self._matches(buffer, limit)
        if partial:
            matches = sorted([*matches, (0, partial)])
        at, masked_to = 0, self._covered
        for start, end in matches:
            if start < masked_to:
                masked_to = max(masked_to, end)
                continue
            yield from self._between(buffer, at, masked_to, start)
            yield Piece(0, MASK)
            at, masked_to = start, end
        yield from self._between(buffer, at, masked_to, limit)
        self._covered = max(0, masked_to - limit)
        self._carry = buffer[limit:]

    @staticmethod
    def _between(buffer: bytes, at: int, masked_to: int, upto: int) -> Iterator[Piece]:
        plain = min(max(at, masked_to), upto)
        if plain > at:
            yield Piece(plain - at, b"")
        if upto > plain:
            yield Piece(upto - plain, buffer[plain:upto])


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with each of the secrets replaced by `***`."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # A lone surrogate that stands for no byte: noise, in no secret.
        data = text.encode("utf-8", "replace")
    masker = Masker(secrets)
    pieces = [*masker.feed(data), *masker.finish()]
    return b"".join(piece.kept for piece in pieces).decode("utf-8", "replace")
