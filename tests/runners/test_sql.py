import hashlib
import json
import os
import resource
import sqlite3
import stat
from pathlib import Path

import openpyxl
import pytest

from jobmon_tui.runners.base import Result
from tests.runners.files import inside, lines, moved, read, there, write
from tests.runners.sql_reports import run


async def test_csv_has_a_header_and_values_as_they_are(database: Path, reports: Path) -> None:
    query = "select id, origin, delay, raw, '=1+1, \"x\"' as formula from flight order by id limit 2"
    result = await run(database, query, reports)
    path = reports / "departs-by-airport-4712.csv"
    written = read(path).decode()
    digest = hashlib.sha256(written.encode()).hexdigest()
    assert result == Result("Succeeded", None, None, path, 2, len(written.encode()), digest)
    assert written == (
        'id,origin,delay,raw,formula\r\n0,,0.0,00,"=1+1, ""x"""\r\n1,Ä1,0.5,01,"=1+1, ""x"""\r\n'
    )


async def test_json_lines_keep_null_and_make_names_unique(database: Path, reports: Path) -> None:
    query = "select id, id, origin as id, raw, 1e999 as big, 9007199254740993 as exact from flight limit 1"
    result = await run(database, query, reports, format="jsonl")
    assert result.output_path is not None
    assert [json.loads(line) for line in lines(result.output_path)] == [
        {"id": 0, "id_2": 0, "id_3": None, "raw": "00", "big": "inf", "exact": 9007199254740993}
    ]


async def test_xlsx_holds_text_as_text_and_long_numbers_unrounded(database: Path, reports: Path) -> None:
    query = """select '=1+1' a, 'https://x.y' b, 123456789012345 c, 1234567890123456 d, 1.5 e, null f,
        '007' g, x'ff' h"""
    result = await run(database, query, reports, format="xlsx")
    assert result.output_path is not None
    whole = read(result.output_path)
    assert (result.rows, result.size) == (1, len(whole))
    assert result.sha256 == hashlib.sha256(whole).hexdigest()
    sheet = openpyxl.load_workbook(result.output_path).active
    assert [cell.value for cell in sheet[1]] == list("abcdefgh")
    row = sheet[2]
    assert [cell.value for cell in row] == [
        "=1+1", "https://x.y", 123456789012345, "1234567890123456", 1.5, None, "007", "ff"
    ]  # fmt: skip
    assert row[0].data_type == "s"
    assert row[1].hyperlink is None


async def test_every_row_arrives_over_several_batches(database: Path, reports: Path) -> None:
    result = await run(database, "select id from flight order by id", reports)
    assert (result.rows, result.output_path) == (1200, reports / "departs-by-airport-4712.csv")
    assert lines(result.output_path) == ["id", *(str(n) for n in range(1200))]


async def test_the_file_is_private_and_nothing_lies_beside_it(database: Path, reports: Path) -> None:
    before = os.umask(0)
    try:
        for form in ("csv", "jsonl", "xlsx"):
            await run(database, "select 1", reports, format=form)
    finally:
        os.umask(before)
    files = inside(reports)
    assert [file.suffix for file in files] == [".csv", ".jsonl", ".xlsx"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {file.stat().st_nlink for file in files} == {1}


async def test_a_file_of_another_execution_is_never_replaced(database: Path, reports: Path) -> None:
    first = await run(database, "select 1 as a", reports)
    second = await run(database, "select 2 as a", reports)
    assert first.output_path != second.output_path == reports / "departs-by-airport-4712-2.csv"
    assert first.output_path is not None
    assert first.output_path.read_text().split() == ["a", "1"]


async def test_a_filename_takes_the_place_of_the_reports_name(database: Path, reports: Path) -> None:
    result = await run(database, "select 1", reports, filename="daily Ärger.csv")
    assert result.output_path == reports / "daily Ärger-4712.csv"


async def test_text_that_is_no_utf_8_does_not_stop_a_report(database: Path, reports: Path) -> None:
    result = await run(database, "select cast(x'41ff42' as text) as t", reports)
    assert result.output_path is not None
    assert result.output_path.read_text().split() == ["t", "A\ufffdB"]


@pytest.mark.parametrize(
    ("query", "summary"),
    [
        ("select * from nope", "no such table: nope"),
        ("selekt 1", 'near "selekt": syntax error'),
        ("select 1; select 2", "more than one statement"),
        ("select 1; drop table flight", "more than one statement"),
        ("delete from flight", "may only read"),
        ("insert into flight(id) values (99999) returning id", "may only read"),
        ("vacuum into '{folder}/copy.db'", "may only read"),
        ("attach '{folder}/other.db' as other", "may only read"),
        ("create temp table t(a)", "returns no rows"),
        ("-- only a remark", "returns no rows"),
    ],
)
async def test_what_is_no_single_reading_statement_is_refused(
    database: Path, reports: Path, query: str, summary: str
) -> None:
    query = query.format(folder=reports)
    before = read(database)
    result = await run(database, query, reports)
    assert result.status == "Failed"
    assert summary in str(result.summary)
    assert query in str(result.detail)
    assert inside(reports) == []
    assert read(database) == before


@pytest.mark.parametrize(
    "query",
    ["select 1;", "select 1 -- end", "with a as (select 1) select * from a", "pragma table_info(flight)",
     "select value from json_each('[1]')", "explain query plan select 1", "values (1)"],
)  # fmt: skip
async def test_whatever_returns_rows_is_a_report(database: Path, reports: Path, query: str) -> None:
    assert (await run(database, query, reports)).status == "Succeeded"


async def test_a_missing_or_foreign_file_is_named(tmp_path: Path, reports: Path) -> None:
    assert (await run(tmp_path / "no.db", "select 1", reports)).summary == (
        f"there is no database file {tmp_path}/no.db"
    )
    assert not there(tmp_path / "no.db")
    foreign = tmp_path / "foreign.db"
    write(foreign, "this is a text file, and a long one at that" * 50)
    assert (await run(foreign, "select * from t", reports)).summary == f"{foreign} is not a SQLite database"


async def test_a_database_in_wal_mode_is_read_while_another_writes(database: Path, reports: Path) -> None:
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("pragma journal_mode=wal")
    writer.execute("begin immediate")
    writer.execute("delete from flight")
    result = await run(database, "select count(*) from flight", reports)
    writer.close()
    assert result.output_path is not None
    assert "1200" in result.output_path.read_text()


async def test_an_awkward_path_is_opened(database: Path, reports: Path, tmp_path: Path) -> None:
    odd = moved(database, tmp_path / "50% #1? ü.db")
    assert (await run(odd, "select 1", reports)).status == "Succeeded"


async def test_an_output_folder_that_is_none_is_told(database: Path, tmp_path: Path) -> None:
    write(tmp_path / "file", "")
    result = await run(database, "select 1", tmp_path / "file")
    assert result.summary == f"the output folder {tmp_path}/file is not there, or not a folder"


async def test_a_sheet_that_is_full_says_which_formats_are_not(
    database: Path, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobmon_tui.runners.writers.EXCEL_ROWS", 1000)
    result = await run(database, "select id from flight", reports, format="xlsx")
    assert (
        result.summary
        == "an xlsx sheet holds 999 rows below its header, and there are more; use csv or jsonl"
    )
    assert inside(reports) == []


async def test_a_cell_that_excel_would_cut_is_refused(database: Path, reports: Path) -> None:
    query = "select printf('%.*c', 32768, 'x') as story"
    result = await run(database, query, reports, format="xlsx")
    assert "column “story” has 32,768 characters" in str(result.summary)
    assert (await run(database, query, reports, format="csv")).status == "Succeeded"


async def test_memory_does_not_grow_with_the_rows(database: Path, reports: Path) -> None:
    query = (
        "with recursive n(i) as (select 1 union all select i + 1 from n limit {}) select i, i, hex(i) from n"
    )
    await run(database, query.format(20_000), reports)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = await run(database, query.format(400_000), reports)
    assert result.rows == 400_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000


async def test_a_secret_in_the_query_is_in_no_text(database: Path, reports: Path) -> None:
    secret = "hunter2\x07  'x"
    result = await run(database, f"select 1 from nope where a = '{secret}'", reports, secrets=(secret,))
    assert "hunter2" not in str(result)
    assert "***" in str(result.detail)
