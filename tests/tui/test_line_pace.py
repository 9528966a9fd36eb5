"""How much may be under way: the arithmetic of the pace on a clock of the test's own."""

import pytest

from jobmon_tui.tui.pacing import ASSUMED_RATE, KERNEL_HOLDS, LONGEST_PATIENCE, PATIENCE, WINDOW, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def paced() -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(clock), clock


def send(pace: Pace, size: int, waited: float = 0.0) -> bool:
    """Write and let the kernel take it; tell whether the terminal is asked."""
    pace.wrote(size)
    pace.took(size, waited)
    return pace.asks()


def heard() -> tuple[Pace, Clock]:
    """A pace whose terminal has answered once."""
    pace, clock = paced()
    assert send(pace, WINDOW)
    assert pace.answered()
    return pace, clock


def test_a_kilobyte_is_asked_about_and_less_is_not() -> None:
    pace, _ = paced()
    assert [send(pace, 400) for _ in range(6)] == [False, False, True, False, False, True]


def test_until_the_terminal_has_answered_once_nothing_waits_for_it() -> None:
    pace, _ = paced()
    asked = [send(pace, 10_000) for _ in range(20)]
    assert (asked.count(True), pace.wait(), pace.awaits_answer) == (8, 0.0, False)
    assert pace.expects_answer


def test_a_frame_waits_while_more_than_the_window_is_under_way_and_no_longer() -> None:
    pace, clock = heard()
    assert send(pace, WINDOW)
    assert pace.wait() == 0.0
    assert send(pace, WINDOW)
    assert pace.wait() == PATIENCE
    clock.now += 0.5
    assert pace.wait() == PATIENCE - 0.5
    pace.answered()
    assert pace.wait() == 0.0


def test_a_lost_answer_is_waited_for_ever_longer_but_for_who_types() -> None:
    pace, clock = heard()
    waits = []
    for _ in range(6):
        send(pace, 8_000)
        waits.append(pace.wait())
        clock.now += waits[-1]
        assert pace.wait() == 0.0
    assert waits == [PATIENCE, 4, 8, 16, LONGEST_PATIENCE, LONGEST_PATIENCE]
    pace.typed()
    send(pace, 8_000)
    assert pace.wait() == PATIENCE
    # Answers that come after all are expected, and count for nothing else.
    assert pace.expects_answer


def test_answers_that_take_long_are_waited_for_longer() -> None:
    pace, clock = heard()
    send(pace, 8_000)
    clock.now += 1.9
    pace.answered()
    send(pace, 8_000)
    assert pace.wait() == 2 * (clock.now - 100.0)


def test_after_much_the_line_rests_for_as_long_as_it_was_busy() -> None:
    pace, clock = heard()
    assert pace.rest() <= 0
    send(pace, 8_000)
    clock.now += 1.0
    pace.answered()
    assert (pace.wait(), pace.rest()) == (0.0, 1.0)
    clock.now += 1.0
    assert pace.rest() <= 0


def test_three_slow_rounds_in_a_row_prove_a_slow_line() -> None:
    pace, clock = heard()
    for slow in (True, True, False, True, True, True):
        assert not pace.is_slow
        send(pace, 4_000)
        clock.now += 0.6 if slow else 0.1
        pace.answered()
    assert pace.is_slow


def test_what_was_under_way_together_is_one_round() -> None:
    pace, clock = heard()
    for _ in range(5):
        send(pace, 1_500)
    clock.now += 3.0
    for _ in range(5):
        pace.answered()
    assert not pace.is_slow


def test_what_the_kernel_has_not_taken_holds_frames_back_also_where_nobody_answers() -> None:
    pace, _ = paced()
    pace.wrote(WINDOW + 1)
    assert pace.wait() > 0
    pace.took(WINDOW + 1, 0.0)
    assert pace.wait() == 0.0


def test_a_write_that_waits_tells_the_speed_and_that_the_kernel_is_full() -> None:
    pace, clock = paced()
    for _ in range(20):
        send(pace, 1_000, 0.0)
    assert pace.wait() == 0.0
    send(pace, 1_000, 0.125)
    assert pace.wait() == pytest.approx((KERNEL_HOLDS - WINDOW) / 8_000)
    assert pace.rest() == pytest.approx(pace.wait())
    clock.now += pace.wait() + 0.001
    assert (pace.wait(), pace.rest() <= 0) == (0.0, True)
    for _ in range(3):
        clock.now += 1.0
        send(pace, 8_000, 1.0)
    assert pace.is_slow


def test_where_nobody_answers_what_changes_by_itself_is_shown_at_a_modest_speed() -> None:
    pace, clock = paced()
    send(pace, WINDOW + 3_000)
    assert (pace.wait(), pace.rest()) == (0.0, 3_000 / ASSUMED_RATE)
    clock.now += 0.51
    assert pace.rest() <= 0


def test_another_terminal_is_begun_with_anew() -> None:
    pace, _ = heard()
    send(pace, 9_000)
    pace.forget()
    assert (pace.wait(), pace.awaits_answer) == (0.0, False)
    # The old one's answer may still come; it must not be typed.
    assert pace.expects_answer
    assert pace.answered()
    assert not pace.answered()
