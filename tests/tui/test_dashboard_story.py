"""The story on the screen: a failed execution, one keypress, a new one."""

import asyncio

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.screens.confirm import ConfirmScreen
from jobmon_tui.tui.screens.pick_report import PickReportScreen
from tests.tui.fake_services import FakeServices
from tests.tui.stage import Stage, on_stage


def with_failed(*, workers: int = 1) -> tuple[FakeServices, int]:
    services = FakeServices(workers=workers)
    for _ in range(3):
        services.add("Weather", Status.SUCCEEDED)
    return services, services.add("Sales", Status.FAILED, error="no such table: sales")


async def retried(stage: Stage, failed: int, times: int = 1) -> int:
    await stage.until(lambda: len(stage.services.children(failed)) >= times)
    child = stage.services.children(failed)[-1]
    await stage.until(lambda: any(f"#{child} " in line[:8] for line in stage.lines))
    await stage.settle()
    return child


@pytest.mark.story("AC-001")
@pytest.mark.story("AC-003")
async def test_r_retries_and_the_new_row_stands_at_the_top() -> None:
    services, failed = with_failed()
    async with on_stage(services) as stage:
        await stage.pilot.press("r")
        child = await retried(stage, failed)
        assert stage.rows[0].startswith(f" #{child} ") and "○ Queued" in stage.rows[0]
        assert f"retry of #{failed}" in stage.rows[0]
        assert stage.rows[1].startswith(f"›#{failed} "), "the cursor stays on the failed row"
        assert f"→ #{child} Queued" in stage.rows[1]
        assert stage.toasts == [f"✓ “Sales” #{failed} was queued again as #{child}."]
        await stage.until(lambda: "#4 was queued again as #5" in " ".join(stage.all_text.split()))
        assert services.snapshot(child) == services.snapshot(failed)


@pytest.mark.story("AC-001")
async def test_where_a_filter_hides_the_new_row_the_failed_one_leads_there() -> None:
    services, failed = with_failed()
    async with on_stage(services) as stage:
        await stage.press("4")
        await stage.until(lambda: stage.table.total == 1)
        await stage.pilot.press("r")
        await stage.until(lambda: "→" in stage.line_of(failed))
        child = services.children(failed)[0]
        assert f"→ #{child} Queued" in stage.line_of(failed)
        assert not any(f"#{child} " in line[:8] for line in stage.lines)
        assert "t Its retry" in stage.all_text
        await stage.press("t")
        await stage.until(lambda: stage.table.current is not None and stage.table.current.id == child)
        assert stage.line_of(child).startswith("›")
        assert "Only" not in stage.all_text, "the filter that hid it is cleared"


@pytest.mark.story("AC-001")
async def test_the_key_goes_to_the_retry_within_the_list_too() -> None:
    services, failed = with_failed()
    child = services.add("Sales", Status.SUCCEEDED, retry_of=failed)
    for _ in range(200):
        services.add("Weather", Status.SUCCEEDED)
    async with on_stage(services) as stage:
        await stage.press("4")
        await stage.until(lambda: stage.table.total == 1)
        await stage.press("4", "t")
        await stage.until(lambda: stage.table.current is not None and stage.table.current.id == child)
        assert stage.table.cursor_in_view


@pytest.mark.story("AC-001")
async def test_an_edited_report_is_said() -> None:
    services, failed = with_failed()
    services.edit("Sales")
    async with on_stage(services) as stage:
        await stage.pilot.press("r")
        await retried(stage, failed)
        assert "edited since" in stage.toasts[0] and "failed run's configuration" in stage.toasts[0]


@pytest.mark.parametrize("keys", [["right", "enter"], ["right", "space"], ["l", "enter"]])
async def test_the_action_takes_the_focus_and_enter_and_space_retry(keys: list[str]) -> None:
    services, failed = with_failed()
    async with on_stage(services) as stage:
        await stage.press(keys[0])
        assert "[↻ Retry]" in stage.line_of(failed)
        await stage.until(lambda: "Retry job [Sales]" in stage.all_text)
        await stage.press("left")
        assert "[↻ Retry]" not in stage.line_of(failed)
        await stage.until(lambda: "Retry job [Sales]" not in stage.all_text)
        await stage.press("space")
        assert services.children(failed) == [], "Space retries on the action only"
        await stage.press(*keys)
        await retried(stage, failed)


async def test_enter_on_the_row_opens_the_details_and_escape_closes_them() -> None:
    services, failed = with_failed()
    async with on_stage(services) as stage:
        await stage.press("enter")
        await stage.until(lambda: "Lineage" in stage.all_text or "Error" in stage.all_text)
        assert services.children(failed) == []
        panel = stage.screen.query_one("DetailsPanel")
        assert panel.display and panel.region.y > stage.table.region.y, "below the table at 80 cells"
        await stage.press("escape")
        assert not panel.display
        await stage.pilot.resize_terminal(140, 40)
        await stage.press("d")
        assert panel.display and panel.region.x > stage.table.region.x, "beside the table at 140"


async def test_a_click_on_the_action_retries_and_elsewhere_selects() -> None:
    services, failed = with_failed()
    services.add("Weather", Status.SUCCEEDED)
    async with on_stage(services, tooltips=True) as stage:
        table = stage.table
        at = stage.line_of(failed).index("↻")
        assert await stage.pilot.click(table, offset=(10, 2))
        await stage.settle()
        assert stage.line_of(failed).startswith("›") and services.children(failed) == []
        assert await stage.pilot.hover(table, offset=(at, 2))
        await stage.settle()
        assert str(table.tooltip) == "Retry job [Sales]"
        assert await stage.pilot.hover(table, offset=(10, 3))
        assert table.tooltip is None
        assert await stage.pilot.click(table, offset=(at, 2))
        await retried(stage, failed)


async def test_a_second_press_while_the_first_is_under_way_does_nothing() -> None:
    services, failed = with_failed()
    async with on_stage(services) as stage:
        gate = services.database.gate = asyncio.Event()
        stage.table.request_retry()
        stage.table.request_retry()  # before anybody heard of the first
        await stage.pilot.press("r", "right", "enter", "space")
        await stage.until(lambda: "… busy" in stage.line_of(failed))
        await stage.settle()
        assert services.database.writes == 1
        gate.set()
        await retried(stage, failed)
        assert services.database.writes == 1
        assert len(services.children(failed)) == 1
        assert len(stage.toasts) == 1
        await stage.until(lambda: "… busy" not in stage.line_of(failed))


async def test_two_rows_can_be_under_way_at_once() -> None:
    services, first = with_failed()
    second = services.add("Ledger", Status.FAILED)
    async with on_stage(services) as stage:
        gate = services.database.gate = asyncio.Event()
        await stage.pilot.press("r", "down", "r")
        await stage.until(lambda: "… busy" in stage.line_of(first) and "… busy" in stage.line_of(second))
        gate.set()
        await retried(stage, first)
        await retried(stage, second)


async def test_an_unclear_outcome_is_looked_up_before_anything_is_said() -> None:
    services, failed = with_failed()
    async with on_stage(services) as stage:
        services.database.lose_next_answer = True
        await stage.pilot.press("r")
        await stage.until(lambda: bool(stage.toasts))
        assert len(services.children(failed)) == 1, "the same key, so no second row"
        assert stage.toasts == [f"✓ “Sales” #{failed} was queued again as #{services.children(failed)[0]}."]


async def test_a_retry_that_nobody_can_run_says_so() -> None:
    services, failed = with_failed(workers=0)
    async with on_stage(services) as stage:
        assert "! no worker alive" in stage.all_text
        await stage.pilot.press("r")
        await retried(stage, failed)
        await stage.until(lambda: len(stage.toasts) == 2)
        assert stage.toasts[1] == "! Queued, but no worker is alive: jobmon worker"


@pytest.mark.story("AC-003")
@pytest.mark.parametrize("code", [code for code in ErrorCode if code is not ErrorCode.NOT_SIGNED_IN])
async def test_every_refusal_is_an_error_toast_with_its_reason(
    code: ErrorCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, failed = with_failed()

    async def refuse(*_: object, **__: object) -> None:
        raise JobmonError(code, f"The reason for {code.value} [/x].")

    async with on_stage(services) as stage:
        monkeypatch.setattr(services, "retry", refuse)
        await stage.pilot.press("r")
        await stage.until(lambda: bool(stage.toasts))
        assert stage.toasts == [f"✗ The reason for {code.value} [/x]."]
        await stage.until(lambda: f"The reason for {code.value}" in " ".join(stage.all_text.split()))
        await stage.until(lambda: "↻ Retry" in stage.line_of(failed))


@pytest.mark.story("AC-005")
async def test_a_deleted_configuration_is_said_and_nothing_queued() -> None:
    services, failed = with_failed()
    services.forget_report("Sales")
    async with on_stage(services) as stage:
        await stage.pilot.press("r")
        await stage.until(lambda: bool(stage.toasts))
        assert "The original configuration could not be found: “Sales” was deleted" in stage.toasts[0]
        assert services.children(failed) == []


@pytest.mark.story("AC-004")
@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FAILED])
async def test_other_statuses_offer_no_retry_and_the_key_says_why(status: Status) -> None:
    services = FakeServices()
    row = services.add("Sales", status)
    async with on_stage(services) as stage:
        assert "↻" not in stage.line_of(row)
        assert "r Retry" not in stage.all_text
        await stage.press("right", "space")
        assert "Retry job" not in stage.all_text
        await stage.press("r")
        await stage.until(lambda: bool(stage.toasts))
        assert stage.toasts == [f"✗ #{row} is {status.value}; only a Failed execution can be retried."]
        assert services.database.writes == 0


async def test_a_viewer_has_no_action_and_every_key_says_who_may() -> None:
    services, failed = with_failed()
    running = services.add("Weather", Status.RUNNING)
    async with on_stage(services, caller=services.viewer) as stage:
        assert "vic Viewer" in stage.all_text
        assert all("↻" not in line for line in stage.lines)
        assert "x Cancel" not in stage.all_text and "n Queue" not in stage.all_text
        await stage.press("x", "n", "down", "r", "right", "enter")
        assert [toast[:13] for toast in stage.toasts] == ["✗ “Job Cancel", "✗ “Job Run” n", "✗ “Job Retry”"]
        assert all("needs the role Administrator" in toast for toast in stage.toasts)
        assert services.children(failed) == [] and services.get(running).status is Status.RUNNING
        assert services.database.writes == 0


async def test_x_cancels_a_queued_row_at_once_and_asks_for_a_running_one() -> None:
    services = FakeServices()
    running = services.add("Sales", Status.RUNNING)
    queued = services.add("Weather", Status.QUEUED)
    async with on_stage(services) as stage:
        await stage.press("x")
        await stage.until(lambda: "⊘ Cancelled" in stage.line_of(queued))
        await stage.press("x")
        await stage.until(lambda: "already Cancelled" in stage.toasts[-1])
        await stage.press("down", "x")
        await stage.until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.press("n")
        assert services.database.tables.cancel_requests == {}
        await stage.press("x")
        await stage.until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.press("y")
        await stage.until(lambda: services.database.tables.cancel_requests == {running: "ada"})
        await stage.until(lambda: f"#{running} is being stopped" in stage.toasts[-1])


async def test_n_queues_a_report_now() -> None:
    services, _ = with_failed()
    async with on_stage(services) as stage:
        await stage.press("n")
        await stage.until(lambda: isinstance(stage.app.screen, PickReportScreen))
        await stage.press("s", "a", "enter")
        await stage.until(lambda: "Queued" in stage.rows[0])
        assert "Sales" in stage.rows[0]
        assert "“Sales” was queued as #5." in stage.toasts[0]
