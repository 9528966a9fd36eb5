"""Patterns find a part where Python finds it, upper and lower case alike."""

import re
import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.storage.listing.text_match import glob_of, regex_of

LETTERS = st.text("aAbBéÉßſıİKkςσΣ0_%*?[]^$.\\-{}()|+ \n\t–…", max_size=8)


def _alike(part: str, text: str) -> bool:
    """Tell whether `part` is in `text`, letter by letter in any of its cases."""
    cases = [{each, each.lower(), each.upper(), each.casefold()} for each in part]
    ends = len(text) - len(part) + 1
    return any(all(text[at + n] in case for n, case in enumerate(cases)) for at in range(ends))


@given(LETTERS, LETTERS)
def test_a_glob_finds_a_part_in_any_case(part: str, text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        [(found,)] = connection.execute("SELECT ? GLOB ?", (text, glob_of(part)))
    assert bool(found) is _alike(part, text)


@given(LETTERS, LETTERS)
def test_a_regular_expression_finds_a_part_in_any_case(part: str, text: str) -> None:
    # Of what is written here Python understands the same as PostgreSQL; the conformance tests ask the latter.
    assert bool(re.search(regex_of(part), text)) is _alike(part, text)


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_a_part_is_found_wherever_it_stands(before: str, part: str, after: str) -> None:
    for spelt in (part, part.swapcase() if len(part.swapcase()) == len(part) else part):
        assert re.search(regex_of(part), before + part + after)
        assert _alike(part, before + spelt + after) is bool(re.search(regex_of(part), before + spelt + after))
