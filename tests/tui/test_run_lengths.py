"""How long a report's last runs took: the right ones, in figures first, and seldom read."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.errors import JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.audited import utc_now
from jobmon_tui.tui import run_lengths
from jobmon_tui.tui.host import Host, host_of
from jobmon_tui.tui.run_lengths import EVERY, RUNS, RunLengths, told
from jobmon_tui.tui.widgets.details import DetailsPanel
from tests.tui.fake_services import FakeServices
from tests.tui.stage import make_app, on_stage


def host(services: FakeServices) -> Host:
    app = make_app(services)
    app.services, app.caller = services, services.admin
    return host_of(app)


async def test_the_last_runs_that_ended_by_themselves_are_told_oldest_first() -> None:
    services = FakeServices()
    for at in range(1, 61):
        services.add("Sales", Status.FAILED if at % 2 else Status.SUCCEEDED, duration_ms=at)
    services.add("Costs", Status.SUCCEEDED, duration_ms=9_000)
    services.add("Sales", Status.CANCELLED, duration_ms=9_000)
    services.add("Sales", Status.RUNNING)
    for _ in range(120):
        services.add("Sales", Status.QUEUED)
    assert await RunLengths().of(host(services), "Sales") == list(range(61 - RUNS, 61))
    assert await RunLengths().of(host(services), "Costs") == [9_000]
    assert await RunLengths().of(host(services), "Nothing") == []


async def test_a_report_is_read_once_a_minute_at_most() -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED, duration_ms=1)
    now = 0.0
    lengths, asked = RunLengths(lambda: now), host(services)
    for now, expected in ((0.0, [1]), (EVERY - 0.1, [1]), (EVERY, [1, 2])):
        assert await lengths.of(asked, "Sales") == expected
        if now == 0.0:
            services.add("Sales", Status.SUCCEEDED, duration_ms=2)
    reads = services.database.reads
    for at in range(run_lengths._KNOWN + 5):
        await lengths.of(asked, f"Report {at}")
    assert len(lengths._known) == run_lengths._KNOWN
    assert services.database.reads - reads == run_lengths._KNOWN + 5


async def test_an_outage_is_for_who_asks() -> None:
    services = FakeServices()
    services.database.outage = "The database is locked."
    with pytest.raises(JobmonError):
        await RunLengths().of(host(services), "Sales")


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=RUNS))
def test_the_figures_are_whole_without_the_chart(lengths: list[int]) -> None:
    alone, both = told(lengths, chart=False).plain, told(lengths, chart=True).plain
    assert alone.startswith("min ") and " · median " in alone and " · max " in alone
    assert both.partition("\n")[0] == alone
    chart = both.partition("\n")[2]
    assert len(chart) == len(lengths)
    assert " " not in chart, "each run has a bar, however short"


def test_figures_read_as_expected() -> None:
    assert told([1_000, 2_000, 90_000], chart=True).plain == "min 1.0s · median 2.0s · max 1m30s\n▁▁█"
    assert run_lengths.title([1] * 50) == "Last 50 runs"


async def test_the_details_show_them_and_paint_them_again_only_when_they_differ() -> None:
    services = FakeServices()
    earlier = utc_now() - timedelta(days=1)
    for took in (1_000, 2_000, 8_000):
        services.add("Sales", Status.SUCCEEDED, duration_ms=took, queued_at=earlier)
    async with on_stage(services) as stage:
        await stage.press("d")
        panel = stage.screen.query_one(DetailsPanel)
        await stage.until(lambda: panel.story is not None)
        await stage.press("enter", "right", "right")
        await stage.until(lambda: "min 1.0s · median 2.0s · max 8.0s" in stage.all_text)
        assert "Last 3 runs" in stage.all_text
        assert "▁▂█" in stage.all_text
        painted: list[object] = []
        panel._bodies["runs"].update = painted.append  # type: ignore[assignment, method-assign]
        services.add("Costs", Status.SUCCEEDED)
        await stage.pilot.pause(1.2)
        assert painted == []
