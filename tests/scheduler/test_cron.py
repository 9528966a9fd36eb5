"""Cron expressions: what is due when, over changes of summer time too, and what is refused in which words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.cron import check, latest_due, next_firing

BERLIN = "Europe/Berlin"

# Beirut changes at midnight, Lord Howe by half an hour, Troll by two hours; Kathmandu is 5:45 ahead.
NAMES = ("UTC", BERLIN, "Asia/Beirut", "Australia/Lord_Howe", "Antarctica/Troll", "Asia/Kathmandu")
ZONES = st.sampled_from(NAMES)


def _changes(year: int) -> list[datetime]:
    """Find the hours of a year in which one of the zones goes forward or back."""
    first = datetime(year, 1, 1, tzinfo=UTC)
    hours = [first + timedelta(hours=passed) for passed in range(365 * 24)]
    found = []
    for zone in map(ZoneInfo, NAMES):
        offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
        found += [hours[i] for i in range(1, len(hours)) if offsets[i] != offsets[i - 1]]
    return found


CHANGES = _changes(2026)
ANY_TIME = st.integers(0, 16 * 365 * 86_400_000).map(
    lambda passed: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=passed)
)
NEAR_A_CHANGE = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    st.integers(-4 * 3600, 4 * 3600),
)
MOMENTS = st.one_of(ANY_TIME, NEAR_A_CHANGE)


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    step = st.integers(2, max(2, (high - low) // 2))
    spans = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    lists = st.lists(number, min_size=1, max_size=3).map(lambda each: ",".join(map(str, each)))
    return st.one_of(st.just("*"), number.map(str), step.map(lambda each: f"*/{each}"), spans, lists)


MINUTES, HOURS, WEEKDAYS = _field(0, 59), _field(0, 23), st.one_of(_field(0, 6), st.just("MON#2"))
DAYS = st.one_of(_field(1, 28), st.just("L"))
FIVE = st.tuples(MINUTES, HOURS, DAYS, _field(1, 12), WEEKDAYS).map(" ".join)
SIX = st.tuples(_field(0, 59), FIVE).map(" ".join)
OFTEN = st.tuples(MINUTES, HOURS, st.just("*"), st.just("*"), st.just("*")).map(" ".join)


def _due(cron: str, *after: int, tz: str = BERLIN, times: int = 1) -> list[str]:
    moment = datetime(*after, tzinfo=UTC)  # type: ignore[arg-type, misc]
    found = []
    for _ in range(times):
        moment = next_firing(cron, tz, moment)
        found.append(moment.strftime("%m-%d %H:%M:%S"))
    return found


@given(cron=st.one_of(FIVE, SIX), tz=ZONES, after=MOMENTS)
@settings(max_examples=150, deadline=None)
def test_the_next_time_is_strictly_later_and_matches_a_whole_second_in_utc(
    cron: str, tz: str, after: datetime
) -> None:
    due = next_firing(cron, tz, after)
    assert due > after
    assert due.tzinfo is UTC
    assert due.microsecond == 0
    # Asking again just before gives the same: nothing lies between.
    assert next_firing(cron, tz, due - timedelta(microseconds=1)) == due
    assert next_firing(cron, tz, after + (due - after) / 2) == due


@given(
    cron=st.one_of(OFTEN, FIVE), tz=ZONES, after=MOMENTS, span=st.timedeltas(timedelta(0), timedelta(days=9))
)
@settings(max_examples=100, deadline=None)
def test_the_latest_due_is_the_last_of_those_that_stepping_finds(
    cron: str, tz: str, after: datetime, span: timedelta
) -> None:
    now = after + span
    found = latest_due(cron, tz, after, now)
    if found is None:
        assert next_firing(cron, tz, after) > now
        return
    assert after < found <= now
    assert next_firing(cron, tz, found) > now
    assert next_firing(cron, tz, found - timedelta(microseconds=1)) == found


@given(after=MOMENTS, seconds=st.integers(0, 400))
@settings(max_examples=50, deadline=None)
def test_the_latest_due_agrees_with_every_single_step(after: datetime, seconds: int) -> None:
    now = after + timedelta(seconds=seconds)
    stepped, moment = None, after
    while (moment := next_firing("*/7 * * * * *", BERLIN, moment)) <= now:
        stepped = moment
    assert latest_due("*/7 * * * * *", BERLIN, after, now) == stepped


def test_a_year_of_missed_seconds_is_no_work() -> None:
    after, now = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 500, tzinfo=UTC)
    assert latest_due("* * * * * *", "UTC", after, now) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("passed", range(1, 12))
def test_of_the_seconds_that_passed_the_last_one_is_the_latest_due(passed: int) -> None:
    after = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    now = after + timedelta(seconds=passed)
    for fraction in (0, 1, 999_999):
        late = now.replace(microsecond=fraction)
        assert latest_due("* * * * * *", "UTC", after, late) == now


def test_a_due_time_counts_at_its_very_moment_and_not_again() -> None:
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    before = noon - timedelta(seconds=1)
    assert latest_due("0 12 * * *", "UTC", before, noon) == noon
    assert latest_due("0 12 * * *", "UTC", noon, noon + timedelta(hours=23)) is None
    assert latest_due("0 12 * * *", "UTC", before, noon - timedelta(microseconds=1)) is None


def test_a_fixed_hour_follows_the_wall_clock_through_the_year() -> None:
    assert _due("0 6 * * 1-5", 2026, 1, 9) == ["01-09 05:00:00"]
    assert _due("0 6 * * 1-5", 2026, 1, 9, 12) == ["01-12 05:00:00"]
    assert _due("0 6 * * 1-5", 2026, 7, 10) == ["07-10 04:00:00"]


def test_a_time_that_summer_time_skips_fires_when_the_gap_is_over() -> None:
    # On 29 March 2026 Berlin goes from 02:00 CET to 03:00 CEST, at 01:00 UTC.
    assert _due("30 2 * * *", 2026, 3, 28, 0, times=3) == [
        "03-28 01:30:00",
        "03-29 01:00:00",
        "03-30 00:30:00",
    ]
    # Two times in the gap fire once.
    assert _due("15,45 2 * * *", 2026, 3, 29, 0, times=2) == ["03-29 01:00:00", "03-30 00:15:00"]
    # What goes by elapsed time just goes on.
    assert _due("*/30 * * * *", 2026, 3, 29, 0, 15, times=3) == [
        "03-29 00:30:00",
        "03-29 01:00:00",
        "03-29 01:30:00",
    ]


def test_a_time_that_comes_twice_fires_the_first_time_only() -> None:
    # On 25 October 2026 Berlin goes from 03:00 CEST back to 02:00 CET, at 01:00 UTC.
    assert _due("30 2 * * *", 2026, 10, 25, 0, times=2) == ["10-25 00:30:00", "10-26 01:30:00"]
    # Asked in the second pass, it is over.
    assert _due("30 2 * * *", 2026, 10, 25, 1, 10) == ["10-26 01:30:00"]
    assert _due("*/30 * * * *", 2026, 10, 25, 0, 15, times=4) == [
        "10-25 00:30:00",
        "10-25 01:00:00",
        "10-25 01:30:00",
        "10-25 02:00:00",
    ]
    after, now = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 1, 45, tzinfo=UTC)
    assert latest_due("30 2 * * *", BERLIN, after, now) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_where_clocks_change_at_midnight_or_by_half_an_hour_no_time_is_missed() -> None:
    # On 29 March 2026 Beirut goes from midnight to 01:00, at 22:00 UTC of the day before.
    assert _due("0 * * * 0", 2026, 3, 28, 12, tz="Asia/Beirut") == ["03-28 22:00:00"]
    assert _due("0 */2 * * 0", 2026, 3, 28, 12, tz="Asia/Beirut") == ["03-28 23:00:00"]
    assert _due("0 0 1 * * 0", 2026, 3, 28, 12, tz="Asia/Beirut") == ["03-28 22:00:00"]
    # On 5 April 2026 Lord Howe goes from 02:00 back to 01:30, at 15:00 UTC of the day before.
    assert _due("* 0 * * *", 2026, 4, 4, 15, tz="Australia/Lord_Howe") == ["04-05 13:30:00"]
    assert _due("*/40 1 * * *", 2026, 4, 4, 14, tz="Australia/Lord_Howe", times=3) == [
        "04-04 14:40:00",
        "04-04 15:10:00",
        "04-05 14:30:00",
    ]


def test_six_fields_have_the_seconds_in_front() -> None:
    assert _due("*/20 * * * * *", 2026, 3, 2, 12, times=3) == [
        "03-02 12:00:20",
        "03-02 12:00:40",
        "03-02 12:01:00",
    ]
    assert _due("5 0 12 * * *", 2026, 3, 2, 12, tz="UTC") == ["03-02 12:00:05"]


def test_the_time_zone_decides_and_the_caller_may_use_another() -> None:
    after = datetime(2026, 3, 2, 3, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert next_firing("0 0 * * *", "America/New_York", after) == datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "tz", "words"),
    [
        ("", "UTC", '"" has 0 fields; a cron expression has five (minute hour day month weekday)'),
        ("* * * *", "UTC", "has 4 fields"),
        ("* * * * * * *", "UTC", "has 7 fields"),
        ("@daily", "UTC", "has 1 fields"),
        ("61 * * * *", "UTC", 'the minute in "61 * * * *" is not understood: it may be 0-59, *, lists'),
        ("* 24 * * *", "UTC", "the hour in"),
        ("* * 0 * *", "UTC", "the day-of-month in"),
        ("0 0 31 2 *", "UTC", "a day that the month has"),
        ("* * * 13 *", "UTC", "1-12 or JAN-DEC"),
        ("0 0 */31 * MON#5", "UTC", '"0 0 */31 * MON#5" never comes due'),
        ("* * * * 8", "UTC", "0-7 or SUN-SAT"),
        ("60 * * * * *", "UTC", "the second in"),
        ("*/0 * * * *", "UTC", "the minute in"),
        ("5-1 * * * *", "UTC", "the minute in"),
        ("* " * 101 + "*", "UTC", "at most 200 characters, this one has 203"),
        (
            "* * * * *",
            "Europe/Berlln",
            'there is no time zone "Europe/Berlln"; write one such as Europe/Berlin',
        ),
        ("* * * * *", "", 'there is no time zone ""'),
        ("* * * * *", "../../etc/passwd", "there is no time zone"),
        ("* * * * *", "Europe", "there is no time zone"),
        ("* * * * *", "x" * 5000, "there is no time zone"),
        ("* * * * *", "a\0b", "there is no time zone"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_in_plain_words(cron: str, tz: str, words: str) -> None:
    with pytest.raises(ValueError) as refusal:
        check(cron, tz)
    assert words in str(refusal.value)


@given(
    cron=st.one_of(st.text(max_size=30), st.text("0123456789*/,-#LW ", max_size=30)), tz=st.text(max_size=12)
)
@settings(max_examples=200, deadline=None)
def test_no_text_does_worse_than_be_refused(cron: str, tz: str) -> None:
    for zone in ("UTC", tz):
        try:
            check(cron, zone)
        except ValueError as refusal:
            assert str(refusal)


@pytest.mark.parametrize(
    "cron", ["0 0 29 2 *", "0 0 L * *", "0 0 LW * *", "0 0 * * MON#1", "0 0 * * 5L", "0 6 * JAN-MAR sun"]
)
def test_what_is_rare_but_right_is_accepted(cron: str) -> None:
    check(cron, BERLIN)


def test_the_end_of_time_is_refused_too() -> None:
    with pytest.raises(ValueError, match="cannot be reckoned"):
        next_firing("0 0 1 1 *", "UTC", datetime(9999, 6, 1, tzinfo=UTC))
