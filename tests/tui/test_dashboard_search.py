"""The search's words in the dashboard narrow as they are typed, are completed, and a mistake is marked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.search import Problem
from jobmon_tui.tui.screens import filtering
from jobmon_tui.tui.widgets.search_input import SearchInput
from jobmon_tui.tui.widgets.search_note import SearchNote, under
from tests.tui.fake_services import FakeServices
from tests.tui.stage import Stage, on_stage
from tests.tui.test_table_live import painted, some


def assorted() -> FakeServices:
    services = FakeServices()
    for report in ("Departures by airport", "Carriers"):
        for status in Status:
            services.add(report, status, error="read timeout" if status is Status.FAILED else None)
    services.add("Carriers", Status.FAILED, error="no such table")
    row = services.database.tables.rows[1]
    services.database.tables.put(replace(row, execution=replace(row.execution, requested_by="vic")))
    return services


def search(stage: Stage) -> SearchInput:
    return stage.screen.query_one(SearchInput)


def note(stage: Stage) -> str:
    return stage.all_text.splitlines()[-1]


NARROWED = [
    ("status:failed", 3, "Only Failed · 0: all"),
    ("status:failed,queued error:TIMEOUT", 2, "Only Queued, Failed · error “TIMEOUT” · 0: all"),
    ("report:carriers", 6, "Only “carriers” · 0: all"),
    ('"departures by"', 5, "Only “departures by” · 0: all"),
    ("by:vic", 1, "Only by vic · 0: all"),
    ("since:2h status:failed", 3, "Only Failed · since 2h · 0: all"),
]


async def test_words_narrow_and_the_status_line_says_how() -> None:
    async with on_stage(assorted()) as stage:
        for text, count, narrowed in NARROWED:
            await stage.burst(f"/{text}\r")
            await stage.until(lambda count=count: stage.table.total == count)  # type: ignore[misc]
            await stage.until(lambda said=narrowed: said in stage.all_text)  # type: ignore[misc]
            await stage.burst("0")
            await stage.until(lambda: stage.table.total == 11 and "Only" not in stage.all_text)
            assert search(stage).value == ""


async def test_digits_write_the_status_into_the_search_and_the_rest_stays() -> None:
    async with on_stage(assorted()) as stage:
        await stage.press("slash", *"carr", "enter", "4", "5")
        await stage.until(lambda: stage.table.total == 3)
        assert search(stage).value.strip() == "status:failed,cancelled carr"
        await stage.press("4", "slash", *"error:x")
        assert search(stage).value == "status:cancelled carr error:x"
        await stage.until(lambda: stage.table.total == 0)
        await stage.press("escape")
        await stage.until(lambda: stage.table.total == 11)


async def test_a_word_that_is_not_known_is_marked_and_the_others_go_on_narrowing() -> None:
    async with on_stage(assorted()) as stage:
        await stage.press("slash", *"status:failed foo:x error:tim")
        await stage.until(lambda: stage.table.total == 2)
        text, below = stage.all_text.splitlines()[-2:]
        assert below[text.index("foo:") :].startswith("^^^^ Not one of status: report: error: since: by:")
        strip = search(stage).render_line(0)
        colour = search(stage).get_component_rich_style("search--unknown").color
        marked = [segment.text for segment in strip if segment.style and segment.style.color == colour]
        assert marked == ["foo:"]
        await stage.press("enter")
        await stage.until(lambda: "Only Failed · error “tim” · not understood: foo:" in stage.all_text)
        assert stage.table.total == 2 and stage.table.has_focus


async def test_since_some_hours_ago_moves_along_and_the_cursor_keeps_its_row() -> None:
    services = FakeServices()
    now = datetime.now(UTC)
    for minutes in range(119, 0, -1):
        services.add("Sales", Status.SUCCEEDED, queued_at=now - timedelta(minutes=minutes, seconds=30))
    async with on_stage(services) as stage:
        await stage.press("slash", *"since:2h", "enter", *"jjj")
        await stage.until(lambda: stage.table.total == 119 and stage.table.cursor == 3)
        held, first = stage.table.current, stage.lines[1]
        stage.screen.clock = lambda: now + timedelta(minutes=20)
        services.database.feed.changed()
        await stage.until(lambda: stage.table.total == 99)
        await stage.settle()
        assert stage.table.current == held and stage.lines[1] == first
        assert stage.screen.is_shown() and "Only since 2h" in stage.all_text
        await stage.press("G")
        await stage.until(lambda: stage.rows[-1].startswith("›#21 "))


async def test_tab_completes_keys_statuses_reports_and_accounts() -> None:
    async with on_stage(assorted()) as stage:
        await stage.press("slash", "s", "t")
        assert "status:" in stage.all_text.splitlines()[-2], "shown before it is taken"
        assert note(stage).startswith(" Tab status:")
        await stage.press("tab", "f")
        assert note(stage).startswith(" Tab failed")
        await stage.press("tab", "space", *"report:dep", "tab")
        assert search(stage).value == 'status:failed report:"Departures by airport"'
        await stage.press("space", *"by:v", "right", "enter")
        assert search(stage).value.endswith(" by:vic")
        assert stage.table.has_focus, "Tab did not leave the search before"


async def test_tab_again_goes_on_to_the_next_name() -> None:
    async with on_stage(assorted()) as stage:
        await stage.press("slash", *"by:")
        await stage.until(lambda: "ada · schedule · vic" in note(stage))
        for name in ("ada", "schedule", "vic", "ada"):
            await stage.press("tab")
            assert search(stage).value == f"by:{name}"
        await stage.press("tab", "x")
        assert search(stage).value == "by:schedulex"


async def test_a_viewer_completes_the_accounts_that_the_rows_name() -> None:
    services = assorted()
    async with on_stage(services, caller=services.viewer) as stage:
        await stage.press("slash", *"by:")
        await stage.until(lambda: "ada · schedule · vic" in note(stage))


async def test_a_key_that_is_being_typed_is_no_name_yet_but_enter_asks_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filtering, "_KEY_SETTLES", 30.0)  # however slowly this machine types
    services = some(20)
    services.add("Bulk", Status.SUCCEEDED)
    async with on_stage(services) as stage:
        with painted(stage.table) as lines:
            await stage.press("slash", *"status:")
            await stage.settle()
        assert set(lines) <= {1}, "only the cursor's row, which shows where the keys go"
        await stage.press("escape", "slash", "b", "enter")
        await stage.until(lambda: stage.table.total == 1)
        assert "Only “b”" in stage.all_text


async def test_without_a_database_the_search_opens_all_the_same() -> None:
    services = assorted()
    async with on_stage(services) as stage:
        services.database.outage = "The database is locked."
        await stage.press("slash", *"sta", "tab")
        assert search(stage).value == "status:"
        services.database.outage = None
        await stage.press("f")
        await stage.until(lambda: stage.table.total == 3)


async def test_opening_the_search_moves_no_row_and_what_is_pasted_steers_nothing() -> None:
    async with on_stage(assorted()) as stage:
        height = stage.table.size.height
        await stage.press("slash")
        assert stage.table.size.height == height
        search(stage).insert_text_at_cursor("a\x1b]0;x\x07\u202eb\ttab")
        await stage.settle()
        assert not set("\x1b\x07\u202e\t") & set(stage.all_text)
        await stage.press("escape")
        assert stage.table.size.height == height
        assert stage.screen.query_one(SearchNote).display is False


@pytest.mark.parametrize("width", [80, 40, 20])
@pytest.mark.parametrize("start", [0, 10, 60, 200])
def test_the_message_stands_under_its_word_where_there_is_room(width: int, start: int) -> None:
    text = "x" * start + "borked"
    line = "".join(piece.text for piece in under(Problem(start, start + 6, "No status."), text, 0, width))
    assert "No status." in line
    if start + 7 <= width and (start + 18 <= width or start > 10):
        assert line[start + 1 : start + 7] == "^^^^^^"
