"""What a row offers while its retry is under way, and after."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.audited import utc_now
from tests.tui.stage import on_stage
from tests.tui.test_dashboard_story import retried, with_failed


@pytest.mark.story("AC-004")
@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_while_its_retry_is_under_way_a_row_offers_none_and_its_key_names_the_retry(
    size: tuple[int, int],
) -> None:
    services, failed = with_failed()
    child = services.add("Sales", Status.QUEUED, retry_of=failed)
    async with on_stage(services, size=size) as stage:
        await stage.press("j")
        for under_way in (Status.QUEUED, Status.RUNNING):
            services.move(child, under_way)
            await stage.until(lambda status=under_way: f"→ #{child} {status}" in stage.line_of(failed))
            assert "↻ Retry" not in stage.line_of(failed)
            assert "r Retry" not in stage.all_text
            await stage.press("r")
            assert stage.toasts[-1] == f"✗ #{failed} is already being retried by #{child} ({under_way})."
            await stage.press("right", "enter", "escape")
        assert services.children(failed) == [child]
        services.move(child, Status.FAILED)
        await stage.until(lambda: "↻ Retry" in stage.line_of(failed))
        await stage.until(lambda: "r Retry" in stage.all_text)
        await stage.pilot.press("r")
        again = await retried(stage, failed, times=2)
        services.move(again, Status.CANCELLED)
        await stage.until(lambda: f"→ #{again} Cancelled" in stage.line_of(failed))
        assert "↻ Retry" in stage.line_of(failed)


async def test_a_retry_that_waits_in_its_backoff_can_be_taken_the_place_of() -> None:
    services, failed = with_failed()
    child = services.add("Sales", Status.QUEUED, retry_of=failed)
    waiting = services.database.tables.rows[child]
    later = replace(waiting.execution, requested_by="schedule", not_before=utc_now() + timedelta(hours=1))
    services.database.tables.put(replace(waiting, execution=later))
    async with on_stage(services) as stage:
        assert "↻ Retry" in stage.line_of(failed)
        await stage.press("j")
        await stage.until(lambda: "r Retry" in stage.all_text)


async def test_the_footer_takes_the_key_back_in_the_moment_a_call_begins_and_ends() -> None:
    services, failed = with_failed()
    async with on_stage(services) as stage:
        assert "r Retry" in stage.all_text
        stage.table.set_busy(frozenset({failed}))
        await stage.settle()
        assert "r Retry" not in stage.all_text
        stage.table.set_busy(frozenset())
        await stage.settle()
        assert "r Retry" in stage.all_text
