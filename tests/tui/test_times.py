"""The reader's clock: zones and their names at changes of the clock, how long ago, and the two keys."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui import times
from jobmon_tui.tui.times import HERE, ago, full, local, reader, zone_names
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage

SUMMER, WINTER = datetime(2026, 7, 2, 4, 0, tzinfo=UTC), datetime(2026, 1, 2, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh_reader() -> Iterator[None]:
    before = os.environ.get("TZ")
    reader.utc = reader.relative = False
    yield
    reader.utc = reader.relative = False
    if before is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = before
    time.tzset()


def live_in(zone: str | None) -> None:
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    time.tzset()


def test_each_time_has_the_zone_that_held_then() -> None:
    live_in("Europe/Berlin")
    assert full(SUMMER) == "2026-07-02 06:00:00 CEST"
    assert full(WINTER) == "2026-01-02 05:00:00 CET"
    # Also seen from the other half of the year: the clock of then, not today's offset.
    assert SUMMER.astimezone(WINTER.astimezone(HERE).tzinfo).strftime("%H:%M") == "06:00"
    assert zone_names(WINTER) == "CET/CEST"
    assert zone_names(SUMMER) == "CEST/CET"
    reader.utc = True
    assert full(SUMMER) == "2026-07-02 04:00:00 UTC"
    assert zone_names(SUMMER) == "UTC"
    assert full(None) == local(None) == "-"


def test_where_how_long_ago_is_wanted_details_tell_both() -> None:
    at = times.now().replace(microsecond=0) - timedelta(minutes=3)
    reader.relative = True
    assert full(at) == f"{local(at)} {at.tzname()} (3m ago)"
    assert full(None) == "-"


def test_the_hour_that_comes_twice_is_told_apart_and_the_one_that_never_comes_is_not_shown() -> None:
    live_in("Europe/Berlin")
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert full(twice) == "2026-10-25 02:30:00 CEST"
    assert full(twice + timedelta(hours=1)) == "2026-10-25 02:30:00 CET"
    never = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    assert full(never) == "2026-03-29 01:59:59 CET"
    assert full(never + timedelta(seconds=1)) == "2026-03-29 03:00:00 CEST"


@pytest.mark.parametrize(
    ("zone", "names", "shown"),
    [
        ("Asia/Kolkata", "IST", "2026-07-02 09:30:00 IST"),
        ("America/New_York", "EST/EDT", "2026-07-02 00:00:00 EDT"),
        ("Australia/Lord_Howe", "+11/+1030", "2026-07-02 14:30:00 +1030"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "CET/CEST", "2026-07-02 06:00:00 CEST"),
        ("UTC", "UTC", "2026-07-02 04:00:00 UTC"),
        ("Not/AZone", "UTC", "2026-07-02 04:00:00 UTC"),
        ("\x1b[31m", "UTC", "2026-07-02 04:00:00 UTC"),
        (":nowhere", "UTC", "2026-07-02 04:00:00 UTC"),
        ("x" * 5_000, "UTC", "2026-07-02 04:00:00 UTC"),
    ],
)
def test_a_zone_is_named_and_garbage_is_utc(zone: str, names: str, shown: str) -> None:
    live_in(zone)
    assert (zone_names(WINTER), full(SUMMER)) == (names, shown)


def test_without_tz_it_is_the_machines_zone() -> None:
    live_in(None)
    assert full(SUMMER).startswith(f"{SUMMER.astimezone():%Y-%m-%d %H:%M:%S} ")
    assert zone_names()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"])
@given(stamp=st.integers(0, 4_000_000_000), micro=st.integers(0, 999_999))
def test_a_time_here_is_the_same_moment(zone: str, stamp: int, micro: int) -> None:
    live_in(zone)
    at = datetime.fromtimestamp(stamp, UTC).replace(microsecond=micro)
    here = at.astimezone(HERE)
    assert here.astimezone(UTC) == at
    assert here.utcoffset() == at.astimezone().utcoffset()
    assert here.replace(tzinfo=None) == at.astimezone().replace(tzinfo=None)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "now"),
        (29, "now"),
        (31, "1m ago"),
        (89, "1m ago"),
        (59 * 60, "59m ago"),
        (60 * 60, "1h ago"),
        (24 * 3_600 - 31, "23h ago"),
        (24 * 3_600, "1d ago"),
        (364 * 86_400, "364d ago"),
        (800 * 86_400, "2y ago"),
        (-31, "in 1m"),
        (-5 * 3_600, "in 5h"),
        (-3 * 86_400, "in 3d"),
    ],
)
def test_how_long_ago_goes_by_whole_minutes_of_the_clock(seconds: int, said: str) -> None:
    moment = datetime(2026, 3, 2, 12, 5, 30, tzinfo=UTC)
    at = moment - timedelta(seconds=seconds)
    assert ago(at, moment).strip() == said
    assert len(ago(at, moment)) in {7, 8}
    # Within one minute of the clock nothing changes, in whatever zone it is asked.
    zone = timezone(timedelta(hours=5, minutes=30))
    assert {ago(at, moment.replace(second=second).astimezone(zone)) for second in range(60)} == {
        ago(at, moment)
    }


async def test_z_is_utc_on_and_off_and_the_header_the_lists_and_the_details_say_so() -> None:
    live_in("Asia/Kolkata")
    services = FakeServices()
    services.add("Sales", Status.FAILED, error="boom", queued_at=WINTER)
    async with on_stage(services, size=(140, 40)) as stage:
        await stage.press("d")
        await stage.until(lambda: "2026-01-02 09:30:00 IST" in stage.all_text)
        assert "IST · ● live" in stage.all_text
        await stage.press("z")
        assert "UTC · ● live" in stage.all_text
        await stage.until(lambda: "2026-01-02 04:00:00 UTC" in stage.all_text)
        assert "IST" not in stage.all_text
        await stage.press("a", "Z")
        assert "At (UTC)" in stage.all_text
        await stage.press("z")
        assert "At (IST)" in stage.all_text
        await stage.press("escape", "Z")
        await stage.until(lambda: "2026-01-02 09:30:00 IST" in stage.all_text)


async def test_how_long_ago_changes_with_the_minute_and_only_where_it_differs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live_in("UTC")
    services = FakeServices()
    start = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
    for minutes in (0, 90, 3_000, 5_000):
        services.add("Sales", Status.SUCCEEDED, queued_at=start - timedelta(minutes=minutes))
    clock = [start]
    monkeypatch.setattr(times, "minute", lambda: int(clock[0].timestamp() // 60))
    async with on_stage(services) as stage:
        stage.table._now = stage.table._ticks._now = lambda: clock[0]
        await stage.press("Z")
        rows = [line[37:45].strip() for line in stage.rows]
        assert [
            each for line in stage.rows for each in ("3d ago", "2d ago", "1h ago", "now") if each in line
        ] == [
            "3d ago",
            "2d ago",
            "1h ago",
            "now",
        ], rows
        painted: list[object] = []
        refresh = stage.table.refresh
        monkeypatch.setattr(
            stage.table, "refresh", lambda *regions: painted.extend(regions) or refresh(*regions)
        )
        for second in (10, 30, 59):
            clock[0] = start + timedelta(seconds=second)
            stage.table.tick()
        assert painted == []
        clock[0] = start + timedelta(seconds=61)
        stage.table.tick()
        assert len(painted) == 1
        assert "1m ago" in "\n".join(stage.rows)
        stage.table.tick()
        assert len(painted) == 1
