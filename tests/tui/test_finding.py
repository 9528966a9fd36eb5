"""Finding in a long text: each match in its place, and the same ones in both directions."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.tui import finding
from jobmon_tui.tui.finding import Matches, folded

WORDS = st.text(st.sampled_from("aAbİςΣσ \n"), max_size=40)
NEEDLES = st.text(st.sampled_from("aAbİςσ"), min_size=1, max_size=3)


def test_folding_keeps_every_character_in_its_place() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert [character for character in every if len(character.lower()) != 1] == ["İ"]
    assert len(folded("İ")) == 1
    assert len(folded(every)) == len(every)


@given(WORDS, NEEDLES)
def test_matches_are_those_that_stand_there_and_do_not_overlap(text: str, wanted: str) -> None:
    found = Matches(text, wanted)
    small = folded(text)
    assert len(small) == len(text)
    assert len(found) == small.count(folded(wanted))
    assert not found.more
    for start in found.starts:
        assert folded(text[start : start + found.length]) == folded(wanted)
    gaps = zip(found.starts, found.starts[1:], strict=False)
    assert all(second - first >= found.length for first, second in gaps)


@given(WORDS, NEEDLES, st.integers(0, 45))
def test_next_and_before_are_the_nearest(text: str, wanted: str, offset: int) -> None:
    found = Matches(text, wanted)
    below = [at for at, start in enumerate(found.starts) if start >= offset]
    above = [at for at, start in enumerate(found.starts) if start < offset]
    assert found.next_from(offset) == (below[0] if below else None)
    assert found.last_before(offset) == (above[-1] if above else None)


@given(WORDS, NEEDLES, st.integers(0, 45), st.integers(0, 45))
def test_within_gives_what_shows_in_part_too(text: str, wanted: str, one: int, other: int) -> None:
    start, end = sorted((one, other))
    found = Matches(text, wanted)
    assert list(found.within(start, end)) == [
        at for at in found.starts if at < end and at + found.length > start
    ]


def test_capitals_do_not_count() -> None:
    found = Matches("Timeout, TIMEOUT and İTimeOut", "timeout")
    assert list(found.starts) == [0, 9, 22]


def test_more_matches_than_anybody_visits_are_not_all_counted() -> None:
    found = Matches("x" * (finding.MOST + 5), "x")
    assert len(found) == finding.MOST
    assert found.more
