"""What the dashboard says at three in the morning: the whole error, the way into the details, an outage."""

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.widgets.details import DetailsPanel
from tests.tui.fake_services import FakeServices
from tests.tui.stage import Stage, on_stage

TO_DETAILS = "Enter or Tab: into the details"
IN_DETAILS = "←→ headings · / find · Enter full screen · v output · Esc close"
LOST = "The database is locked by another program. Try again in a moment, or find out who holds it."


def status_line(stage: Stage) -> str:
    return stage.all_text.splitlines()[-2]


async def test_the_status_line_has_the_error_that_the_column_has_no_room_for() -> None:
    services = FakeServices()
    services.add("Sales", Status.SUCCEEDED)
    services.add("Fleet of 2012", error="no such table: flights_2012")
    async with on_stage(services) as stage:
        assert "no such table: flights_2012" not in "\n".join(stage.lines)
        await stage.until(lambda: "no such table: flights_2012" in status_line(stage))
        await stage.press("j")
        await stage.until(lambda: "no such table" not in status_line(stage))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_enter_goes_on_into_the_details_and_the_line_says_so(size: tuple[int, int]) -> None:
    services = FakeServices()
    services.add("Sales", error="boom", output="a line\n" * 100)
    async with on_stage(services, size=size) as stage:
        await stage.press("enter")
        assert TO_DETAILS in status_line(stage)
        await stage.press("enter")
        panel = stage.screen.query_one(DetailsPanel)
        assert panel.has_focus
        assert IN_DETAILS in status_line(stage)
        await stage.press("enter")
        assert panel.is_maximized
        await stage.press("escape")
        assert not panel.is_maximized
        await stage.press("escape")
        assert not panel.display
        assert IN_DETAILS not in status_line(stage)


async def test_an_outage_is_a_message_with_its_whole_reason_once_and_details_say_that_they_wait() -> None:
    services = FakeServices()
    first = services.add("Ledger", error="one")
    second = services.add("Sales", error="two")
    async with on_stage(services) as stage:
        await stage.press("d")
        await stage.until(lambda: f"#{second} Sales" in stage.all_text)
        services.database.outage = LOST
        services.database.feed.changed()
        await stage.until(lambda: "not connected" in stage.all_text)
        assert stage.toasts == [f"! What is shown is old. {LOST}"]
        assert f"#{second} Sales" in stage.all_text, "what was read stays"
        await stage.press("j")
        await stage.until(lambda: f"#{first} cannot be read now." in stage.all_text)
        assert stage.toasts == [f"! What is shown is old. {LOST}"]
        services.database.outage = None
        services.database.feed.changed()
        await stage.until(lambda: f"#{first} Ledger" in stage.all_text)


async def test_a_name_of_ten_thousand_characters_takes_one_line_of_the_list_of_reports() -> None:
    services = FakeServices()
    services.add("n" * 10_000, Status.SUCCEEDED)
    services.add("Sales", Status.SUCCEEDED)
    async with on_stage(services) as stage:
        await stage.press("n")
        await stage.until(lambda: "Sales" in stage.all_text and "nnn…" in stage.all_text)
        assert sum("nnn" in line for line in stage.all_text.splitlines()) == 1
