"""The bell: once for what failed since, not for what had failed before, never when nobody asked for it."""

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.audited import Caller
from jobmon_tui.tui import bell
from jobmon_tui.tui.bell import FailureBell
from jobmon_tui.tui.contracts import Options
from tests.tui.fake_services import FakeServices, as_services
from tests.tui.shell_stage import signed_in_stage


def test_it_rings_when_there_are_more_failures_than_there_were() -> None:
    rung: list[int] = []
    listening = FailureBell(as_services(FakeServices()), Caller("t", "pts/1"), lambda: rung.append(1))
    strokes = []
    for failures in (7, 7, 8, 11, 4, 4, 5):
        listening.saw(failures)
        strokes.append(len(rung))
    assert strokes == [0, 0, 1, 2, 2, 2, 3]


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_dashboard_rings_for_a_new_failure_on_whatever_screen_and_through_an_outage(
    wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "QUIET", 0.02)
    services = FakeServices()
    services.add("Sales", Status.FAILED, error="boom")
    app = signed_in_stage(services=services, options=Options(origin="pts/1", bell=wanted)).app()
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await pilot.pause(0.3)
        assert rung == []
        services.add("Sales", Status.SUCCEEDED)
        await pilot.pause(0.3)
        assert rung == []
        services.add("Sales", Status.FAILED, error="boom")
        services.add("Ledger", Status.FAILED, error="boom")
        await pilot.pause(0.3)
        assert len(rung) == wanted
        services.database.outage = "The database is locked."
        services.add("Ledger", Status.FAILED, error="boom")
        await pilot.pause(0.3)
        services.database.outage = None
        services.database.feed.changed()
        await pilot.pause(1.0)
        assert len(rung) == 2 * wanted
