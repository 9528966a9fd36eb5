"""What of a view differs from what was painted of it: pure, so that it can be tried with anything."""

from collections.abc import Hashable, Mapping, Sequence


def changed_lines(painted: Mapping[int, Hashable], lines: Sequence[Hashable]) -> Sequence[int]:
    """Return the numbers of the lines that look otherwise than painted, ascending; never painted ones too.

    A line says all that it shows, the row's id among it: equal lines look the same.
    """
    return [y for y, line in enumerate(lines) if y not in painted or painted[y] != line]
