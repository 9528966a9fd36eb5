"""The table's columns: chosen by key, kept for the next start, and fitted into any width."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from jobmon_tui.domain.execution import Status
from jobmon_tui.tui.kept import Kept
from jobmon_tui.tui.screens.columns import ColumnsScreen
from jobmon_tui.tui.widgets import cells
from jobmon_tui.tui.widgets.cells import Action
from jobmon_tui.tui.widgets.columns import ALWAYS, CHOOSABLE, DEFAULT, Column, layout
from tests.tui.fake_services import FakeServices
from tests.tui.stage import Stage, on_stage
from tests.tui.test_table_text import NOW

CHOICES = st.frozensets(st.sampled_from(CHOOSABLE))


def some() -> FakeServices:
    services = FakeServices()
    for _ in range(5):
        services.add("Sales", Status.FAILED, error="no such table")
    row = services.database.tables.rows[5]
    services.database.tables.put(replace(row, execution=replace(row.execution, requested_by="vic")))
    return services


@given(CHOICES, st.integers(30, 250), st.integers(1, 12))
def test_any_choice_fits_any_width_and_what_is_always_there_stays(
    chosen: frozenset[Column], width: int, digits: int
) -> None:
    table = layout(width, digits, chosen)
    assert set(table.widths) >= ALWAYS and set(table.widths) <= ALWAYS | chosen
    assert all(wide > 0 for wide in table.widths.values())
    assert list(table.widths) == [column for column in Column if column in table.widths]
    services = some()
    line = cells.row(services.get(5), table, NOW, Action.RETRY)
    text = "".join(cell.text for cell in line)
    assert cell_len(text) == width == sum(cell_len(cell.text) for cell in cells.heading(table))
    assert "↻ Retry" in text


@given(CHOICES)
def test_a_wide_table_shows_all_that_was_chosen(chosen: frozenset[Column]) -> None:
    assert set(layout(250, 6, chosen).widths) == ALWAYS | chosen


def test_what_was_asked_for_takes_the_room_of_what_is_there_unasked() -> None:
    table = layout(79, 4, DEFAULT | {Column.BY})
    assert table.has(Column.BY) and table.has(Column.ERROR) and not table.has(Column.DURATION)


async def choose(stage: Stage, *columns: Column) -> None:
    await stage.press("o")
    assert isinstance(stage.app.screen, ColumnsScreen)
    for column in columns:
        await stage.press("home", *["j"] * CHOOSABLE.index(column), "space")
    await stage.press("enter")


async def test_columns_are_ticked_by_key_and_shown_at_once(tmp_path: Path) -> None:
    kept = tmp_path / "state" / "dashboard.json"
    async with on_stage(some(), kept=kept) as stage:
        before, cursor = stage.lines[0], stage.table.current
        await choose(stage, Column.BY, Column.QUEUED)
        assert "By" in stage.lines[0] and "Queued" not in stage.lines[0]
        assert " vic " in stage.line_of(5) and "↻ Retry" in stage.line_of(5)
        assert stage.table.current == cursor and stage.table.has_focus
        await stage.until(kept.exists)
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
        assert [each.name for each in kept.parent.iterdir()] == ["dashboard.json"]
    async with on_stage(some(), kept=kept) as stage:
        assert "By" in stage.lines[0] and "Queued" not in stage.lines[0]
        await stage.press("o", "0", "escape")
        assert stage.lines[0] == before


async def test_what_has_no_room_is_marked() -> None:
    async with on_stage(some()) as stage:
        await stage.press("o")
        assert "[x] Attempt  which attempt it is, or whose retry (no room now)" in stage.all_text
        await stage.press("j", "space")
        assert "[x] Started  when it started" in stage.all_text
        await stage.press("o")
        assert "Started" in stage.lines[0]


async def test_a_choice_that_cannot_be_kept_holds_and_that_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with on_stage(some(), kept=tmp_path / "file" / "dashboard.json") as stage:
        await choose(stage, Column.BY)
        await stage.until(lambda: any("they cannot be kept" in toast for toast in stage.toasts))
        await choose(stage, Column.WORKER)
        await stage.settle()
        assert len(stage.toasts) == 1
        assert "By" in stage.lines[0]


@pytest.mark.parametrize("text", ["", "[", "[]", "3", "\x00", "[" * 99_999, '{"a": "' + "x" * 99_999])
def test_a_broken_file_is_passed_over_and_replaced(text: str, tmp_path: Path) -> None:
    path = tmp_path / "dashboard.json"
    path.write_text(text)
    assert Kept(path).read() == {}
    Kept(path).keep(columns=["by"])
    assert json.loads(path.read_text()) == {"columns": ["by"]}


async def test_names_that_nobody_knows_are_passed_over(tmp_path: Path) -> None:
    kept = tmp_path / "dashboard.json"
    kept.write_text('{"columns": [{}, 4, "nobody", "by"]}')
    async with on_stage(some(), kept=kept) as stage:
        assert "By" in stage.lines[0] and "Queued" not in stage.lines[0]


def test_keeping_one_choice_leaves_the_others_and_follows_no_link(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "dashboard.json"
    target.write_text('{"other": 1}')
    path.symlink_to(target)
    kept = Kept(path)
    kept.keep(columns=["by"])
    assert kept.read() == {"other": 1, "columns": ["by"]}
    assert target.read_text() == '{"other": 1}' and not path.is_symlink()
    kept.keep(theme="x")
    assert kept.read() == {"other": 1, "columns": ["by"], "theme": "x"}
    Kept(None).keep(columns=[])
    assert Kept(None).read() == {}
