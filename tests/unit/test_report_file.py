"""Report files: each mistake is named by line and key, and what is written reads back to the same."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobmon_tui.bootstrap import report_catalog
from jobmon_tui.cli.report_file import read_report_file, report_file_text
from jobmon_tui.cli.toml_text import pairs_text
from jobmon_tui.domain.errors import ErrorCode, JobmonError
from jobmon_tui.domain.report import ReportDraft, snapshot_text
from jobmon_tui.domain.times import length_text, parse_length
from jobmon_tui.services.reports import check_draft
from jobmon_tui.toml_lines import key_lines

GOOD = """\
# Two reports.
[[report]]
name = "Departures"
runner = "sql"
schedule = "0 6 * * 1-5"
timezone = "Europe/Berlin"
timeout = "1h30m"
[report.parameters]
source = "sqlite:///data/flights.db"
query = '''
select 1 as "[[report]]" -- "a
'''

[[report]]
name = "Backup"
runner = "command"
timeout = 90
max_concurrent = 1
retry_delay = "10m"
[report.parameters]
command = ["bin/backup", "data/x"]
"""


def _refused(path: Path) -> list[str]:
    with pytest.raises(JobmonError) as refusal:
        read_report_file(path)
    assert refusal.value.code is ErrorCode.INVALID_INPUT
    return refusal.value.message.split("\n")


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "reports.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_has_absolute_paths_and_seconds(tmp_path: Path) -> None:
    departures, backup = read_report_file(_file(tmp_path, GOOD))
    assert departures.parameters["source"] == f"sqlite:///{tmp_path}/data/flights.db"
    assert departures.parameters["query"] == 'select 1 as "[[report]]" -- "a\n'
    assert (departures.timeout, departures.schedule) == (5_400.0, "0 6 * * 1-5")
    assert (departures.timezone, backup.timezone) == ("Europe/Berlin", "UTC")
    # The program is found beside the file; its arguments are its own business.
    assert backup.parameters["command"] == [f"{tmp_path}/bin/backup", "data/x"]
    assert backup.parameters["directory"] == str(tmp_path)
    assert (backup.timeout, backup.schedule) == (90.0, None)
    assert (backup.max_concurrent, backup.retry_delay) == (1, 600.0)
    assert (departures.max_concurrent, departures.retry_delay, departures.misfire) == (None, 60.0, "once")


def test_paths_are_relative_to_the_file_not_to_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    _file(tmp_path / "inner", GOOD)
    monkeypatch.chdir(tmp_path)
    departures, backup = read_report_file(Path("inner/reports.toml"))
    assert departures.parameters["source"] == f"sqlite:///{tmp_path}/inner/data/flights.db"
    assert backup.parameters["directory"] == f"{tmp_path}/inner"


@pytest.mark.parametrize(
    ("wrong", "right", "line", "words"),
    [
        ('schedule = "0 6 * *"', 'schedule = "0 6 * * 1-5"', 5, ("schedule", "has 4 fields")),
        ('schedule = "61 6 * * *"', 'schedule = "0 6 * * 1-5"', 5, ("schedule", "minute")),
        ("schedule = 6", 'schedule = "0 6 * * 1-5"', 5, ("schedule", "must be text")),
        ('shedule = "0 6 * * *"', 'schedule = "0 6 * * 1-5"', 5, ('unknown key "shedule"', '"schedule"')),
        ('timezone = "Mars"', 'timezone = "Europe/Berlin"', 6, ("time zone", "Mars")),
        ('timeout = "soon"', 'timeout = "1h30m"', 7, ("timeout", "10m")),
        ("timeout = -1", 'timeout = "1h30m"', 7, ("timeout",)),
        ("timeout = nan", 'timeout = "1h30m"', 7, ("timeout",)),
        ("timeout = true", 'timeout = "1h30m"', 7, ("timeout",)),
        ('runner = "spl"', 'runner = "sql"', 4, ("runner", "spl", "known are command, sql")),
        ("", 'runner = "sql"', 2, ("runner", "missing")),
        ("", 'name = "Departures"', 2, ("name", "missing")),
        ('name = " "', 'name = "Departures"', 3, ("name",)),
        ('name = "Departures"', 'name = "Backup"', 15, ("name", "line 3")),
        ("formt = \"csv\"\nquery = '''", "query = '''", 10, ("formt", "format")),
        ('source = "nonsense"', 'source = "sqlite:///data/flights.db"', 9, ("source",)),
        ('command = "ls -l"', 'command = ["bin/backup", "data/x"]', 21, ("command", "list")),
        ("command = []", 'command = ["bin/backup", "data/x"]', 21, ("command",)),
        ('misfire = "twice"', "max_concurrent = 1", 18, ("misfire", '"once" or "skip"')),
        ("misfire = 1", "max_concurrent = 1", 18, ("misfire", "must be text")),
        ('on_lost = "retry"', "max_concurrent = 1", 18, ("on_lost", '"fail" or "requeue"')),
        ('overlap = "yes"', "max_concurrent = 1", 18, ("overlap", "true or false")),
        ("max_concurrent = 0", "max_concurrent = 1", 18, ("max_concurrent", "from 1 to 10,000")),
        ('max_concurrent = "2"', "max_concurrent = 1", 18, ("max_concurrent", "whole number")),
        ("max_retries = true", "max_concurrent = 1", 18, ("max_retries", "whole number")),
        ("max_retries = 101", "max_concurrent = 1", 18, ("max_retries", "from 0 to 100")),
        ("max_retrys = 1", "max_concurrent = 1", 18, ('unknown key "max_retrys"', '"max_retries"')),
        ('retry_delay = "soon"', 'retry_delay = "10m"', 19, ("retry_delay", "10m")),
        ("retry_delay = -1", 'retry_delay = "10m"', 19, ("retry_delay", "between")),
        ("retry_delay = true", 'retry_delay = "10m"', 19, ("retry_delay", "10m")),
        ('extra = "x"\n[[report]]', "# Two reports.\n[[report]]", 1, ('unknown key "extra"',)),
    ],
)
def test_a_mistake_is_named_by_line_and_key(
    tmp_path: Path, wrong: str, right: str, line: int, words: tuple[str, ...]
) -> None:
    assert right in GOOD
    said = _refused(_file(tmp_path, GOOD.replace(right, wrong, 1)))
    assert len(said) == 1, said
    assert said[0].startswith(f"reports.toml:{line}: "), said
    for word in words:
        assert word in said[0]


def test_all_mistakes_are_told_in_the_order_of_lines(tmp_path: Path) -> None:
    text = GOOD.replace("0 6 * *", "99 6 * *").replace("1h30m", "soon").replace('"bin/backup", ', "1, ")
    said = _refused(_file(tmp_path, text.replace("source =", "sauce =")))
    assert [each.split(":")[1] for each in said] == ["5", "7", "8", "9", "21"]


@pytest.mark.parametrize(
    ("body", "start"),
    [
        (b"[[report]]\nname = \n", "reports.toml:2: this is not TOML"),
        (b"[[report]]\nname = 'x'\nname = 'y'\n", "reports.toml:3: this is not TOML"),
        (b"\xff\xfe", "{path}: it is not UTF-8 text."),
        (b"", "reports.toml:1: there is no report in it"),
        (b"report = 3", "reports.toml:1: report: "),
        (b"a = " + b"[" * 5_000, "reports.toml:"),
    ],
)
def test_what_is_no_report_file_is_refused_in_one_line(tmp_path: Path, body: bytes, start: str) -> None:
    path = tmp_path / "reports.toml"
    path.write_bytes(body)
    said = _refused(path)
    assert len(said) == 1
    assert said[0].startswith(start.format(path=path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert _refused(tmp_path / "none.toml") == [f"{tmp_path}/none.toml: No such file or directory."]
    assert _refused(tmp_path) == [f"{tmp_path}: Is a directory."]


# What a report can hold once its name and its parameters were checked and cleaned.
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_number = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
_scalar = st.one_of(_text, st.booleans(), _number)
_value = st.recursive(
    _scalar,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_text, inner, max_size=4)),
    max_leaves=8,
)
_catalog = report_catalog()
_argument = _text.map(lambda text: text.replace("\0", ""))
_sql = st.builds(
    lambda query, kind, source: ("sql", {"query": f"select {query}", "format": kind, "source": source}),
    _argument.filter(lambda text: "${" not in text),
    st.sampled_from(["csv", "jsonl", "xlsx"]),
    st.just("sqlite:////var/lib/x.db"),
)
_command = st.builds(
    lambda words, variables: (
        "command",
        {"command": ["prog", *words], "directory": "/tmp", "environment": variables},
    ),
    st.lists(_argument.filter(lambda text: "${" not in text and "://" not in text), max_size=4),
    st.dictionaries(st.from_regex(r"[A-Z]{1,6}", fullmatch=True), st.just('a\nb\t"c" \\ é'), max_size=2),
)
_drafts = st.builds(
    lambda name, kind, schedule, timeout, priority, policies: ReportDraft(
        name=name,
        runner=kind[0],
        parameters=kind[1],
        schedule=schedule,
        timeout=timeout,
        priority=priority,
        **policies,
    ),
    _text.filter(lambda text: text.strip() != ""),
    st.one_of(_sql, _command),
    st.sampled_from([None, "*/5 * * * *"]),
    st.one_of(
        st.none(),
        st.integers(1, 10**6).map(float),
        st.floats(0.001, 1e6, allow_nan=False, allow_infinity=False),
    ),
    st.integers(-5, 5),
    st.fixed_dictionaries(
        {},
        optional={
            "misfire": st.sampled_from(["once", "skip"]),
            "overlap": st.booleans(),
            "max_concurrent": st.one_of(st.none(), st.integers(1, 10_000)),
            "max_retries": st.integers(0, 100),
            "retry_delay": st.one_of(st.integers(0, 10**6).map(float), st.floats(0, 1e6)),
            "on_lost": st.sampled_from(["fail", "requeue"]),
        },
    ),
)


@given(st.lists(_drafts, min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_export_and_import_give_the_same(tmp_path: Path, drafts: list[ReportDraft]) -> None:
    checked = []
    for draft in drafts:
        try:
            kept = check_draft(_catalog, draft)
        except JobmonError:
            continue
        if kept.name not in {each.name for each in checked}:
            checked.append(kept)
    if checked:
        read = read_report_file(_file(tmp_path, report_file_text(checked)), _catalog)
        assert [snapshot_text(each) for each in read] == [snapshot_text(each) for each in checked]


@given(st.dictionaries(_text, _value, max_size=5))
@settings(max_examples=300)
def test_what_is_written_is_toml_of_the_same_value(values: dict[str, Any]) -> None:
    assert tomllib.loads(pairs_text(values)) == values


@given(st.lists(st.dictionaries(_text, _value, min_size=1, max_size=4), min_size=1, max_size=4))
def test_each_key_is_found_in_its_line(tables: list[dict[str, Any]]) -> None:
    text = "\n".join(f"# [[report]] 'x\n[[report]]\n{pairs_text(each)}" for each in tables)
    found = key_lines(text)
    lines = text.split("\n")
    for number, table in enumerate(tables):
        assert lines[found["report", number] - 1] == "[[report]]"
        for key in table:
            start = lines[found["report", number, key] - 1]
            assert pairs_text({key: table[key]}).startswith(start)


@given(st.integers(1, 366 * 86_400))
def test_a_length_of_time_reads_back(seconds: int) -> None:
    written = length_text(float(seconds))
    assert written is not None
    assert parse_length(written) == seconds


@pytest.mark.parametrize("text", ["", " ", "m", "1.5h", "5x", "-1m", "m5", "1h 30m", "٣m", "9" * 400])
def test_lengths_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it|longer"):
        parse_length(text)


def test_a_plain_number_is_seconds() -> None:
    assert (parse_length("10"), parse_length("1.5")) == (10.0, 1.5)
