"""The terminal's answers are taken out of what is typed, whole or torn, and nothing else is."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from jobmon_tui.tui.answers import LONGEST_GAP, Answers

DELAY = 0.5
KEYS = [
    "r",
    "1",
    "\x1b[A",
    "\x1b[5~",
    "\x1b[1;5C",
    "\x1bOP",
    "[",
    "R",
    ";",
    "\x1b[I",
    "é",
    "\x1b[<0;5;7M",
    "\r",
]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@settings(deadline=None)
@given(
    pieces=st.lists(st.sampled_from([*KEYS, "ANSWER"]), max_size=12),
    cuts=st.lists(st.integers(0, 90), max_size=20),
)
def test_however_it_is_torn_the_keys_are_the_same_without_the_answers(
    pieces: list[str], cuts: list[int]
) -> None:
    stream = "".join("\x1b[24;117R" if piece == "ANSWER" else piece for piece in pieces)
    answers = Answers(DELAY, Clock())
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    typed, count = "", 0
    for begin, end in pairwise(edges):
        # A lone ESC at an edge is the parser's: it waits for what belongs to it.
        keys, found = answers.take(stream[begin:end], expected=True)
        typed, count = typed + keys, count + found
    whole = pieces.count("ANSWER")
    assert count <= whole
    expected = "".join(piece for piece in pieces if piece != "ANSWER")
    # What is not taken out is passed on whole, and in its place.
    assert typed.replace("\x1b[24;117R", "") == expected or _held(typed, expected)
    assert count + typed.count("\x1b[24;117R") == whole


def _held(typed: str, expected: str) -> bool:
    """Tell whether only the beginning of what might have been an answer is still held back."""
    return expected.startswith(typed.replace("\x1b[24;117R", "")) and len(expected) - len(typed) < 12


def test_a_torn_answer_is_no_digits_however_late_its_rest_comes() -> None:
    clock = Clock()
    for torn in range(2, 8):
        answers = Answers(DELAY, clock)
        before = answers.take("\x1b[24;17R"[:torn], expected=True)
        clock.now += LONGEST_GAP - 0.1
        after = answers.take("\x1b[24;17R"[torn:] + "r", expected=True)
        assert (before, after) == (("", 0), ("r", 1)), torn


def test_after_a_lone_escape_that_has_become_a_key_the_rest_is_no_key() -> None:
    clock = Clock()
    answers = Answers(DELAY, clock)
    assert answers.take("\x1b", expected=True) == ("\x1b", 0)
    clock.now += DELAY
    assert answers.take("[24;17Rr", expected=True) == ("r", 1)


def test_what_only_began_like_an_answer_is_passed_on_after_a_while() -> None:
    clock = Clock()
    answers = Answers(DELAY, clock)
    assert answers.take("\x1b[5", expected=True) == ("", 0)
    assert answers.late() == ""
    clock.now += LONGEST_GAP
    assert answers.late() == "\x1b[5"
    assert answers.take("~", expected=True) == ("~", 0)


def test_unasked_nothing_is_taken_out() -> None:
    assert Answers(DELAY, Clock()).take("\x1b[1;2R", expected=False) == ("\x1b[1;2R", 0)
