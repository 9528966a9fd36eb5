"""Report configurations on a real database: what is kept, what is audited, what is refused."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from jobmon_tui.domain.errors import EXIT_CODES, ErrorCode, JobmonError
from jobmon_tui.domain.execution import ConfigurationState
from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.services import reports
from jobmon_tui.services.audited import Caller
from jobmon_tui.services.problems import InvalidReport, Problem
from jobmon_tui.services.run_report import run_report
from tests.backends import Raw, Store
from tests.conformance.world import ADMIN, DRAFT, NOW, VIEWER, break_it, queue_one


class Catalog:
    """Refuses the runner `bad`."""

    def check(self, draft: ReportDraft) -> ReportDraft:
        if draft.runner == "bad":
            raise InvalidReport([Problem("runner", "there is no runner “bad”.")])
        return draft


CATALOG = Catalog()


async def _audited(store: Store) -> list[tuple[str, str, str | None]]:
    found = await store.read(lambda t: t.audit_entries(100))
    return [(each.entry.action, each.entry.outcome, each.entry.details) for each in found][::-1]


async def test_add_edit_rename_delete_are_audited_with_what_they_did(store: Store) -> None:
    added = await reports.add_report(store, ADMIN, CATALOG, DRAFT)
    assert (added.version, added.draft) == (1, DRAFT)
    edited = await reports.edit_report(
        store, ADMIN, CATALOG, "Sales", replace(DRAFT, schedule="0 6 * * *", parameters={"query": "select 2"})
    )
    assert (edited.id, edited.version) == (added.id, 2)
    renamed = await reports.edit_report(store, ADMIN, CATALOG, "Sales", replace(edited.draft, name="Shop"))
    assert (renamed.id, renamed.version, renamed.draft.name) == (added.id, 3, "Shop")
    await reports.delete_report(store, ADMIN, "Shop")
    assert await reports.list_reports(store, VIEWER) == []
    assert await _audited(store) == [
        ("Report Change", "allowed", "added “Sales”"),
        ("Report Change", "allowed", "changed “Sales”: schedule, parameters.query"),
        ("Report Change", "allowed", "changed “Sales”: name; it is “Shop” now"),
        ("Report Change", "allowed", "deleted “Shop” (id 1, version 3)"),
    ]


async def test_an_edit_that_says_the_same_raises_no_version(store: Store) -> None:
    await reports.add_report(store, ADMIN, CATALOG, replace(DRAFT, timeout=600))
    again = await reports.edit_report(store, ADMIN, CATALOG, "Sales", replace(DRAFT, timeout=600.0))
    assert again.version == 1
    assert len(await _audited(store)) == 1


@pytest.mark.parametrize(
    ("caller", "act", "code"),
    [
        (VIEWER, lambda s, c: reports.add_report(s, c, CATALOG, replace(DRAFT, name="New")), "not_permitted"),
        (
            VIEWER,
            lambda s, c: reports.add_report(s, c, CATALOG, replace(DRAFT, runner="bad")),
            "not_permitted",
        ),
        (VIEWER, lambda s, c: reports.edit_report(s, c, CATALOG, "Sales", DRAFT), "not_permitted"),
        (VIEWER, lambda s, c: reports.delete_report(s, c, "Sales"), "not_permitted"),
        (VIEWER, lambda s, c: reports.import_reports(s, c, CATALOG, [DRAFT]), "not_permitted"),
        (ADMIN, lambda s, c: reports.add_report(s, c, CATALOG, DRAFT), "already_exists"),
        (
            ADMIN,
            lambda s, c: reports.add_report(s, c, CATALOG, replace(DRAFT, runner="bad")),
            "invalid_input",
        ),
        (ADMIN, lambda s, c: reports.add_report(s, c, CATALOG, replace(DRAFT, name=" \n")), "invalid_input"),
        (ADMIN, lambda s, c: reports.edit_report(s, c, CATALOG, "No", DRAFT), "report_not_found"),
        (
            ADMIN,
            lambda s, c: reports.edit_report(s, c, CATALOG, "Sales", replace(DRAFT, name="Other")),
            "already_exists",
        ),
        (ADMIN, lambda s, c: reports.delete_report(s, c, "No\udcff"), "report_not_found"),
        (ADMIN, lambda s, c: reports.import_reports(s, c, CATALOG, [DRAFT, DRAFT]), "invalid_input"),
        (ADMIN, lambda s, c: run_report(s, c, "No\udcff"), "report_not_found"),
    ],
)
async def test_refusals_change_nothing_and_are_audited(
    store: Store,
    raw: Raw,
    caller: Caller,
    act: Callable[[Store, Caller], "object"],
    code: str,
) -> None:
    for name in ("Sales", "Other"):
        await reports.add_report(store, ADMIN, CATALOG, replace(DRAFT, name=name))
    before = raw("SELECT * FROM report_configuration")
    with pytest.raises(JobmonError) as refusal:
        await act(store, caller)  # type: ignore[misc]
    assert refusal.value.code == code
    assert raw("SELECT * FROM report_configuration") == before
    assert raw("SELECT outcome, code FROM audit_log ORDER BY id DESC LIMIT 1") == [("refused", code)]


@pytest.mark.parametrize("value", ["\udcff", float("nan"), float("inf"), NOW, object()])
async def test_what_no_snapshot_can_carry_is_refused_at_the_key(store: Store, value: object) -> None:
    with pytest.raises(InvalidReport) as refusal:
        await reports.add_report(store, ADMIN, CATALOG, replace(DRAFT, parameters={"query": value}))
    assert [problem.key for problem in refusal.value.problems] == ["parameters"]


@pytest.mark.parametrize(
    ("hostile", "kept"),
    [
        ("a\x1b]0;owned\x07b", "a\ufffd]0;owned\ufffdb"),
        ("[red]markup[/] [@click=quit]", "[red]markup[/] [@click=quit]"),
        ("\u202eevil\udcff\x00", "\ufffdevil\ufffd\ufffd"),
        ("two\nlines", "two lines"),
        ("x" * 10_000, "x" * 199 + "…"),
    ],
)
async def test_hostile_names_are_cleaned_not_refused(store: Store, hostile: str, kept: str) -> None:
    added = await reports.add_report(store, ADMIN, CATALOG, replace(DRAFT, name=hostile))
    assert added.draft.name == kept
    # What was typed still finds it, and so does what is kept.
    assert (await reports.show_report(store, VIEWER, hostile)).id == added.id
    assert (await reports.show_report(store, VIEWER, kept)).id == added.id
    assert (await run_report(store, ADMIN, hostile)).execution.report == kept


async def test_an_import_is_all_or_none_and_says_what_it_did(store: Store, raw: Raw) -> None:
    one, two, three = (replace(DRAFT, name=name) for name in ("One", "Two", "Three"))
    await reports.import_reports(store, ADMIN, CATALOG, [one, two])
    outcome = await reports.import_reports(store, ADMIN, CATALOG, [one, replace(two, priority=3), three])
    assert [(each.name, each.outcome) for each in outcome] == [
        ("One", "unchanged"),
        ("Two", "changed"),
        ("Three", "added"),
    ]
    stored = raw("SELECT name, version FROM report_configuration ORDER BY name")
    assert stored == [("One", 1), ("Three", 1), ("Two", 2)]
    assert (await _audited(store))[-1][2] == "imported: changed “Two” (priority); added “Three”"
    entries = len(await _audited(store))
    again = await reports.import_reports(store, ADMIN, CATALOG, [one])
    assert [each.outcome for each in again] == ["unchanged"]
    assert len(await _audited(store)) == entries
    with pytest.raises(InvalidReport, match="no runner"):
        await reports.import_reports(
            store, ADMIN, CATALOG, [replace(one, priority=9), replace(two, runner="bad")]
        )
    assert raw("SELECT name, version FROM report_configuration ORDER BY name") == stored


async def test_an_import_that_breaks_in_the_middle_leaves_nothing(
    store: Store, raw: Raw, backend: str
) -> None:
    mend = break_it(raw, backend, "report_configuration", "INSERT", "NEW.name = 'Two'")
    drafts = [replace(DRAFT, name=name) for name in ("One", "Two")]
    with pytest.raises(JobmonError) as refusal:
        await reports.import_reports(store, ADMIN, CATALOG, drafts)
    assert refusal.value.code is ErrorCode.STORAGE_UNAVAILABLE
    assert raw("SELECT count(*) FROM report_configuration") == [(0,)]
    assert raw("SELECT count(*) FROM audit_log") == [(0,)]
    mend()
    outcome = await reports.import_reports(store, ADMIN, CATALOG, drafts)
    assert [each.outcome for each in outcome] == ["added", "added"]


async def test_executions_outlive_their_deleted_report(store: Store) -> None:
    queued = await store.write(queue_one)
    await reports.delete_report(store, ADMIN, "Sales")
    left = await store.read(lambda t: t.execution(queued))
    assert left is not None
    assert left.execution.configuration_state is ConfigurationState.DELETED
    assert left.execution.report == "Sales"


async def test_a_stranger_is_not_signed_in(store: Store) -> None:
    with pytest.raises(JobmonError) as refusal:
        await reports.list_reports(store, Caller("guess", "?"))
    assert refusal.value.code is ErrorCode.NOT_SIGNED_IN


async def test_an_edit_of_what_somebody_else_has_edited_is_refused_and_loses_nothing(store: Store) -> None:
    await reports.add_report(store, ADMIN, CATALOG, DRAFT)
    mine = replace(DRAFT, timeout=60.0)
    theirs = await reports.edit_report(store, ADMIN, CATALOG, "Sales", replace(DRAFT, priority=7), version=1)
    assert theirs.version == 2
    with pytest.raises(JobmonError) as caught:
        await reports.edit_report(store, ADMIN, CATALOG, "Sales", mine, version=1)
    assert (caught.value.code, EXIT_CODES[caught.value.code]) == (ErrorCode.CHANGED_MEANWHILE, 5)
    assert "it is version 2 now" in caught.value.message
    kept = await reports.show_report(store, VIEWER, "Sales")
    assert (kept.version, kept.draft) == (2, theirs.draft)
    audited = (await _audited(store))[-1]
    assert audited == ("Report Change", "refused", caught.value.message)
    # What says the same as it says by now is no change; a pause is no edit; without a version the last wins.
    assert (await reports.edit_report(store, ADMIN, CATALOG, "Sales", theirs.draft, version=1)).version == 2
    assert (await reports.edit_report(store, ADMIN, CATALOG, "Sales", mine)).version == 3


async def test_of_many_who_edit_at_once_one_succeeds(store: Store) -> None:
    await reports.add_report(store, ADMIN, CATALOG, DRAFT)

    async def edit(priority: int) -> int:
        draft = replace(DRAFT, priority=priority)
        try:
            return (
                await reports.edit_report(store, ADMIN, CATALOG, "Sales", draft, version=1)
            ).draft.priority
        except JobmonError as refusal:
            assert refusal.code is ErrorCode.CHANGED_MEANWHILE
            return 0

    done = await asyncio.gather(*(edit(priority) for priority in range(1, 9)))
    kept = await reports.show_report(store, VIEWER, "Sales")
    assert [each for each in done if each] == [kept.draft.priority]
    assert kept.version == 2
