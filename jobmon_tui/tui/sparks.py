"""Numbers as a line of little bars, for who would rather look than read. The figures always stand beside it.

The bars are Tufte's sparklines, a cell for each value (Beautiful Evidence, 2006). Where a terminal lacks the
blocks, the driver puts ASCII in their place.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

BARS = "▁▂▃▄▅▆▇█"
NONE = " "
"""What stands for nothing: one in a thousand still has a bar, and must not look like none."""


def spark(values: Sequence[float | None], top: float | None = None) -> str:
    """Return one cell for each value, from zero to `top`, or else to the greatest of them.

    Zero, what lies below it and what is not known (None) are blank; all else has a bar, however small.
    """
    highest = max((value for value in values if value is not None), default=0) if top is None else top

    def bar(value: float | None) -> str:
        if value is None or value <= 0 or highest <= 0:
            return NONE
        return BARS[max(0, min(len(BARS), math.ceil(value / highest * len(BARS))) - 1)]

    return "".join(map(bar, values))


def summed(values: Sequence[int], parts: int) -> Sequence[int]:
    """Return `parts` sums of neighbours: of as many values each, the first ones of fewer where need be.

    Raises ValueError where `parts` is not positive.
    """
    if parts < 1:
        raise ValueError("there is no chart of no parts")
    size = -(-len(values) // parts)
    cuts = [max(0, len(values) - size * part) for part in range(parts, -1, -1)]
    return [sum(values[start:end]) for start, end in pairwise(cuts)]
