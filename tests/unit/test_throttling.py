"""The rules of waiting after wrong passwords, of the budget for refusals, and of well-known passwords."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.errors import JobmonError, throttled
from jobmon_tui.domain.throttling import (
    FREE,
    LONGEST_WAIT,
    MOST_NOTED,
    WINDOW,
    Failures,
    blocked_until,
    failed,
    spend,
    wait_after,
)
from jobmon_tui.services.common_passwords import is_common
from jobmon_tui.services.passwords import check_new_password

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_second_after_the_fifth_then_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    seconds = [wait_after(n).total_seconds() for n in range(20)]
    assert seconds[:FREE] == [0] * FREE
    assert seconds[FREE:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, *[900] * 5]
    assert wait_after(10**9) == LONGEST_WAIT


@given(st.lists(st.timedeltas(timedelta(0), timedelta(hours=2)), max_size=40))
def test_nobody_is_locked_out_for_longer_than_the_longest_wait(pauses: list[timedelta]) -> None:
    known, now = None, NOW
    for pause in pauses:
        now += pause
        known = failed(known, now)
        until = blocked_until(known, now)
        assert until is None or until - now <= LONGEST_WAIT
        assert blocked_until(known, now + LONGEST_WAIT) is None


def test_a_time_that_a_wrong_clock_wrote_blocks_nobody() -> None:
    known = Failures(9, NOW, NOW + timedelta(days=365))
    assert blocked_until(known, NOW) is None


def test_failures_are_forgotten_after_a_day() -> None:
    known = None
    for _ in range(FREE):
        known = failed(known, NOW)
    assert failed(known, NOW + timedelta(days=2)).count == 1


@given(st.lists(st.timedeltas(timedelta(seconds=-90), timedelta(seconds=90)), max_size=300))
def test_every_refusal_is_noted_or_counted_and_no_window_holds_too_many(steps: list[timedelta]) -> None:
    budget, now, noted, told = None, NOW, 0, 0
    for step in steps:
        now += step
        budget, is_noted, earlier = spend(budget, now)
        noted, told = noted + is_noted, told + earlier
        assert budget.noted <= MOST_NOTED
        assert budget.since <= now < budget.since + WINDOW
    assert noted + told + (budget.dropped if budget else 0) == len(steps)


def test_the_refusal_says_when_to_try_again() -> None:
    assert throttled(NOW + timedelta(seconds=4), NOW).message.endswith("in 4 s, at 00:00:04 UTC.")
    assert "in 15 min" in throttled(NOW + LONGEST_WAIT, NOW).message


@pytest.mark.parametrize(
    "password",
    [
        "password1", "P@ssw0rd!", "12345678", "87654321", "11111111", "qwertyui", "1q2w3e4r", "zaq12wsx",
        "iloveyou2", "Sommer2024!", "letmein-please", "Password Password", "abcabcabc", "TRUSTNO1",
        "alice1987", "Alice!!!", "ecila2020", "alicealice", "welcome123", "Liverpool2019",
    ],
)  # fmt: skip
def test_what_anybody_would_try_first_is_refused(password: str) -> None:
    assert is_common(password, "alice")
    with pytest.raises(JobmonError, match="one of the first"):
        check_new_password(password, "alice")


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "long enough", "mango ladder 7 rain", "x9Kv!q2Lm", "alice in wonderland"],
)  # fmt: skip
def test_other_passwords_need_no_digits_signs_or_capitals(password: str) -> None:
    check_new_password(password, "alice")


@given(st.text(max_size=80), st.text(max_size=20))
def test_any_text_can_be_asked_about(password: str, name: str) -> None:
    assert is_common(password, name) in {True, False}


def test_a_password_needs_eight_characters() -> None:
    with pytest.raises(JobmonError, match="at least 8"):
        check_new_password("x9Kv!q2", "alice")
