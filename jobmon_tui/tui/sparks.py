"""Numbers as a line of little bars, for who would rather look than read. The figures always stand beside it.

The bars are Tufte's sparklines, a cell for each value: https://www.edwardtufte.com/notebook/sparkline-theory-and-practice-edward-tufte/
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = ".:-=+*#@"
NOTHING, NOTHING_ASCII = "·", "_"
"""What stands for a zero: one in a thousand still has a bar, and must not look like none."""
GAP = " "
"""What stands where nothing is known."""

_POOR = frozenset({"linux", "vt100", "vt102", "vt220", "ansi"})
"""Terminals whose fonts lack the blocks: the VGA font of Linux's console has three of the eight."""


def spark(values: Sequence[float | None], *, plain: bool = False, top: float | None = None) -> str:
    """Return one character for each value, from zero to `top`, or else to the greatest of them.

    None is a gap, zero and less a dot; all else has a bar, however small. `plain` keeps to ASCII.
    """
    bars, nothing = (ASCII, NOTHING_ASCII) if plain else (BLOCKS, NOTHING)
    highest = top if top is not None else max((value for value in values if value is not None), default=0)

    def bar(value: float | None) -> str:
        if value is None:
            return GAP
        if value <= 0 or highest <= 0:
            return nothing
        return bars[min(len(bars) - 1, int(value / highest * len(bars)))]

    return "".join(map(bar, values))


def summed(values: Sequence[int], parts: int) -> Sequence[int]:
    """Return `parts` sums of neighbours, the same number of values in each but the first.

    Raises ValueError where `parts` is not positive.
    """
    if parts < 1:
        raise ValueError("there is no chart of no parts")
    size = -(-len(values) // parts)
    first = len(values) - size * (parts - 1) if size else 0
    cuts = [0, *(max(0, first + size * part) for part in range(parts))]
    return [sum(values[start:end]) for start, end in pairwise(cuts)]


def is_plain(environ: Mapping[str, str], encoding: str | None) -> bool:
    """Tell whether the blocks cannot be shown: no UTF-8 in the terminal's file, or a poor font."""
    known = (encoding or "").lower().replace("-", "").replace("_", "")
    return known != "utf8" or environ.get("TERM", "") in _POOR
