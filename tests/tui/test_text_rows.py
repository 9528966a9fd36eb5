"""Rows of a long text: they hold all of it, in order, and none is wider than the view."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from jobmon_tui.domain.text import clean
from jobmon_tui.tui import text_rows
from jobmon_tui.tui.text_rows import Row, TextRows

CHARACTERS = st.sampled_from("ab \n.é…日本🙂\u0301\ufe0f❤\ufffd▁я")
TEXTS = st.one_of(st.text(CHARACTERS, max_size=80), st.text(max_size=60).map(clean)).map(
    lambda text: text.expandtabs().rstrip("\n")
)
WIDTHS = st.integers(2, 30)


def all_rows(rows: TextRows) -> list[Row]:
    return list(rows.page(rows.at(0), 1 + 2 * len(rows.text)))


@given(TEXTS, WIDTHS, st.booleans())
def test_the_rows_hold_the_whole_text_in_order(text: str, width: int, wrap: bool) -> None:
    rows = TextRows(text, width, wrap=wrap)
    whole, at = "", 0
    for row in all_rows(rows):
        gap = text[at : row.start]
        assert gap in {"", "\n"}
        assert "\n" not in text[row.start : row.end]
        whole += gap + text[row.start : row.end]
        at = row.end
    assert whole == text


@given(TEXTS, WIDTHS)
def test_no_wrapped_row_is_wider_than_the_view_and_none_is_wasted(text: str, width: int) -> None:
    rows = TextRows(text, width, wrap=True)
    found = all_rows(rows)
    assert all(cell_len(text[row.start : row.end]) <= width for row in found)
    for row, below in pairwise(found):
        if below.start == row.end and len(text) < 256 * width:
            # There was no room for the next character, or the row is full of marks on one letter.
            full = text_rows._MOST * width == row.end - row.start
            assert full or sum(map(text_rows._width, text[row.start : row.end + 1])) > width


@given(TEXTS, WIDTHS, st.booleans())
def test_a_row_is_found_from_every_place_in_it_and_leads_to_its_neighbours(
    text: str, width: int, wrap: bool
) -> None:
    rows = TextRows(text, width, wrap=wrap)
    found = all_rows(rows)
    for row, below in pairwise(found):
        assert rows.after(row) == below
        assert rows.before(below) == row
    for row in found:
        for offset in range(row.start, max(row.end, row.start + 1)):
            assert rows.at(offset) == row
    assert rows.before(found[0]) is None
    assert rows.after(found[-1]) is None
    assert rows.at(len(text)) == found[-1]
    for height in (1, 3, 500):
        assert rows.last_page(height) == found[max(0, len(found) - height)]


@given(TEXTS, WIDTHS, st.integers(0, 60))
@example("aaaa\u0301", 2, 2)
def test_what_is_seen_of_a_line_that_is_not_wrapped_fits_and_begins_where_it_should(
    text: str, width: int, left: int
) -> None:
    rows = TextRows(text, width, wrap=False)
    for row in all_rows(rows):
        seen = rows.seen(row, left)
        assert row.start <= seen.start <= seen.end <= row.end
        assert sum(map(text_rows._width, text[seen.start : seen.end])) <= width
        before = sum(map(text_rows._width, text[row.start : seen.start]))
        assert before >= left or seen.start == row.end
        # No character that would be seen in full is left out.
        if seen.end < row.end:
            shown = sum(map(text_rows._width, text[seen.start : seen.end + 1]))
            assert shown > width or seen.end - row.start >= 4 * (left + width)


def test_narrow_means_one_cell_for_every_character() -> None:
    for code in range(0x20, 0x30000):
        character = chr(code)
        if text_rows._NARROW.fullmatch(character):
            assert text_rows.get_character_cell_size(character) == 1, hex(code)


@pytest.mark.parametrize("line", ["x", "日本語a", "e\u0301"])
@pytest.mark.parametrize("wrap", [True, False])
def test_of_megabytes_on_one_line_only_the_surroundings_are_looked_at(
    line: str, wrap: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    line *= 5_000_000 // len(line)
    measured = 0
    real = text_rows._width

    def counted(character: str) -> int:
        nonlocal measured
        measured += 1
        return real(character)

    monkeypatch.setattr(text_rows, "_width", counted)
    rows = TextRows(line, 80, wrap=wrap)
    for place in (0, len(line) // 2, len(line)):
        page = rows.page(rows.at(place), 40)
        assert all(
            cell_len(line[seen.start : seen.end]) <= 80 for seen in (rows.seen(row, 0) for row in page)
        )
        assert len(page) == 40 or page[-1].end == len(line)
    rows.last_page(40)
    # A few pieces of 256 rows, whatever the line's length.
    assert measured < 500_000


@given(st.text(CHARACTERS, min_size=1, max_size=400))
def test_pieces_of_a_long_line_fit_together(line: str) -> None:
    line = line.replace("\n", "")
    rows = TextRows(line, 3, wrap=True)
    found = all_rows(rows)
    assert "".join(line[row.start : row.end] for row in found) == line


def test_many_marks_on_one_letter_end_a_row() -> None:
    rows = TextRows("e" + "\u0301" * 1_000, 10, wrap=True)
    assert rows.at(0) == Row(0, 40)
