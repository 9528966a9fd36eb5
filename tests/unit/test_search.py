"""The language of the search: any text is read, what it prints reads back, and each word knows its place."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobmon_tui.domain.execution import Status
from jobmon_tui.domain.search import (
    Key,
    Search,
    may_become_key,
    parse,
    quote,
    search_text,
    split,
    with_statuses,
)
from jobmon_tui.domain.search_completion import Known, completions
from jobmon_tui.domain.text import one_line

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
PIECES = st.sampled_from(
    [
        *(f"{key}:" for key in Key),
        "STATUS:",
        "foo:",
        "failed",
        "running,failed",
        "fa",
        ",",
        '"',
        '""',
        " ",
        "  ",
        "2h",
        "today",
        "2026-01-31T08:00:00Z",
        "9999999999d",
        "0001-01-01",
        "sales",
        "日本",
        "\x1b[0m",
        "\ud800",
        ":",
    ]
)
TEXTS = st.text(max_size=40) | st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join)
FEW = frozenset({Status.FAILED, Status.RUNNING})


def meant(search: Search) -> tuple[object, ...]:
    return (search.statuses, search.name, search.error, search.since, search.by)


@given(TEXTS)
@example('"')
@example('status:"')
@example("since:" + "9" * 400 + "d")
def test_any_text_is_read_and_each_part_knows_its_place(text: str) -> None:
    search = parse(text, NOW)
    at = 0
    for word in search.words:
        assert text[at : word.start].strip() == "", "between words stand only spaces"
        assert word.start <= word.begin <= word.end <= len(text) and word.start < word.end
        at = word.end
    assert text[at:].strip() == ""
    for problem in search.problems:
        assert 0 <= problem.start < problem.end <= len(text)
        assert problem.message and "\n" not in problem.message
        assert problem.message == one_line(problem.message), "safe to show, and short"


@given(TEXTS)
def test_what_is_printed_reads_back_as_the_same_and_without_a_problem(text: str) -> None:
    search = parse(text, NOW)
    again = parse(search_text(search), NOW)
    assert meant(again) == meant(search)
    assert not again.problems and again.begun is None
    assert search_text(again) == search_text(search)


@given(st.text(min_size=1, max_size=30).filter(str.strip))
def test_any_value_can_be_written_as_one_word(value: str) -> None:
    assert [word.value for word in split(quote(value))] == [value]
    assert parse(f"error:{quote(value)} by:x", NOW).error == value


@given(TEXTS, st.frozensets(st.sampled_from(Status)))
def test_other_statuses_change_nothing_else(text: str, statuses: frozenset[Status]) -> None:
    before, after = parse(text, NOW), parse(with_statuses(text, statuses), NOW)
    assert after.statuses == statuses
    # What stood at the end, only begun, may stand before nothing now, or the other way round.
    assert (after.name, after.error, after.by) == (before.name, before.error, before.by)


@given(TEXTS, st.lists(st.text(max_size=12), max_size=4), st.lists(st.text(max_size=8), max_size=3))
def test_completions_go_on_from_what_was_typed(text: str, reports: list[str], accounts: list[str]) -> None:
    for found in completions(text, Known(reports, accounts)):
        last = split(text)[-1]
        assert found.text.startswith(text[: last.start])
        assert found.text != text
        typed = last.value.rpartition(",")[2] if last.key == Key.STATUS else last.value
        if found.rest:
            assert (typed + found.rest).casefold() == found.label.casefold()
        if last.key is None and not found.label.endswith(":"):
            continue
        assert not parse(found.text, NOW).problems or parse(text, NOW).problems


def test_every_word_narrows() -> None:
    search = parse("status:failed report:sales error:timeout since:2h by:alice")
    assert (search.statuses, search.name, search.error, search.by) == (
        {Status.FAILED},
        "sales",
        "timeout",
        "alice",
    )
    assert search.since is not None and search.since_text == "2h" and not search.problems
    assert parse("since:2h", NOW).since == NOW - timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("air", "air"),
        ("  air   port ", "air port"),
        ('report:"Departures by airport"', "Departures by airport"),
        ('"Departures by airport', "Departures by airport"),
        ('"say ""hi"""', 'say "hi"'),
        ("[a/", "[a/"),
        ('"ETL: daily"', "ETL: daily"),
        ("12:30", "12:30"),
        ("air status:failed port", "air port"),
        ("", None),
    ],
)
def test_free_words_and_quotes_say_a_part_of_the_name(text: str, name: str | None) -> None:
    search = parse(text)
    assert search.name == name and not search.problems


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("status:failed,running", FEW),
        ("status:FAILED status:Running", FEW),
        ("status:f,r", FEW),
        ('status:"failed, running"', FEW),
        ("status:failed,", {Status.FAILED}),
        ("Status:c", {Status.CANCELLED}),
    ],
)
def test_statuses_may_be_several_and_short(text: str, statuses: set[Status]) -> None:
    search = parse(text)
    assert search.statuses == statuses and not search.problems


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("status:failed foo:bar", "foo:", "status: report: error: since: by:"),
        ("status:failed,borked air", "borked", "queued running succeeded failed cancelled"),
        ("since:yesterdayish air", "yesterdayish", "2h 3d today"),
        ("since:20x", "20x", "2h 3d today"),
        ("by:ada by:vic", "by:vic", "first one counts"),
        ("error: timeout", "error:", "No space here"),
        ("report:sales air", "air", "quote it whole"),
    ],
)
def test_what_is_not_understood_is_marked_with_what_would_be(text: str, marked: str, says: str) -> None:
    (problem,) = parse(text, NOW).problems
    assert text[problem.start : problem.end] == marked
    assert says in problem.message


def test_what_is_understood_beside_a_mistake_still_narrows() -> None:
    search = parse("status:failed,borked foo:bar error:boom", NOW)
    assert (search.statuses, search.error, len(search.problems)) == ({Status.FAILED}, "boom", 2)


@pytest.mark.parametrize("text", ["status:", "by:", "since:", "since:2", "since:tod", "status:failed,"])
def test_a_word_that_is_only_begun_is_no_mistake_yet(text: str) -> None:
    search = parse(text, NOW)
    assert not search.problems and search.begun is not None
    assert parse(f"{text} x", NOW).problems or text.endswith(","), "but before another word it is one"


KNOWN = Known(["Departures by airport", "Delays by carrier", "evil\x1b[0m"], ["alice", "bob", "schedule"])


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("st", ["status:"]),
        ("air s", ["air status:", "air since:"]),
        ("status:fa", ["status:failed"]),
        ("status:failed,r", ["status:failed,running"]),
        ("status:failed", []),
        ("report:dep", ['report:"Departures by airport"']),
        ("report:CARRIER", ['report:"Delays by carrier"']),
        ('report:"de', ['report:"Delays by carrier"', 'report:"Departures by airport"']),
        ("report:evil", []),
        ("by:", ["by:alice", "by:bob", "by:schedule"]),
        ("by:al", ["by:alice"]),
        ("since:", ["since:2h", "since:24h", "since:7d", "since:today"]),
        ("dep", ['"Departures by airport"']),
        ("error:x", []),
        ("", []),
        ("status:failed ", []),
        ('"dep', []),
        ('report:"Delays by carrier"', []),
    ],
)
def test_the_last_word_is_completed(text: str, texts: list[str]) -> None:
    assert [found.text for found in completions(text, KNOWN)] == texts


@pytest.mark.parametrize(
    ("text", "may"), [("st", True), ("air S", True), ("status", True), ("station", False), ("st ", False)]
)
def test_the_beginning_of_a_key_is_known(text: str, may: bool) -> None:
    assert may_become_key(text) is may
    assert not may_become_key(f'"{text}')


def test_the_rest_of_a_completion_is_what_was_not_typed() -> None:
    found = completions("report:DEP", KNOWN)[0]
    assert (found.label, found.rest) == ("Departures by airport", "artures by airport")
    assert completions("report:carrier", KNOWN)[0].rest == "", "it does not begin so"
