"""How things sound, and how lines are broken: pure functions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.execution import AUTOMATION, Status, Trigger
from jobmon_tui.linear.sentences import clock_time, length, list_line, plural, zone_words
from jobmon_tui.linear.wrapping import cells, wrapped
from tests.unit.test_following import START, execution

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@given(st.text(), st.integers(2, 100))
def test_no_line_is_wider_than_it_may_be_and_none_steers_the_terminal(text: str, width: int) -> None:
    lines = list(wrapped(text, width))
    assert all(cells(line) <= width for line in lines)
    assert not any(character < " " or "\x7f" <= character < "\xa0" for line in lines for character in line)


@given(st.lists(st.text("abcäöé日本", min_size=1, max_size=9)), st.integers(20, 80))
def test_words_that_fit_are_kept_whole_and_in_order(words: list[str], width: int) -> None:
    assert " ".join(wrapped(" ".join(words), width)).split() == words


def test_lines_are_filled_before_they_are_broken() -> None:
    assert list(wrapped("one two three", 8)) == ["one two", "three"]
    assert list(wrapped("  one two three", 8)) == ["  one", "two", "three"]
    assert list(wrapped("abcdefghij k", 4)) == ["abcd", "efgh", "ij k"]
    assert list(wrapped("日本語", 4)) == ["日本", "語"]
    assert list(wrapped("a\n\nb")) == ["a", "", "b"]


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0.0 s"),
        (-5, "0.0 s"),
        (449, "0.4 s"),
        (2_000, "2 s"),
        (2_100, "2.1 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (185_000, "3 min 5 s"),
        (8_040_000, "2 h 14 min"),
        (273_600_000, "3 d 4 h"),
        (86_400_000_000, "1,000 d"),
    ],
)
def test_lengths_of_time(milliseconds: int, said: str) -> None:
    assert length(milliseconds) == said


def test_times_and_counts() -> None:
    assert clock_time(NOW, NOW) == "09:00"
    assert clock_time(NOW - timedelta(days=1), NOW) == "2026-03-01 09:00"
    assert (zone_words(NOW), plural(1, "byte"), plural(2_000, "byte")) == ("UTC", "1 byte", "2,000 bytes")


def test_a_line_of_the_list_says_all_that_matters() -> None:
    failed = replace(
        execution(4711, Status.FAILED),
        queued_at=START,
        finished_at=datetime(2026, 3, 2, 14, 3, tzinfo=UTC),
        duration_ms=2_000,
        error="no such table: sales",
    )
    assert list_line(failed, NOW) == "#4711 Sales: Failed, 14:03, took 2 s, no such table: sales"
    retried = replace(failed, retried_by=4712, retried_by_status=Status.QUEUED)
    assert list_line(retried, NOW).endswith("sales; retried as #4712, which is Queued")
    queued = replace(execution(4712), queued_at=START, trigger=Trigger.RETRY, retry_of=4711)
    assert list_line(queued, NOW) == "#4712 Sales: Queued by ada, a retry of #4711, 08:00"
    by_itself = replace(queued, requested_by=AUTOMATION, not_before=datetime(2999, 1, 1, tzinfo=UTC))
    said = "#4712 Sales: Queued as an automatic retry of #4711, 08:00, waits until 2999-01-01 00:00"
    assert list_line(by_itself, NOW) == said
    scheduled = replace(queued, trigger=Trigger.SCHEDULE, requested_by=AUTOMATION, retry_of=None)
    assert list_line(scheduled, NOW) == "#4712 Sales: Queued by its schedule, 08:00"
    running = replace(execution(3, Status.RUNNING), started_at=START)
    assert list_line(running, NOW) == "#3 Sales: Running, since 08:00"
