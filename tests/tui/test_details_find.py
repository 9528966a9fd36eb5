"""Finding words in the details, of an execution as of a report."""

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.widgets.sections import SectionsPanel
from tests.tui.fake_services import FakeServices
from tests.tui.stage import Stage, on_stage

LINES = "\n".join(f"line {at}" + (" Needle [b]" if at in {40, 90} else "") for at in range(120))


def services() -> FakeServices:
    made = FakeServices()
    made.add("Sales", Status.SUCCEEDED, output=LINES)
    return made


def marked(stage: Stage) -> list[str]:
    """What is shown in reverse."""
    strips = stage.app.screen._compositor.render_strips()
    return [
        each.text
        for strip in strips
        for each in strip
        if each.style and each.style.reverse and each.text.strip()
    ]


async def test_words_are_found_in_an_executions_details() -> None:
    async with on_stage(services()) as stage:
        await stage.press("enter", "enter", "slash", *"needLE", "enter")
        panel = stage.screen.query_one("DetailsPanel", SectionsPanel)
        assert panel.has_focus
        assert marked(stage)[0] == "Needle"
        assert "line 40 Needle [b]" in stage.all_text
        # The search of the list has heard nothing of it.
        assert stage.table.total == 1
        await stage.press("n")
        assert "line 90 Needle [b]" in stage.all_text
        assert "line 40 " not in stage.all_text
        await stage.press("n")  # round
        assert "line 40 Needle [b]" in stage.all_text
        await stage.press("N")
        assert "line 90 Needle [b]" in stage.all_text
        await stage.press("escape")
        assert marked(stage) == []
        assert panel.has_focus
        await stage.press("escape")
        assert not stage.screen.query_one("#main").has_class("-open")


async def test_what_is_found_stays_marked_while_the_story_goes_on() -> None:
    made = services()
    running = made.add("Sales", Status.RUNNING, output="a needle\n")
    async with on_stage(made) as stage:
        await stage.press("enter", "enter", "slash", *"needle", "enter")
        assert marked(stage) == ["needle"]
        tables = made.database.tables
        tables.outputs[running] = type(tables.outputs[running])(head="a needle\nand a NEEDLE\n")
        made.database.feed.changed()
        await stage.until(lambda: marked(stage) == ["needle", "NEEDLE"])


async def test_what_is_not_there_is_said_and_n_means_what_it_did() -> None:
    made = services()
    async with on_stage(made) as stage:
        await stage.press("s")
        await stage.until(lambda: "Reports: 1" in stage.all_text)
        await stage.press("enter", "enter")
        # Keys that this screen has not are not told of.
        assert " ←→ headings · / find · Enter full screen · Esc close" in stage.all_text
        await stage.press("slash", *"nowhere", "enter")
        assert stage.toasts == ["! “nowhere” is not in these details."]
        await stage.press("slash", *"command", "enter")
        assert marked(stage)[0] == "command"
        await stage.press("n")
        assert len(made.database.tables.rows) == 1
        await stage.press("slash", "escape", "escape", "n")
        await stage.until(lambda: len(made.database.tables.rows) == 2)
