"""How rows read: no width, name or number breaks a line."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.text import one_line
from jobmon_tui.tui import rows
from jobmon_tui.tui.widgets import cells
from jobmon_tui.tui.widgets.cells import Action
from jobmon_tui.tui.widgets.columns import Column, layout
from tests.tui.fake_services import FakeServices

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HOSTILE = st.text(st.characters(), max_size=60) | st.sampled_from(
    [
        "[/x]",
        "日本語のレポート",
        "\u202eRTL",
        "x" * 10_000,
        "a\x1b]0;t\x07b",
        "e\u0301" * 40,
        "👩‍👩‍👧‍👦" * 9,
        "\ud800",
        "",
    ]
)


@given(HOSTILE, st.integers(0, 90))
def test_a_fitted_text_has_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(rows.fit(one_line(text), width)) == width


@given(HOSTILE, HOSTILE, st.integers(30, 200), st.sampled_from(Action), st.booleans())
def test_a_line_fills_its_width_whatever_is_in_it(
    report: str, error: str, width: int, action: Action, cursor: bool
) -> None:
    services = FakeServices()
    execution = services.get(services.add(report, error=error))
    line = cells.row(execution, layout(width), NOW, action, cursor=cursor)
    text = "".join(cell.text for cell in line)
    assert cell_len(text) == width
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in text)
    if action is Action.RETRY:
        assert "↻ Retry" in text


@pytest.mark.parametrize("width", range(30, 220))
def test_no_width_drops_the_action_the_id_or_the_status(width: int) -> None:
    table = layout(width, digits=7)
    assert {Column.ID, Column.REPORT, Column.STATUS, Column.ACTION} <= set(table.widths)
    assert all(cells_wide > 0 for cells_wide in table.widths.values())
    assert sum(cell_len(cell.text) for cell in cells.heading(table)) == width


def test_wider_tables_have_more_columns() -> None:
    assert not layout(46).has(Column.ERROR)
    assert layout(79).has(Column.ERROR) and layout(79).has(Column.QUEUED) and layout(79).has(Column.DURATION)
    assert not layout(79).has(Column.ATTEMPT)
    assert layout(119).has(Column.ATTEMPT)


def test_the_cell_under_the_mouse_is_found() -> None:
    table = layout(79)
    services = FakeServices()
    failed = services.get(services.add("Sales", error="boom"))
    text = "".join(cell.text for cell in cells.row(failed, table, NOW, Action.RETRY))
    at = len(text.rstrip()) - 1
    assert table.is_at(at, Column.ACTION)
    assert not table.is_at(0, Column.ACTION)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0.0s"),
        (412, "0.4s"),
        (12_300, "12s"),
        (185_000, "3m05s"),
        (8_040_000, "2h14m"),
        (273_600_000, "3d04h"),
    ],
)
def test_durations_are_short(milliseconds: int, text: str) -> None:
    assert rows.duration(milliseconds) == text


@given(st.integers(0, 8 * 10**12))
def test_no_duration_is_longer_than_its_column(milliseconds: int) -> None:
    assert len(rows.duration(milliseconds)) <= 6


def test_a_running_row_counts_whole_seconds_and_never_backwards() -> None:
    services = FakeServices()
    row = services.get(services.add("Sales", Status.RUNNING, started_at=NOW))
    assert rows.time_taken(row, NOW + timedelta(seconds=3.9)) == "3s"
    assert rows.time_taken(row, NOW - timedelta(seconds=5)) == "0s"
    waiting = services.get(services.add("Sales", Status.QUEUED))
    assert rows.time_taken(waiting, NOW) == ""


def test_times_are_the_readers_own_and_name_another_day() -> None:
    east = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    assert rows.moment(NOW, east, 8) == "23:00:00"
    assert rows.moment(NOW - timedelta(days=1), east, 11) == "03-01 23:00"
    assert rows.moment(NOW - timedelta(days=1), east, 8) == "03-01"
    assert rows.moment(NOW - timedelta(days=400), east, 8) == "2025-01"


@pytest.mark.story("AC-001")
def test_a_retried_row_names_its_retry_first() -> None:
    services = FakeServices()
    failed = services.add("Sales", error="no such table")
    child = services.add("Sales", Status.QUEUED, retry_of=failed)
    assert rows.brief(services.get(failed), with_attempt=True) == f"→ #{child} Queued · no such table"
    assert rows.attempt(services.get(child)) == f"retry of #{failed}"
    assert rows.brief(services.get(child), with_attempt=True) == f"retry of #{failed}"


def test_large_counts_are_shortened_only_where_asked() -> None:
    assert rows.number(1_204_000) == "1,204,000"
    assert [rows.number(value, compact=True) for value in (1_204, 601_999, 1_290_000)] == [
        "1,204",
        "601k",
        "1.2M",
    ]
