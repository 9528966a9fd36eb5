"""A report as the texts of a form: nothing is lost on the way there and back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmon_tui.domain.report import ReportDraft
from jobmon_tui.domain.text import clean
from jobmon_tui.tui.report_texts import FIELDS, draft_of, firings_text, row_of, texts_of

ANY = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["a\x1b[2Jb", "\u202e", "x\ny", " 'q\" ", "日本語"]
)
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
PARAMETERS = st.one_of(
    st.fixed_dictionaries(
        {"source": ANY, "query": ANY}, optional={"format": ANY, "filename": ANY, "new": ANY}
    ),
    st.fixed_dictionaries(
        {"command": st.lists(ANY, min_size=1, max_size=4)},
        optional={"directory": ANY, "environment": st.dictionaries(ANY, ANY, max_size=3)},
    ),
    st.dictionaries(PLAIN, st.recursive(st.none() | st.integers() | ANY, st.lists, max_leaves=4), max_size=3),
)


@st.composite
def drafts(draw: st.DrawFn) -> ReportDraft:
    return ReportDraft(
        name=draw(ANY),
        runner=draw(st.sampled_from(["sql", "command", "theirs"])),
        parameters=draw(PARAMETERS),
        schedule=draw(st.none() | ANY),
        timezone=draw(ANY),
        timeout=draw(st.none() | st.floats(0, 1e9)),
        queue=draw(ANY),
        priority=draw(st.integers()),
        misfire=draw(st.sampled_from(["once", "skip"])),
        overlap=draw(st.booleans()),
        max_concurrent=draw(st.none() | st.integers()),
        max_retries=draw(st.integers()),
        retry_delay=draw(st.floats(0, 1e9)),
        on_lost=draw(st.sampled_from(["fail", "requeue"])),
    )


@given(drafts())
def test_what_is_not_touched_stays_as_it_is_to_the_last_bit(draft: ReportDraft) -> None:
    assert draft_of(texts_of(draft), draft) == (draft, [])


@given(drafts(), st.sampled_from([field.key for field in FIELDS if field.runner is None]), PLAIN)
def test_an_edit_of_one_field_changes_no_other(draft: ReportDraft, key: str, text: str) -> None:
    if key == "runner":
        return
    changed, _problems = draft_of({**texts_of(draft), key: text}, draft)
    assert replace(changed, **{key: getattr(draft, key)}) == draft


@given(
    st.lists(
        PLAIN | st.sampled_from(["a b", "", "it's", '"', "\\", "$HOME", "#x", "a\nb"]), min_size=1, max_size=5
    )
)
def test_a_command_reads_back_word_by_word(words: list[str]) -> None:
    texts = {**texts_of(None), **_of(ReportDraft("x", "command", {"command": words}))}
    assert draft_of(texts)[0].parameters["command"] == words


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z_]{1,6}", fullmatch=True), st.sampled_from(["", "a b", "'", "x=y", "\\n"])
    )
)
def test_an_environment_reads_back(environment: dict[str, str]) -> None:
    texts = {
        **texts_of(None),
        **_of(ReportDraft("x", "command", {"command": ["a"], "environment": environment})),
    }
    assert draft_of(texts)[0].parameters.get("environment", {}) == environment


def _of(draft: ReportDraft) -> dict[str, str]:
    return {
        key: text for key, text in texts_of(draft).items() if key.startswith("parameters.") or key == "runner"
    }


@given(drafts())
def test_no_text_steers_a_terminal(draft: ReportDraft) -> None:
    for field in FIELDS:
        text = texts_of(draft)[field.key]
        assert clean(text) == text
        assert field.many_lines or "\n" not in text


@pytest.mark.parametrize(
    ("key", "text", "wrong"),
    [
        ("timeout", "soon", "write it as 45s, 10m or 1h30m"),
        ("retry_delay", "2y", "write it as 45s, 10m or 1h30m"),
        ("priority", "high", "must be a whole number"),
        ("max_concurrent", "1.5", "must be a whole number"),
        ("parameters.command", "sh -c 'open", "a quote or a backslash at its end is left open"),
        ("parameters.environment", "NAME", "write each as NAME=VALUE, in quotes where the value has spaces"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(key: str, text: str, wrong: str) -> None:
    texts = {**texts_of(None), "runner": "command", key: text}
    assert [(each.key, each.reason) for each in draft_of(texts)[1]] == [(key, wrong)]


@pytest.mark.parametrize("text", ["{", "[1]", "nothing"])
def test_parameters_of_another_runner_are_json(text: str) -> None:
    base = ReportDraft("x", "theirs", {"deep": {"list": [1]}})
    changed, problems = draft_of({**texts_of(base), "parameters": text}, base)
    assert [each.key for each in problems] == ["parameters"]
    assert changed.parameters == base.parameters
    assert draft_of({**texts_of(base), "parameters": '{"a": 1}'}, base)[0].parameters == {"a": 1}


def test_empty_fields_say_the_defaults() -> None:
    texts = {field.key: "" for field in FIELDS} | {
        "name": "x",
        "misfire": "once",
        "overlap": "no",
        "on_lost": "fail",
    }
    made, problems = draft_of(texts | {"runner": "sql"})
    assert (made, problems) == (ReportDraft("x", "sql", {}), [])


def test_another_runner_takes_none_of_the_parameters_along() -> None:
    base = ReportDraft("x", "sql", {"source": "s", "query": "q", "format": "csv"})
    values: dict[str, Any] = {**texts_of(base), "runner": "command", "parameters.command": "echo hello"}
    assert draft_of(values, base)[0].parameters == {"command": ["echo", "hello"]}


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("parameters.command[0]", "parameters.command"),
        ("parameters.environment.A.B", "parameters.environment"),
        ("parameters.other", None),
        ("schedule", "schedule"),
        ("", None),
    ],
)
def test_a_problem_finds_its_field(key: str, row: str | None) -> None:
    rows = ["schedule", "parameters.command", "parameters.environment"]
    assert row_of(key, rows) == row


def test_due_times_are_told_on_the_schedules_own_clock() -> None:
    due = datetime(2026, 3, 28, 5, 0, tzinfo=UTC)
    told = firings_text([due, due + timedelta(days=1), due + timedelta(seconds=5)], "Europe/Berlin")
    assert told == "fires Sat 03-28 06:00, Sun 03-29 07:00, Sat 03-28 06:00:05"
    assert firings_text([due], "Nowhere/At all") == ""
    assert firings_text([], "UTC") == ""
