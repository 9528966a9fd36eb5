"""The last 24 hours in the header: right figures, a chart only where there is room, and seldom read."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.audited import utc_now
from jobmon_tui.services.records import HourCount
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.day import HOURS, Day, day_of, first_hour
from jobmon_tui.tui.screens import day_reader
from jobmon_tui.tui.screens.day_reader import DayReader
from jobmon_tui.tui.sparks import BARS
from jobmon_tui.tui.widgets.day_chart import cells, forms
from jobmon_tui.tui.widgets.header_bar import HeaderBar
from tests.tui.fake_services import FakeServices
from tests.tui.stage import on_stage

NOW = datetime(2026, 3, 2, 14, 25, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNTS = st.lists(st.integers(0, 10**6), min_size=HOURS, max_size=HOURS).map(tuple)


def test_a_day_ends_with_the_present_hour_and_has_no_gaps() -> None:
    assert first_hour(NOW) == datetime(2026, 3, 1, 15, tzinfo=UTC)
    present = NOW.replace(minute=0)
    counted = [
        HourCount(first_hour(NOW) - HOUR, 9, 9, 9),
        HourCount(first_hour(NOW), 1, 2, 3),
        HourCount(present, 4, 0, 0),
        HourCount(present + HOUR, 9, 9, 9),
    ]
    day = day_of(counted, NOW)
    assert day.ended == (6, *[0] * (HOURS - 2), 4)
    assert day.failed == (2, *[0] * (HOURS - 1))
    # In another zone it is the same day.
    assert day_of(counted, NOW.astimezone()) == day


@given(COUNTS, COUNTS)
def test_the_figures_are_in_every_form_and_each_form_is_shorter(
    ended: tuple[int, ...], failed: tuple[int, ...]
) -> None:
    day = Day(ended, failed)
    told = forms(day, charts=True)
    widths = [cells(form) for form in told]
    assert widths == sorted(widths, reverse=True)
    plain = forms(day, charts=False)
    assert plain == told[-1:]
    figures = "".join(piece.text for piece in plain[0])
    assert not set(figures) & set(BARS)
    assert figures.startswith("24 h: ") and " ended · " in figures and figures.endswith(" failed ")
    for form in told:
        text = "".join(piece.text for piece in form)
        assert " ended" in text and " failed" in text


def busy() -> FakeServices:
    services = FakeServices()
    for hours in range(12):
        at = utc_now() - timedelta(hours=hours)
        for _ in range(1 + hours % 3):
            services.add("Sales", Status.SUCCEEDED, queued_at=at)
    services.add("Sales", Status.FAILED)
    return services


@pytest.mark.parametrize(
    ("width", "said", "chart"), [(80, False, False), (120, True, True), (200, True, True)]
)
async def test_the_chart_goes_first_where_there_is_no_room(width: int, said: bool, chart: bool) -> None:
    async with on_stage(busy(), size=(width, 24)) as stage:
        header = stage.screen.query_one(HeaderBar)
        await stage.until(lambda: not said or "24 h: 25 ended" in header.text)
        line = header.text.splitlines()[1]
        assert ("· 1 failed" in line) is said
        assert bool(set(line) & set(BARS)) is chart
        assert cell_len(line) == width
        for status in Status:
            assert f"{status.value} " in line, "the counts are whole"


async def test_it_is_read_once_a_minute_and_soon_as_long_as_there_is_nothing() -> None:
    services = FakeServices()
    slept: list[float] = []
    done = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            services.add("Sales", Status.FAILED)
        elif len(slept) == 2:
            services.database.outage = "The database is locked."
        elif len(slept) == 3:
            done.set()
            await asyncio.Event().wait()

    reader, in_sight = DayReader(sleep=sleep), asyncio.Event()

    class Host:
        caller = services.admin

    Host.services = services  # type: ignore[attr-defined]
    running = asyncio.create_task(reader.run(Host, in_sight))  # type: ignore[arg-type]
    in_sight.set()
    await done.wait()
    running.cancel()
    assert slept == [day_reader.AT_FIRST, day_reader.EVERY, day_reader.EVERY]
    assert reader.day is not None and sum(reader.day.failed) == 1, "an outage leaves what was read"


async def test_who_is_signed_out_ends_the_readings() -> None:
    services = FakeServices()
    services.database.tables.sessions.clear()

    class Host:
        caller = services.admin

    Host.services = services  # type: ignore[attr-defined]
    in_sight = asyncio.Event()
    in_sight.set()
    await DayReader().run(Host, in_sight)  # type: ignore[arg-type]


async def test_a_slow_line_gets_the_figures_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobmonApp, "is_slow", property(lambda _app: True))
    async with on_stage(busy(), size=(140, 40)) as stage:
        header = stage.screen.query_one(HeaderBar)
        await stage.until(lambda: "24 h: 25 ended · 1 failed" in header.text)
        await stage.press("d")
        await stage.until(lambda: "min 1.5s · median 1.5s · max 1.5s" in stage.all_text)
        assert BARS[-1] * 10 not in stage.all_text
        assert not set(header.text) & set(BARS)
