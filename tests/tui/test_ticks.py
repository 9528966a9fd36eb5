"""Durations that go on, the more seldom the more there are of them."""

from datetime import UTC, datetime, timedelta

from jobmon_tui.domain.execution import Execution, Status
from jobmon_tui.tui.widgets.ticks import BUDGET, Ticks
from tests.tui.fake_services import FakeServices

START = datetime(2026, 1, 2, tzinfo=UTC)


def rows(running: int) -> list[Execution]:
    services = FakeServices()
    for _ in range(running):
        services.add("Sales", Status.RUNNING)
    services.add("Sales", Status.SUCCEEDED)
    return [each.execution for each in services.database.tables.rows.values()]


def ticks_in(seconds: int, running: int) -> int:
    """How often they tick, looked at once a second."""
    passed = 0
    ticks = Ticks(lambda: START + timedelta(seconds=passed), lambda: float(passed))
    shown, count = rows(running), 0
    for _ in range(seconds):
        passed += 1
        count += ticks.tick(shown)
    return count


def test_what_they_cost_stays_in_bounds_however_many_run() -> None:
    assert ticks_in(60, 0) == 0
    assert ticks_in(60, 1) == 20
    for running in (1, 5, 38, 100):
        # Whatever the price of the first.
        assert 0 < (ticks_in(120, running) - 1) * (40 + 14 * running) / 120 <= BUDGET


def test_between_two_ticks_what_runs_stands_still_and_what_has_ended_does_not_care() -> None:
    passed = 0
    ticks = Ticks(lambda: START + timedelta(seconds=passed), lambda: float(passed))
    running, ended = rows(1)
    assert ticks.tick([running])
    passed = 1
    assert not ticks.tick([running])
    assert ticks.moment(running) == START
    assert ticks.moment(ended) == START + timedelta(seconds=1)
