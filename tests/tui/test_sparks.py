"""Bars for numbers: as many as there are values, the higher the more, and nothing only for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from jobmon_tui.tui.sparks import BARS, NONE, spark, summed

VALUES = st.lists(st.none() | st.integers(-5, 10**12) | st.floats(0, 1e12), max_size=40)


@given(VALUES)
def test_each_value_has_one_cell_and_only_nothing_has_no_bar(values: list[float | None]) -> None:
    bars = spark(values)
    assert cell_len(bars) == len(bars) == len(values)
    for bar, value in zip(bars, values, strict=True):
        assert (bar == NONE) == (value is None or value <= 0)


@given(VALUES)
def test_more_is_never_lower_and_the_most_reaches_the_top(values: list[float | None]) -> None:
    bars = spark(values)
    known = sorted(
        (value, bar) for bar, value in zip(bars, values, strict=True) if value is not None and value > 0
    )
    heights = [BARS.index(bar) for _, bar in known]
    assert heights == sorted(heights)
    assert not heights or heights[-1] == len(BARS) - 1


def test_bars_read_as_expected() -> None:
    assert spark([]) == ""
    assert spark([0, None, 0]) == "   "
    assert spark([1, 2, 3, 4, 5, 6, 7, 8]) == BARS
    assert spark([1, 1_000_000]) == "▁█"
    assert spark([1, 2], top=8) == "▁▂"
    assert spark([9], top=8) == "█"
    assert spark([5], top=0) == " "


@given(st.lists(st.integers(0, 1_000), max_size=60), st.integers(1, 30))
def test_sums_leave_nothing_out(values: list[int], parts: int) -> None:
    sums = summed(values, parts)
    assert len(sums) == parts
    assert sum(sums) == sum(values)


def test_sums_are_of_neighbours_and_the_newest_are_whole() -> None:
    assert summed([1, 2, 3, 4, 5, 6], 3) == [3, 7, 11]
    assert summed([1, 2, 3, 4, 5], 2) == [3, 12]
    assert summed([7], 3) == [0, 0, 7]
    with pytest.raises(ValueError, match="no parts"):
        summed([1], 0)
