"""ASCII forms: as wide as what they stand for, and never a `?` for a sign of ours."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from jobmon_tui.domain.plain_forms import FORMS, PLAIN, TABLE, as_ascii, has_poor_font, is_ascii_locale

ROOT = Path(__file__).parents[2]


@given(st.text(max_size=30))
def test_every_text_has_an_ascii_form(text: str) -> None:
    assert as_ascii(text).isascii()


@given(st.text(st.sampled_from("○▸✓✗⊘●›↻…·→│─╭█▁ abcäöüéßñЖ中文日本한국"), max_size=40))
def test_what_the_dashboard_shows_keeps_its_width(text: str) -> None:
    assert len(as_ascii(text)) == cell_len(text)


def test_names_keep_their_letters_where_only_the_signs_are_spelt() -> None:
    assert "✗ Failed · Zürich …".translate(TABLE) == "x Failed - Zürich ~"
    assert as_ascii("✗ Zürich, Łódź, 中文, e\u0301") == "x Zurich, ?odz, ????, e"


def test_every_sign_in_the_program_has_a_form() -> None:
    signs = set()
    for file in (ROOT / "jobmon_tui").rglob("*.py"):
        if file.name != "plain_forms.py":
            signs |= {each for each in file.read_text(encoding="utf-8") if ord(each) > 0x2000}
    assert {each for each in signs - {"\u200b", "\ufffd"} if each not in FORMS} == set()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "koi8-r", "cp437", "utf-8"])
def test_what_an_encoding_has_stays_and_the_rest_is_spelt(encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    stream.reconfigure(errors=PLAIN)
    stream.write("✗ é │ \udc80")
    stream.flush()
    written = stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert written[0] == ("✗" if encoding == "utf-8" else "x")
    assert written[2] == ("e" if encoding in {"ascii", "koi8-r"} else "é")
    assert written[4] == ("|" if encoding in {"ascii", "latin-1"} else "│")
    assert written[6:] == "?"


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        ({}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # as Python leaves it
        ({"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "C.UTF-8"}, False),
    ],
)
def test_a_locale_that_says_c_means_it(environ: dict[str, str], ascii_only: bool) -> None:
    assert is_ascii_locale(environ) is ascii_only


def test_consoles_have_poor_fonts() -> None:
    assert has_poor_font({"TERM": "linux"})
    assert has_poor_font({"TERM": "linux-16color"})
    assert has_poor_font({"TERM": "vt220"})
    assert not has_poor_font({"TERM": "xterm-256color"})
    assert not has_poor_font({})
