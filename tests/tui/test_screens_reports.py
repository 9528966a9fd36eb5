"""The Reports screen: what each report does next, queued, paused and resumed by key."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from textual.geometry import Region
from textual.widgets import Static

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.report import Report, ReportDraft, Skip
from jobmon_tui.tui.app import JobmonApp
from jobmon_tui.tui.contracts import Options
from jobmon_tui.tui.report_story import COLUMNS
from jobmon_tui.tui.screens.help import key_groups
from jobmon_tui.tui.screens.reports import ReportsScreen
from tests.tui.fake_services import FakeServices
from tests.tui.memory_tables import START
from tests.tui.shell_stage import Stage, screen_text, signed_in_stage

SIZES = [(80, 24), (120, 40)]


def _services() -> FakeServices:
    services = FakeServices()
    for name, schedule in (("Sales", "0 6 * * 1-5"), ("Backup", None), ("Ledger [b]\x1b[31m", "*/5 * * * *")):
        services.add(name, Status.FAILED if name == "Sales" else Status.SUCCEEDED, error="no such table")
        _change(services, name, schedule=schedule, timezone="Europe/Berlin")
    return services


def _change(services: FakeServices, name: str, **changes: object) -> None:
    drafts = services.database.tables.drafts
    drafts[name] = replace(drafts[name], draft=replace(drafts[name].draft, **changes))  # type: ignore[arg-type]


def _report(services: FakeServices, name: str) -> Report:
    return services.database.tables.drafts[name]


async def _open(pilot: object) -> None:
    await pilot.pause()  # type: ignore[attr-defined]
    await pilot.press("s")  # type: ignore[attr-defined]
    await pilot.pause(0.05)  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", SIZES)
async def test_each_report_is_told_on_one_line_and_the_chosen_one_below(size: tuple[int, int]) -> None:
    services = _services()
    app = signed_in_stage(services=services).app()
    async with app.run_test(size=size) as pilot:
        await _open(pilot)
        assert isinstance(app.screen, ReportsScreen)
        shown = screen_text(app)
        assert "Reports: 3" in shown
        lines = shown.split("\n")
        for column in COLUMNS.columns:
            assert column.name in lines[1]
        assert lines[2].split()[:2] == ["›Backup", "command"]
        assert "✓ Succeeded" in lines[2]
        assert "✗ Failed" in lines[4]
        assert "0 6 * * 1-5 Eur" in lines[4]
        assert "Fires next " in lines[1]
        assert all(len(line) <= size[0] for line in lines)
        # By name: Backup, Ledger, Sales.
        await pilot.press("j", "j", "d")
        await pilot.pause()
        shown = screen_text(app)
        assert "Schedule   0 6 * * 1-5 Europe/Berlin" in shown
        assert "Last       #1 ✗ Failed" in shown
        assert "no such table" in shown
        assert app.cursor_position.y == 4
        await pilot.press("k")
        await pilot.pause()
        assert "Ledger [b]�[31m  (version 1)" in screen_text(app)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert not isinstance(app.screen, ReportsScreen)


@pytest.mark.parametrize("size", SIZES)
async def test_p_pauses_and_resumes_and_the_screen_follows(size: tuple[int, int]) -> None:
    services = _services()
    app = signed_in_stage(services=services).app()
    async with app.run_test(size=size, notifications=True) as pilot:
        await _open(pilot)
        await pilot.press("d", "G", "p")
        await pilot.pause(0.05)
        assert _report(services, "Sales").paused
        assert _report(services, "Sales").version == 1
        shown = screen_text(app)
        assert "Reports: 3, 1 paused" in shown
        assert "paused " in shown.split("\n")[4]
        assert "Fires next paused: nothing until" in shown
        assert app.toasts.history[0].text == "“Sales” is paused: its schedule fires nothing."
        # The cursor has stayed where it was.
        await pilot.press("p")
        await pilot.pause(0.05)
        assert not _report(services, "Sales").paused
        assert services.database.tables.log[-1].entry.details == "resumed “Sales”"


async def test_two_presses_at_once_pause_once() -> None:
    services = _services()
    app = signed_in_stage(services=services).app()
    async with app.run_test(size=(80, 24)) as pilot:
        await _open(pilot)
        services.database.gate = asyncio.Event()
        await pilot.press("p", "p", "p")
        services.database.gate.set()
        await pilot.pause(0.2)
        assert [entry.entry.details for entry in services.database.tables.log] == ["paused “Backup”"]


async def test_n_queues_the_chosen_report_and_the_list_tells_of_it() -> None:
    services = _services()
    app = signed_in_stage(services=services).app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await _open(pilot)
        await pilot.press("n")
        await pilot.pause(0.3)
        assert services.get(4).report == "Backup"
        assert app.toasts.history[0].text == "“Backup” was queued as #4."
        assert "Queued" in screen_text(app).split("\n")[2]


async def test_enter_shows_the_whole_configuration() -> None:
    services = _services()
    _change(services, "Backup", max_retries=3, retry_delay=90.0)
    app = signed_in_stage(services=services).app()
    async with app.run_test(size=(80, 24)) as pilot:
        await _open(pilot)
        # Opens it, goes into it, and fills the screen with it.
        await pilot.press("enter", "enter", "enter", "right")
        await pilot.pause()
        shown = screen_text(app)
        for line in ("runner: command", "max_retries: 3", "retry_delay: 90.0", "on_lost: fail", "- true"):
            assert line in shown
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert isinstance(app.screen, ReportsScreen)
        assert "Backup" in screen_text(app).split("\n")[2]


async def test_a_viewer_may_look_and_hears_why_no_more() -> None:
    services = _services()
    app = Stage(services=services, token="viewer-token").app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await _open(pilot)
        shown = screen_text(app)
        assert "Pause/resume" not in shown
        assert "Backup" in shown
        await pilot.press("p", "n")
        await pilot.pause()
        assert not _report(services, "Backup").paused
        assert len(services.database.tables.rows) == 3
        assert [told.text.split(";")[0] for told in app.toasts.history] == [
            "“Job Run” needs the role Administrator",
            "“Report Change” needs the role Administrator",
        ]


async def test_it_follows_the_database_keeps_its_place_and_says_when_its_data_is_old() -> None:
    services = _services()
    app = signed_in_stage(services=services).app()
    async with app.run_test(size=(120, 40)) as pilot:
        await _open(pilot)
        await pilot.press("G")
        services.add_draft("A new one")
        services.database.feed.changed()
        await pilot.pause(0.3)
        assert isinstance(app.screen, ReportsScreen)
        assert (app.screen.list.total, app.screen.list.cursor) == (4, 3)
        await pilot.press("d")
        services.database.tables.drafts["Sales"] = replace(
            _report(services, "Sales"), last_skip=Skip(START + timedelta(hours=1), "#7 was still Running")
        )
        services.database.feed.changed()
        await pilot.pause(0.3)
        assert "#7 was" in screen_text(app)
        services.database.outage = "The database is locked."
        services.database.feed.changed()
        await pilot.pause(0.3)
        assert "old data" in screen_text(app).split("\n")[0]
        assert "The database is locked." in screen_text(app)
        assert "Sales" in screen_text(app)


async def test_nothing_is_painted_again_while_nothing_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    services = _services()
    app = signed_in_stage(services=services).app()
    async with app.run_test(size=(80, 24)) as pilot:
        await _open(pilot)
        await pilot.press("d")
        await pilot.pause(0.3)
        assert isinstance(app.screen, ReportsScreen)
        painted: list[tuple[Region, ...]] = []
        monkeypatch.setattr(app.screen.list, "refresh", lambda *regions, **_: painted.append(regions))
        for each in app.screen.details.query(Static):
            monkeypatch.setattr(each, "update", painted.append)
        reads = services.database.reads
        services.set_workers(1)
        await pilot.pause(0.3)
        assert services.database.reads > reads
        assert painted == []
        _change(services, "Ledger [b]\x1b[31m", schedule=None)
        services.database.feed.changed()
        await pilot.pause(0.3)
        # Of the list one line, with the heading as line 0; the details are another report's.
        assert painted == [(Region(0, 2, app.screen.list.line_width, 1),)]


async def test_a_report_that_is_out_of_view_is_shown_before_anything_is_done_to_it() -> None:
    services = FakeServices()
    for number in range(60):
        services.add_draft(f"Report {number:02}")
    app = signed_in_stage(services=services).app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await _open(pilot)
        assert isinstance(app.screen, ReportsScreen)
        app.screen.list.scroll_to(y=30, animate=False)
        await pilot.pause()
        await pilot.press("p")
        await pilot.pause(0.1)
        assert not _report(services, "Report 00").paused
        assert app.toasts.history[0].text.startswith("That row was out of view; here it is.")
        assert "›Report 00" in screen_text(app)
        await pilot.press("p")
        await pilot.pause(0.2)
        assert _report(services, "Report 00").paused


async def test_without_reports_it_says_how_to_make_one() -> None:
    app = signed_in_stage().app()
    async with app.run_test(size=(80, 24)) as pilot:
        await _open(pilot)
        assert "There are no reports yet. Press c to add one, or: jobmon reports import" in screen_text(app)
        assert "Delete" not in screen_text(app)
        await pilot.press("p", "n", "e", "D", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ReportsScreen)
        assert app.screen.list.total == 0


async def test_the_keys_stand_in_the_help_and_in_the_footer() -> None:
    app = JobmonApp(signed_in_stage(services=_services()).connect, Options(origin="pts/1"))
    async with app.run_test(size=(80, 24)) as pilot:
        footer = ""
        for _ in range(50):
            await pilot.pause(0.1)
            footer = screen_text(app).split("\n")[-1]
            if "s Reports" in footer:
                break
        assert "s Reports" in footer
        assert "q Quit" in footer
        await pilot.press("s")
        await pilot.pause(0.1)
        keys = {line.keys: line.what for group in key_groups(app.screen) for line in group.lines}
        assert keys["p"] == "Pause this report's schedule, or go on with it"
        assert keys["d"] == "Show or hide the details"
        assert "n Queue" in screen_text(app)


def test_a_draft_with_everything_is_shown_without_markup() -> None:
    from jobmon_tui.tui.report_story import configuration

    draft = ReportDraft("[red]x[/]", "sql", {"query": "select 1\nfrom t\x1b[2J"}, max_concurrent=2)
    shown = configuration(draft).plain
    assert "name: [red]x[/]" in shown
    assert "max_concurrent: 2" in shown
    assert "from t�[2J" in shown
