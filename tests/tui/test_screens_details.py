"""The details of one execution: what they say, and how they are read by keyboard."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from textual.app import App, ComposeResult

from jobmon_tui.domain.execution import Status
from jobmon_tui.services.look import ExecutionStory
from jobmon_tui.services.records import StoredOutput
from jobmon_tui.tui.story import local, sections
from jobmon_tui.tui.themes import THEMES
from jobmon_tui.tui.widgets.details import DetailsPanel
from tests.tui.fake_services import FakeServices


def texts(story: ExecutionStory) -> dict[str, str]:
    return {section.key: section.body.plain for section in sections(story, "v")}


async def story_of(services: FakeServices, execution_id: int) -> ExecutionStory:
    return await services.show(services.admin, execution_id)


async def test_a_failed_one_tells_its_error_lineage_output_and_audit() -> None:
    services = FakeServices()
    failed = services.add("Sales", error="no such table", error_detail="line 1\nline 2", output="a\nb\n")
    receipt = await services.retry(services.admin, failed)
    told = texts(await story_of(services, failed))
    assert told["error"] == "no such table\nline 1\nline 2"
    assert told["output"] == "a\nb"
    first, second = told["lineage"].splitlines()
    assert f"#{failed} ✗ Failed" in first
    assert "this one" in first
    assert second.startswith(f"→ #{receipt.new_id} ")
    assert "Queued" in second
    assert f"ada  Job Retry → #{receipt.new_id}  allowed" in told["audit"]
    assert "waiting" not in told
    assert next(iter(told)) == "error"


async def test_of_a_long_error_both_ends_are_shown_and_nothing_twice() -> None:
    services = FakeServices()
    detail = "\n".join(
        ["exit status 1", "command: ledger", *(f"line {at}" for at in range(1, 101)), "the cause"]
    )
    failed = services.add("Ledger", error="exit status 1", error_detail=detail)
    told = texts(await story_of(services, failed))["error"].split("\n")
    assert told[:3] == ["exit status 1", "command: ledger", "line 1"]
    assert told[-2:] == ["line 100", "the cause"]
    assert "… 78 more lines: press v …" in told
    assert len(told) == 1 + 8 + 1 + 16
    for detail in (None, "", "boom", "boom\n"):
        alone = services.add("Ledger", error="boom", error_detail=detail)
        assert texts(await story_of(services, alone))["error"] == "boom"
    just = "\n".join(f"line {at}" for at in range(1, 26))
    short = services.add("Ledger", error="boom", error_detail=just)
    assert texts(await story_of(services, short))["error"] == f"boom\n{just}"


async def test_a_report_file_is_told_with_rows_size_and_digest() -> None:
    services = FakeServices()
    story = await story_of(services, services.add("Sales", Status.SUCCEEDED))
    assert "SHA-256" not in texts(story)["facts"]
    made = replace(story.details, output_rows=1, output_size=1_204, output_sha256="ab" * 32)
    told = texts(replace(story, details=made))["facts"]
    assert "It holds   1 row, 1,204 bytes" in told
    assert f"SHA-256    {'ab' * 32}" in told


async def test_a_queued_one_says_why_it_waits() -> None:
    services = FakeServices(workers=0)
    queued = services.add("Sales", Status.QUEUED)
    assert texts(await story_of(services, queued))["waiting"].startswith("No worker is alive")


@pytest.mark.story("AC-001")
async def test_an_edited_or_deleted_report_is_said_with_what_it_means_for_a_retry() -> None:
    services = FakeServices()
    failed = services.add("Sales")
    assert "The report is unchanged since." in texts(await story_of(services, failed))["snapshot"]
    services.edit("Sales")
    assert "edited since: a retry uses this snapshot" in texts(await story_of(services, failed))["snapshot"]
    services.forget_report("Sales")
    assert "deleted: it cannot be retried" in texts(await story_of(services, failed))["snapshot"]


async def test_a_snapshot_is_readable_and_a_broken_one_is_shown_as_it_is() -> None:
    services = FakeServices()
    story = await story_of(services, services.add("Sales"))
    query = {
        "name": "Sales",
        "parameters": {"query": "select 1\nfrom t", "empty": [], "list": [1, {"a": None}]},
    }
    pretty = texts(replace(story, details=replace(story.details, configuration=json.dumps(query))))[
        "snapshot"
    ]
    assert pretty.splitlines()[1:] == [
        "name: Sales",
        "parameters:",
        "  query:",
        "    select 1",
        "    from t",
        "  empty: []",
        "  list:",
        "    - 1",
        "    -",
        "      a: null",
    ]
    broken = texts(replace(story, details=replace(story.details, configuration='{"a": ')))["snapshot"]
    assert broken.endswith('{"a": ')


async def test_what_was_dropped_of_the_output_is_said() -> None:
    services = FakeServices()
    story = await story_of(services, services.add("Sales"))
    cut = StoredOutput(head="first\n", tail="last\n", tail_start=5_006, total=5_011)
    assert texts(replace(story, output=cut))["output"].splitlines() == [
        "first",
        "… 5,000 bytes were not kept …",
        "last",
    ]
    many = StoredOutput(head="".join(f"{at}\n" for at in range(10_000)), total=1)
    lines = texts(replace(story, output=many))["output"].splitlines()
    assert (lines[0], lines[299], lines[301], lines[-1]) == ("0", "299", "9700", "9999")
    assert lines[300] == "… 9,400 more lines: press v …"


def test_times_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert local(datetime(2026, 3, 2, 5, 0, tzinfo=UTC)) == "2026-03-02 06:00:00"
    finally:
        monkeypatch.undo()
        time.tzset()


class PanelApp(App[None]):
    """The panel alone, as high as beside the table at 80x24."""

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = "jobmon-dark"

    def compose(self) -> ComposeResult:
        yield DetailsPanel()


@pytest.mark.parametrize("size", [(80, 10), (48, 36)])
async def test_the_panel_is_read_by_keyboard_and_keeps_its_place(size: tuple[int, int]) -> None:
    services = FakeServices()
    running = services.add("Sales [/x]", Status.RUNNING, output="".join(f"line {at}\n" for at in range(60)))
    other = services.add("Costs", error="boom")
    story = await story_of(services, running)
    app = PanelApp()
    async with app.run_test(size=size) as pilot:
        panel = app.query_one(DetailsPanel)
        panel.show(None)
        panel.show(story)
        panel.focus()
        await pilot.pause()
        await pilot.press("right")
        await pilot.press("right")
        await pilot.pause()
        titles = [title for title in panel.query(".details-title") if title.display]
        assert panel.scroll_offset.y == titles[1].virtual_region.y
        await pilot.press("j", "j", "k")
        place = panel.scroll_offset.y
        assert place == titles[1].virtual_region.y + 1
        finished = replace(story, output=StoredOutput(head="line 0\n" * 61, total=1))
        panel.show(finished)
        await pilot.pause()
        assert panel.scroll_offset.y == place
        await pilot.press("left")
        assert panel.scroll_offset.y == titles[1].virtual_region.y
        await pilot.press("G")
        assert panel.scroll_offset.y == panel.max_scroll_y
        await pilot.press("g")
        assert panel.scroll_offset.y == 0
        await pilot.press("enter")
        assert app.screen.maximized is panel
        await pilot.press("enter")
        assert app.screen.maximized is None
        await pilot.press("G")
        panel.show(await story_of(services, other))
        await pilot.pause()
        assert panel.scroll_offset.y == 0


async def test_an_unchanged_section_is_not_painted_again() -> None:
    services = FakeServices()
    running = services.add(
        "Sales", Status.RUNNING, output="line\n", started_at=datetime.now(UTC) - timedelta(1)
    )
    story = await story_of(services, running)
    app = PanelApp()
    async with app.run_test() as pilot:
        panel = app.query_one(DetailsPanel)
        panel.show(story)
        await pilot.pause()
        bodies = {key: body.visual for key, body in panel._bodies.items()}
        panel.show(replace(story, output=StoredOutput(head="line\nmore\n", total=10)))
        await asyncio.sleep(0)
        changed = {key for key, body in panel._bodies.items() if body.visual is not bodies[key]}
        assert changed == {"output"}
