"""How long a view waits after a reading: the longer that took, the longer, within bounds."""

from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.tui.screens.live import LONGEST_PAUSE, LONGEST_SPREAD, PAUSE, REST, pause_after, spread_after


@given(st.floats(0.0, 3_600.0))
def test_a_reading_takes_at_most_a_fortieth_of_the_time_until_the_longest_pause(spent: float) -> None:
    pause = pause_after(spent)
    assert PAUSE <= pause <= LONGEST_PAUSE
    if PAUSE < pause < LONGEST_PAUSE:
        assert pause == REST * spent
    assert pause == LONGEST_PAUSE or spent / (spent + pause) <= 1 / 40 + 1e-9
    assert 0.0 <= spread_after(spent) <= LONGEST_SPREAD


def test_a_slower_reading_never_shortens_the_pause() -> None:
    pauses = [pause_after(each / 1_000) for each in range(500)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (PAUSE, LONGEST_PAUSE)
