"""What the app does about a slow line, where no real line is needed."""

import pytest

from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.driver import LastingDriver
from tests.tui.shell_stage import StagedApp, screen_text, signed_in_stage


class Proven(LastingDriver):
    """A driver whose line has proven slow."""

    def __init__(self) -> None:
        self.pace = type("Proven", (), {"is_slow": True})()


async def _after_proof(slow: str) -> tuple[StagedApp, list[str]]:
    app = signed_in_stage(options=Options(origin="pts/1", slow=slow)).app(Options(origin="pts/1", slow=slow))
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        for _ in range(2):
            app._notice_slowness(Proven())
        await pilot.pause()
        assert "the dashboard" in screen_text(app)
        return app, [each.text for each in app.toasts.history]


@pytest.mark.parametrize(("slow", "turns", "says"), [("auto", True, 1), ("on", True, 0), ("off", False, 0)])
async def test_a_line_that_proves_slow_is_heeded_once_where_nothing_else_is_set(
    slow: str, turns: bool, says: int
) -> None:
    app, said = await _after_proof(slow)
    assert app.is_slow is turns
    assert len([each for each in said if "This line is slow" in each]) == says


async def test_a_setting_read_after_the_first_paint_counts_too() -> None:
    app = signed_in_stage(options=Options(origin="pts/1", slow="on")).app()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.is_slow
        assert app.data_age == ""
        await app.line_rests()
        assert app.data_age.startswith("as of ")


async def test_on_a_slow_line_two_readings_are_a_second_apart() -> None:
    app = signed_in_stage().app(Options(origin="pts/1", slow="on"))
    async with app.run_test() as pilot:
        await app.line_rests()
        first = app._read_at
        await app.line_rests()
        assert app._read_at - first >= 1.0
        await pilot.pause()
