"""The form of a report: checked while it is typed, nothing lost, nobody's edit overwritten unseen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from jobmon_tui.bootstrap import report_catalog
from jobmon_tui.domain.report import Report, ReportDraft
from jobmon_tui.services.reports import edit_report
from jobmon_tui.tui.screens.changed import ChangedScreen
from jobmon_tui.tui.screens.report_form import ReportFormScreen
from jobmon_tui.tui.screens.reports import ReportsScreen
from jobmon_tui.tui.screens.sign_in import SignInScreen
from jobmon_tui.tui.widgets.form_rows import FormRow
from tests.tui.fake_services import PASSWORD, FakeServices
from tests.tui.memory_database import MemoryTransaction
from tests.tui.memory_tables import START
from tests.tui.stage import Stage, on_stage

SALES = ReportDraft(
    "Sales",
    "sql",
    {"source": "sqlite:////data/shop.db", "query": "select 1", "format": "csv"},
    schedule="0 6 * * *",
)


def services_with(*drafts: ReportDraft) -> FakeServices:
    services = FakeServices()
    services._catalog = report_catalog()
    for draft in drafts:
        MemoryTransaction(services.database.tables).add_report(draft, START)
    return services


@asynccontextmanager
async def form(services: FakeServices, key: str = "c") -> AsyncIterator[Stage]:
    async with on_stage(services) as stage:
        await stage.press("s")
        count = len(services.database.tables.drafts)
        await stage.until(lambda: f"Reports: {count}" in stage.all_text)
        await stage.press(key)
        await stage.until(lambda: isinstance(stage.app.screen, ReportFormScreen))
        yield stage


def row(stage: Stage, key: str) -> FormRow:
    screen = stage.app.screen
    assert isinstance(screen, ReportFormScreen)
    return screen._rows[key]


def note(stage: Stage, key: str) -> str:
    found = row(stage, key)._note
    said = str(found.content) if found.has_class("-said") else ""
    assert said.startswith("✗ ") == found.has_class("-wrong")  # not by colour alone
    return said


def kept(services: FakeServices, name: str) -> Report:
    return services.database.tables.drafts[name]


def words(stage: Stage) -> str:
    """What the screen says, whatever lines it is broken into."""
    return " ".join(stage.all_text.replace("│", " ").split())


async def put(stage: Stage, **texts: str) -> None:
    for key, text in texts.items():
        row(stage, key.replace("__", ".")).value = text
    await stage.settle()


def typed(text: str) -> list[str]:
    names = {" ": "space", "\n": "enter", "/": "slash", ":": "colon", "*": "asterisk", ".": "full_stop"}
    return [names.get(each, each) for each in text]


async def test_a_report_is_added_by_the_keyboard_alone() -> None:
    services = services_with(SALES)
    async with form(services) as stage:
        keys = [*typed("Fleet\n"), "right", "left", "enter", *typed("sqlite:////x\n")]
        keys += [*typed("select 1\n+1"), "tab", "right", "enter", "enter", *typed("30 5 * * 1")]
        await stage.press(*keys)
        assert stage.app.cursor_position.y > 5  # it leads to the field
        await stage.until(lambda: note(stage, "schedule").startswith("fires Mon "))
        assert note(stage, "schedule").count("05:30") == 3
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, ReportsScreen))
        assert stage.toasts[-1] == "✓ “Fleet” was added."
        made = kept(services, "Fleet").draft
        parameters = {"source": "sqlite:////x", "query": "select 1\n+1", "format": "jsonl"}
        assert made == ReportDraft("Fleet", "sql", parameters, schedule="30 5 * * 1")
        # The cursor goes to what was added.
        await stage.until(lambda: "›Fleet" in stage.all_text)


async def test_each_complaint_stands_under_its_field_once_somebody_was_there() -> None:
    async with form(services_with(SALES)) as stage:
        await stage.pilot.pause(0.3)
        assert [each for each in ("name", "parameters.source", "parameters.query") if note(stage, each)] == []
        await put(stage, timezone="Nowhere", name="Sales", timeout="soon", parameters__source="x")
        await stage.until(lambda: "no time zone" in note(stage, "timezone"))
        assert note(stage, "name") == "✗ there is already a report with this name"
        assert note(stage, "timeout") == "✗ write it as 45s, 10m or 1h30m"
        await put(stage, timezone="UTC", parameters__source="postgresql://bob:geheim@db/x", timeout="10m")
        await stage.until(lambda: "${keyring:NAME}" in note(stage, "parameters.source"))
        assert "must not be written into a URL" in note(stage, "parameters.source")
        assert note(stage, "timeout") == note(stage, "timezone") == ""
        # Saving complains of all the rest, and goes to the first field at fault.
        await stage.press("ctrl+o")
        await stage.until(lambda: "Nothing was saved" in stage.all_text)
        assert note(stage, "parameters.query") == "✗ is missing"
        await put(stage, runner="command")
        await stage.until(lambda: note(stage, "parameters.command") == "✗ is missing")
        assert not row(stage, "parameters.source").display


async def test_what_was_typed_stays_when_the_database_goes_away_and_when_it_refuses() -> None:
    services = services_with(SALES)
    async with form(services, "e") as stage:
        await put(stage, timeout="5m", schedule="*/5 * * * *")
        services.database.outage = "The database is locked."
        await stage.press("ctrl+o")
        await stage.until(lambda: "The database is locked." in stage.all_text)
        assert row(stage, "timeout").value == "5m"
        services.database.outage = None
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, ReportsScreen))
        assert kept(services, "Sales").version == 2
        assert kept(services, "Sales").draft == replace(SALES, timeout=300.0, schedule="*/5 * * * *")
        assert stage.toasts[-1] == "✓ “Sales” is version 2 now."
        # What says the same raises no version.
        await stage.press("e", "ctrl+o")
        await stage.until(lambda: "says that already: nothing was changed." in stage.toasts[-1])
        assert kept(services, "Sales").version == 2


async def _somebody_else(services: FakeServices, **changes: object) -> None:
    theirs = replace(kept(services, "Sales").draft, **changes)  # type: ignore[arg-type]
    await edit_report(services.database, services.admin, services._catalog, "Sales", theirs)


async def test_an_edit_of_somebody_else_is_noticed_and_asked_about() -> None:
    services = services_with(SALES)
    async with form(services, "e") as stage:
        await put(stage, timeout="5m")
        await _somebody_else(services, priority=7)
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, ChangedScreen))
        assert "(version 2 now): priority." in words(stage)
        await stage.press("enter")  # a stray Enter goes on editing
        assert (row(stage, "timeout").value, row(stage, "priority").value) == ("5m", "0")
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, ChangedScreen))
        await stage.press("r")
        assert (row(stage, "timeout").value, row(stage, "priority").value) == ("", "7")
        await put(stage, timeout="9m")
        await _somebody_else(services, priority=8)
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, ChangedScreen))
        assert kept(services, "Sales").draft == replace(SALES, priority=8)
        await stage.press("s")
        await stage.until(lambda: isinstance(stage.app.screen, ReportsScreen))
        assert kept(services, "Sales").draft == replace(SALES, timeout=540.0, priority=7)


async def test_a_report_that_was_deleted_meanwhile_can_be_added_anew() -> None:
    services = services_with(SALES)
    async with form(services, "e") as stage:
        await put(stage, timeout="5m")
        services.forget_report("Sales")
        await stage.press("ctrl+o")
        await stage.until(lambda: "saving adds it anew" in words(stage))
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, ReportsScreen))
        assert kept(services, "Sales").draft == replace(SALES, timeout=300.0)


async def test_leaving_asks_only_where_something_was_changed() -> None:
    services = services_with(SALES)
    async with form(services, "e") as stage:
        await stage.press("escape")
        assert isinstance(stage.app.screen, ReportsScreen)
        await stage.press("e")
        await put(stage, timeout="5m")
        await stage.press("escape")
        assert "What was changed is not saved" in stage.all_text
        await stage.press("n")
        assert row(stage, "timeout").value == "5m"
        await stage.press("escape", "y")
        assert isinstance(stage.app.screen, ReportsScreen)
        assert kept(services, "Sales").version == 1
        await stage.press("e")
        assert row(stage, "timeout").value == ""


async def test_what_was_typed_outlives_the_end_of_the_session() -> None:
    services = services_with(SALES)
    async with form(services, "e") as stage:
        await put(stage, timeout="5m")
        sessions = dict(services.database.tables.sessions)
        services.database.tables.sessions.clear()
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, SignInScreen))
        services.database.tables.sessions.update(sessions)
        await stage.press(*"ada", "enter", *typed(PASSWORD), "enter")
        await stage.until(lambda: stage.app.screen is stage.screen)
        await stage.until(lambda: stage.screen.ready)
        await stage.press("s")
        await stage.until(lambda: "Reports: 1" in stage.all_text)
        await stage.press("e")
        await stage.until(lambda: "What you had typed is here again" in stage.all_text)
        assert row(stage, "timeout").value == "5m"


async def test_hostile_parameters_are_shown_harmless_and_kept_as_they_are() -> None:
    hostile = replace(SALES, parameters={**SALES.parameters, "query": "select '\x1b[2J'"})
    services = services_with(hostile)
    services._catalog = FakeServices()._catalog
    async with form(services, "e") as stage:
        assert "select '�[2J'" in stage.all_text
        await put(stage, timeout="5m")
        await stage.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, ReportsScreen))
        assert kept(services, "Sales").draft == replace(hostile, timeout=300.0)


async def test_letters_on_a_choice_choose_and_do_nothing_else() -> None:
    async with form(services_with()) as stage:
        await stage.press("enter", "c", "q", "a", "D", "question_mark")
        assert row(stage, "runner").value == "command"
        assert isinstance(stage.app.screen, ReportFormScreen)
        await stage.press("s", "space", "left", "right", "right")
        assert row(stage, "runner").value == "command"


async def test_a_report_is_deleted_after_a_question_that_names_it() -> None:
    services = services_with(SALES, replace(SALES, name="Other"))
    async with on_stage(services) as stage:
        await stage.press("s")
        await stage.until(lambda: "Reports: 2" in stage.all_text)
        await stage.press("D")
        assert "Delete the report “Other”? Its executions stay" in words(stage)
        await stage.press("n", "D", "y")
        await stage.until(lambda: "Reports: 1" in stage.all_text)
        assert list(services.database.tables.drafts) == ["Sales"]
        assert stage.toasts[-1] == "✓ “Other” was deleted. Its executions stay."


async def test_a_viewer_is_offered_none_of_it_and_hears_why() -> None:
    services = services_with(SALES)
    async with on_stage(services, caller=services.viewer) as stage:
        await stage.press("s")
        await stage.until(lambda: "Reports: 1" in stage.all_text)
        keys = stage.all_text.splitlines()[-1]
        assert not [word for word in ("New", "Edit", "Delete") if word in keys]
        await stage.press("c", "e", "D")
        assert isinstance(stage.app.screen, ReportsScreen)
        assert len(stage.toasts) == 3
        assert all("“Report Change” needs the role Administrator" in said for said in stage.toasts)
