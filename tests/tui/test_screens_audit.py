"""The Audit screen: a window on a log of any length, its search, its details."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.audit import AuditEntry, has_parts
from jobmon_tui.services import audit_search
from jobmon_tui.tui.screens import audit as audit_screen
from jobmon_tui.tui.screens.audit import AuditScreen
from jobmon_tui.tui.widgets.audit_window import KEPT, PAGE, AuditWindow
from jobmon_tui.tui.widgets.part_search import PartSearch
from tests.tui.audited import audited, entry
from tests.tui.stage import Stage, on_stage

COUNT = 12 * PAGE + 30


def screen_of(stage: Stage) -> AuditScreen:
    screen = stage.app.screen
    assert isinstance(screen, AuditScreen)
    return screen


def ids_in_view(stage: Stage) -> list[int]:
    shown = screen_of(stage).list
    lines = [shown.render_line(y).text for y in range(1, shown.size.height)]
    return [int(line.split("#")[1].split()[0]) for line in lines if "#" in line]


async def test_every_place_of_the_log_is_shown_and_only_its_window_is_kept() -> None:
    services = audited(COUNT)
    async with on_stage(services) as stage:
        await stage.press("a")
        screen = screen_of(stage)
        await stage.until(lambda: ids_in_view(stage)[:2] == [COUNT, COUNT - 1])
        assert f"{COUNT:,} entries" in stage.all_text
        height = screen.list.rows_in_view
        await stage.press("G")
        await stage.until(lambda: ids_in_view(stage) == list(range(height, 0, -1)))
        for position in range(COUNT - 40, 0, -170):
            screen.list.go(position)
            first = COUNT - screen.list.first
            wanted = list(range(first, first - height, -1))
            await stage.until(lambda wanted=wanted: ids_in_view(stage) == wanted)  # type: ignore[misc]
        await stage.press("g")
        await stage.until(lambda: ids_in_view(stage)[0] == COUNT)
        assert len(screen._window._known) <= KEPT
        await stage.press("j", "j", "k", "d")
        shown = stage.all_text
        assert f"Entry #{COUNT - 1} Job Retry" in shown
        assert "refused: not_retryable" in shown
        assert f"#{COUNT - 1} is Running �[31m" in shown
        assert "pts/1 [b]" in shown
        assert stage.app.cursor_position.y == 3  # title, heading, and the second row
        await stage.press("escape", "escape")
        assert stage.app.screen is stage.screen


async def test_new_entries_come_in_above_and_the_cursor_keeps_its_own() -> None:
    services = audited(300)
    async with on_stage(services) as stage:
        await stage.press("a")
        await stage.until(lambda: 300 in ids_in_view(stage))
        await stage.press("j", "j", "d")
        services.database.tables.log.append(entry(301))
        services.database.feed.changed()
        await stage.until(lambda: ids_in_view(stage)[0] == 301)
        assert "4 of 301" in stage.all_text
        assert "Entry #298 " in stage.all_text
        # Away from the top nothing that is seen moves.
        await stage.press(*["ctrl+d"] * 8)
        await stage.until(lambda: len(ids_in_view(stage)) == screen_of(stage).list.rows_in_view)
        seen = ids_in_view(stage)
        services.database.tables.log.append(entry(302))
        services.database.feed.changed()
        await stage.until(lambda: "302 entries" in stage.all_text)
        assert ids_in_view(stage) == seen


async def test_a_search_goes_back_in_bounded_steps_and_says_how_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_search, "SPAN", 50)
    monkeypatch.setattr(audit_screen, "STEPS", 4)
    services = audited(1_000)
    log = services.database.tables.log
    log[899] = entry(900, "Zoë")
    log[99] = entry(100, "Zoë")
    async with on_stage(services) as stage:
        await stage.press("a")
        await stage.until(lambda: 1_000 in ids_in_view(stage))
        await stage.press("slash", *"ZOË", "enter")
        await stage.until(lambda: "1 found in the newest 200 entries" in stage.all_text)
        assert ids_in_view(stage) == [900]
        assert "End searches further back" in stage.all_text
        for expected in ("400", "600", "800"):
            await stage.press("G")
            await stage.until(lambda seen=f"newest {expected} ": seen in stage.all_text)  # type: ignore[misc]
        await stage.press("G")
        await stage.until(lambda: "2 found in all 1,000 entries" in stage.all_text)
        assert ids_in_view(stage) == [900, 100]
        log.append(entry(1_001, "zoë"))
        services.database.feed.changed()
        await stage.until(lambda: ids_in_view(stage) == [1_001, 900, 100])
        await stage.press("escape")
        await stage.until(lambda: "1,001 entries" in stage.all_text)
        assert 1_001 in ids_in_view(stage)


async def test_a_search_looks_at_words_and_executions() -> None:
    async with on_stage(audited(130)) as stage:
        await stage.press("a")

        async def finds(typed: str, *found: int) -> None:
            screen_of(stage).query_one(PartSearch).value = typed
            said = f"{len(found)} found in all 130"
            await stage.until(lambda: said in stage.all_text and ids_in_view(stage) == [*found])
            assert bool(found) != ("Nothing matches" in stage.all_text)

        await finds("#7", 7)
        await finds("retry ADA #12", 12)
        await finds("nobody")
        await finds("actor:ADA action:retry execution:7", 7)
        await finds('action:"job re" execution:#8 since:1h', 8)
        await finds("execution:7 until:1h")
        await finds("not_retryable #3", 3)


async def test_no_more_matches_are_kept_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_screen, "MOST_FOUND", 150)
    async with on_stage(audited(400)) as stage:
        await stage.press("a", "slash", *"retry", "enter")
        await stage.until(lambda: "End searches further back" in stage.all_text)
        await stage.press("G")
        await stage.until(lambda: "150 found, no more are shown" in stage.all_text)
        assert screen_of(stage).list.total == 150


async def test_an_audit_log_that_cannot_be_read_says_why_and_comes_back() -> None:
    services = audited(3)
    async with on_stage(services) as stage:
        services.database.outage = "The database is locked."
        await stage.press("a")
        await stage.until(lambda: "The database is locked." in stage.all_text)
        assert "Nothing can be read yet" in stage.all_text
        services.database.outage = None
        await stage.until(lambda: ids_in_view(stage) == [3, 2, 1])


def test_a_window_on_a_million_entries_takes_no_more_memory_than_one_on_a_thousand() -> None:
    def peak(total: int) -> int:
        tracemalloc.start()
        window = AuditWindow(total)
        for first in range(0, total - 20, max(1, total // 50)):
            while (top := window.missing(first, 20)) is not None:
                window.keep(top, [entry(each) for each in range(max(1, top - PAGE + 1), top + 1)], first)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(1_000)  # what is allocated once
    assert peak(1_000_000) < 10 * 1024**2


@given(
    total=st.integers(0, 2_000), at=st.lists(st.integers(0, 2_000), max_size=12), height=st.integers(1, 60)
)
def test_what_a_window_shows_is_what_the_log_holds(total: int, at: list[int], height: int) -> None:
    known = {number: entry(number) for number in range(1, min(total, 5) + 1)}
    whole: dict[int, AuditEntry] = known
    window = AuditWindow(total)
    for first in at:
        for _ in range(20):
            top = window.missing(first, height)
            if top is None:
                break
            span = range(max(1, top - PAGE + 1), top + 1)
            window.keep(top, [whole.setdefault(each, entry(each)) for each in span], first)
        assert window.missing(first, height) is None
        for position in range(first, min(first + height, total)):
            shown = window.at(position)
            assert shown is not None
            assert shown.id == total - position
            assert window.position_of(window.key_at(position)) == position


@given(parts=st.lists(st.text(min_size=1, max_size=3), max_size=3), actor=st.text(max_size=8))
def test_an_entry_is_found_by_each_part_of_its_own_words(parts: list[str], actor: str) -> None:
    about = {"action": "Job Retry", "outcome": "refused", "code": None, "execution_id": 12}
    text = f"{actor} Job Retry refused #12".casefold()
    wanted = [part.casefold() for part in parts if not part.startswith("#")]
    found = has_parts(wanted, actor=actor, new_execution_id=None, **about)  # type: ignore[arg-type]
    assert found == all(part in text for part in wanted)
