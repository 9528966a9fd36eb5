"""The bell: once for what failed since, not for what had failed before, never when nobody asked for it."""

import asyncio

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


async def test_the_dashboard_rings_for_a_new_failure_on_whatever_screen_and_through_an_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bell, "QUIET", 0.02)
    services = FakeServices()
    services.add("Sales", Status.FAILED, error="boom")
    app = signed_in_stage(services=services, options=Options(origin="pts/1", bell=True)).app()
    rung: list[int] = []
    seen: list[int] = []
    saw = FailureBell.saw

    def noted(self: FailureBell, failures: int) -> None:
        saw(self, failures)
        seen.append(failures)

    monkeypatch.setattr(FailureBell, "saw", noted)
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(80, 24)) as pilot:

        async def until_seen(failures: int) -> None:
            async with asyncio.timeout(20):
                while seen[-1:] != [failures]:
                    await pilot.pause(0.02)

        await pilot.press("m")
        await until_seen(1)
        assert rung == []
        looks = len(seen)
        services.add("Sales", Status.SUCCEEDED)
        async with asyncio.timeout(20):
            while len(seen) == looks:
                await pilot.pause(0.02)
        assert rung == []
        services.add("Sales", Status.FAILED, error="boom")
        await until_seen(2)
        assert len(rung) == 1
        services.database.outage = "The database is locked."
        services.add("Ledger", Status.FAILED, error="boom")
        await pilot.pause(0.1)
        services.database.outage = None
        services.database.feed.changed()
        await until_seen(3)
        assert len(rung) == 2


async def test_nobody_listens_where_nobody_asked_for_it() -> None:
    app = signed_in_stage(options=Options(origin="pts/1")).app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "bell" not in {worker.name for worker in app.workers}
