"""Around the table: the header, the filters, the search, the keys that are taught, and an outage."""

import pytest

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.contracts import Extra
from tests.tui.fake_services import FakeServices, FakeWorker
from tests.tui.stage import on_stage


def assorted() -> FakeServices:
    services = FakeServices()
    for report in ("Airports", "Carriers", "Ledger [a/b]"):
        for status in Status:
            services.add(report, status)
    return services


async def test_the_header_says_who_where_how_and_how_many() -> None:
    services = assorted()
    worker = FakeWorker([1, 2])
    async with on_stage(services, worker=worker) as stage:
        first, second, *_ = stage.all_text.splitlines()
        assert "ada Administrator · SQLite jobmon.db" in first
        assert "runs reports here: 2" in first and "● live" in first
        for key, glyph_and_word in enumerate(
            ("○ Queued 3", "▸ Running 3", "✓ Succeeded 3", "✗ Failed 3", "⊘ Cancelled 3"), start=1
        ):
            assert f"{key} {glyph_and_word}" in second
        services.set_workers(0)
        await stage.until(lambda: "! no worker alive" in stage.all_text.splitlines()[0])
        services.add("Airports", Status.FAILED)
        await stage.until(lambda: "✗ Failed 4" in stage.all_text)


async def test_the_header_tells_when_nothing_runs_inside_this_dashboard() -> None:
    async with on_stage(assorted()) as stage:
        assert "runs reports here" not in stage.all_text


@pytest.mark.parametrize(("key", "status"), list(zip("12345", Status, strict=True)))
async def test_a_digit_filters_by_status_and_again_no_more(key: str, status: Status) -> None:
    async with on_stage(assorted()) as stage:
        await stage.press(key)
        await stage.until(lambda: stage.table.total == 3)
        assert all(status.value in row for row in stage.rows)
        await stage.until(lambda: f"Only {status.value} · 0: all" in stage.all_text)
        await stage.until(lambda: f"[{key} " in stage.all_text.splitlines()[1])
        await stage.press(key)
        await stage.until(lambda: stage.table.total == 15)
        await stage.until(lambda: "Only" not in stage.all_text)


async def test_a_total_that_is_not_the_whole_says_so() -> None:
    services = assorted()
    services.database.tables.most = 7
    async with on_stage(services) as stage:
        await stage.press("slash", *"by:ada", "enter")
        await stage.until(lambda: stage.table.total == 7)
        await stage.until(lambda: "1 of 7+" in stage.all_text)
        await stage.press("G")
        await stage.until(lambda: "7 of 7+" in stage.all_text)
        await stage.press("0")
        await stage.until(lambda: "7 of 15" in stage.all_text)


async def test_filters_add_up_and_zero_clears_them() -> None:
    async with on_stage(assorted()) as stage:
        await stage.press("4", "5", "slash", *"air", "enter")
        await stage.until(lambda: stage.table.total == 2)
        await stage.until(lambda: "Only Failed, Cancelled · “air” · 0: all" in stage.all_text)
        await stage.press("0")
        await stage.until(lambda: stage.table.total == 15)


async def test_the_search_is_live_and_escape_shows_all() -> None:
    async with on_stage(assorted()) as stage:
        await stage.press("slash", *"[a/")
        await stage.until(lambda: stage.table.total == 5)
        assert all("Ledger [a/b]" in row for row in stage.rows)
        await stage.press("z")
        await stage.until(lambda: "Nothing matches. Esc shows all." in stage.all_text)
        await stage.press("escape")
        await stage.until(lambda: stage.table.total == 15)
        assert stage.table.has_focus


async def test_the_cursor_stays_on_its_row_through_a_filter() -> None:
    async with on_stage(assorted()) as stage:
        await stage.press("down")
        held = stage.table.current
        assert held is not None and held.status is Status.FAILED
        await stage.press("4")
        await stage.until(lambda: stage.table.total == 3)
        assert stage.table.current is not None and stage.table.current.id == held.id
        await stage.press("4", "1")
        await stage.until(lambda: stage.table.total == 3)
        assert stage.table.cursor == 0, "hidden, so the newest"


async def test_the_footer_teaches_the_keys_that_work_now() -> None:
    services = FakeServices()
    services.add("Sales", Status.FAILED)
    services.add("Sales", Status.QUEUED)
    services.add("Sales", Status.SUCCEEDED)

    async with on_stage(services) as stage:

        def footer() -> str:
            return stage.all_text.splitlines()[-1]

        assert "r Retry" not in footer() and "x Cancel" not in footer()
        await stage.press("down")
        await stage.until(lambda: "x Cancel" in footer())
        await stage.press("down")
        await stage.until(lambda: "r Retry" in footer() and "x Cancel" not in footer())
        assert "q Quit" in footer() and "? Help" in footer()


async def test_a_click_on_a_key_presses_it() -> None:
    async with on_stage(assorted()) as stage:
        at = stage.all_text.splitlines()[-1].index("d Details")
        assert await stage.pilot.click("KeyBar", offset=(at, 0))
        await stage.until(lambda: bool(stage.screen.query_one("DetailsPanel").display))


async def test_the_longest_footer_fits_80_cells() -> None:
    services = FakeServices()
    failed = services.add("Sales", Status.FAILED)
    services.add("Sales", Status.FAILED, retry_of=failed)
    async with on_stage(services) as stage:
        await stage.press("down", "4")
        await stage.until(lambda: "t Its retry" in stage.all_text)
        await stage.until(lambda: stage.all_text.splitlines()[-1].rstrip().endswith("q Quit"))
        assert "r Retry" in stage.all_text.splitlines()[-1]


async def test_an_outage_keeps_the_old_data_says_why_and_ends_by_itself() -> None:
    services = assorted()
    async with on_stage(services) as stage:
        rows = stage.rows
        services.database.outage = "The database is locked by another program."
        services.database.feed.changed()
        await stage.until(lambda: "not connected" in stage.all_text)
        assert stage.rows == rows
        assert "The database is locked by another program." in stage.all_text
        assert "● live" not in stage.all_text
        await stage.press("down", "G", "g")
        assert stage.rows[0].startswith("›")
        services.database.outage = None
        new = services.add("Airports", Status.QUEUED)
        await stage.until(lambda: "● live" in stage.all_text)
        await stage.until(lambda: stage.rows[0].startswith(f" #{new} "))
        assert "not connected" not in stage.all_text


async def test_a_page_that_could_not_be_read_is_read_when_it_can_be() -> None:
    services = FakeServices(history=10_000)
    async with on_stage(services) as stage:
        services.database.outage = "The disk is full."
        await stage.press("G")
        await stage.until(lambda: ": The disk is full." in stage.all_text)
        assert all(row.strip("› ").startswith("…") for row in stage.rows)
        services.database.outage = None
        await stage.until(lambda: stage.rows[-1].startswith("›#1 "))


async def test_a_filter_chosen_during_an_outage_is_applied_after_it() -> None:
    services = assorted()
    async with on_stage(services) as stage:
        services.database.outage = "The database is locked."
        await stage.press("4")
        assert stage.table.total == 15
        services.database.outage = None
        await stage.until(lambda: stage.table.total == 3)
        assert all("Failed" in row for row in stage.rows)


async def test_the_details_follow_the_cursor_and_the_row() -> None:
    services = FakeServices()
    other = services.add("Ledger", Status.FAILED, error="the other reason")
    row = services.add("Sales", Status.QUEUED)
    async with on_stage(services, size=(140, 40)) as stage:
        await stage.press("d")
        await stage.until(lambda: f"#{row} Sales" in stage.all_text)
        services.move(row, Status.FAILED, error="the new reason")
        await stage.until(lambda: stage.all_text.count("the new reason") >= 2)
        await stage.press("down")
        await stage.until(lambda: f"#{other} Ledger" in stage.all_text)


async def test_an_ended_session_leads_to_the_sign_in() -> None:
    services = assorted()
    async with on_stage(services) as stage:
        services.database.tables.sessions.clear()
        services.database.feed.changed()
        await stage.until(lambda: type(stage.app.screen).__name__ == "SignInScreen")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_the_starter_offers_is_said_in_one_line_until_it_is_done(size: tuple[int, int]) -> None:
    missing = [True]

    async def put() -> str:
        missing.clear()
        return "The file is in place now."

    hint = "“Delay targets” fails: no inbox/targets.csv. p puts it there, then r retries."
    extra = Extra("p", "Put file", hint, put, lambda: bool(missing))
    async with on_stage(FakeServices(), size=size, extra=extra) as stage:
        await stage.until(lambda: hint in stage.all_text and "p Put file" in stage.all_text)
        assert stage.toasts == [], "it stands there: no toast needs to cover the rows"
        height = stage.table.size.height
        await stage.press("p")
        assert stage.toasts == ["✓ The file is in place now."]
        await stage.until(lambda: hint not in stage.all_text and "Put file" not in stage.all_text)
        assert stage.table.size.height == height + 1
        # Taken away again by hand: the line comes back by itself, once the toast over it is gone.
        missing.append(True)
        await stage.until(lambda: hint in stage.all_text and "p Put file" in stage.all_text, seconds=30)


async def test_a_reading_that_is_overtaken_by_the_end_ends_quietly() -> None:
    services = FakeServices()
    services.add("Sales")
    async with on_stage(services) as stage:
        stage.screen.ready = False  # as at its end, whose timers and messages come no more
        await stage.table.remove()
        services.add("Sales")
        await stage.pilot.pause(0.5)
        assert stage.app.crash is None
