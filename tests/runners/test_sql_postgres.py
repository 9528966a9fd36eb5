import asyncio
import json
import socket
import time
from pathlib import Path

import asyncpg
import pytest

from jobmon_tui.runners.base import Job, Result
from jobmon_tui.runners.output import BoundedOutput
from jobmon_tui.runners.sql import SqlParameters, SqlRunner
from tests.runners.files import inside, lines, read


async def run(
    source: str, query: str, folder: Path, form: str = "csv", timeout: float | None = None
) -> Result:
    parameters = SqlParameters.model_validate({"source": source, "query": query, "format": form})
    return await SqlRunner().run(Job(5, "Warehouse", parameters, folder, timeout), BoundedOutput())


async def test_rows_of_every_kind_arrive(postgres_url: str, reports: Path) -> None:
    query = """select 1 as n, null as nothing, 'Ä' as text, true as yes, '\\xff'::bytea as raw,
        123456789012345678.25::numeric as amount, 0.1::numeric as tenth,
        '2013-01-01 05:00+00'::timestamptz as at,
        array[1,2] as list, '{"a": 1}'::jsonb as doc, int4range(1,5) as range, 'NaN'::float8 as nan,
        '0b7c9c2e-0000-4000-8000-000000000000'::uuid as id"""
    csv = await run(postgres_url, query, reports)
    assert csv.output_path is not None, csv
    assert lines(csv.output_path)[1] == (
        '1,,Ä,true,ff,123456789012345678.25,0.1,2013-01-01T05:00:00+00:00,"[1, 2]","{""a"": 1}","[1, 5)",nan,'
        "0b7c9c2e-0000-4000-8000-000000000000"
    )
    rows = await run(postgres_url.replace("postgresql", "postgresql+asyncpg"), query, reports, "jsonl")
    row = json.loads(read(rows.output_path))
    assert (row["nothing"], row["yes"], row["amount"], row["tenth"]) == (
        None,
        True,
        "123456789012345678.25",
        0.1,
    )
    assert (row["list"], row["nan"]) == ([1, 2], "nan")
    assert (await run(postgres_url, query, reports, "xlsx")).status == "Succeeded"


async def test_many_rows_are_streamed(postgres_url: str, reports: Path) -> None:
    result = await run(postgres_url, "select g from generate_series(1, 20000) g", reports)
    assert result.rows == 20_000
    assert result.output_path is not None
    assert len(lines(result.output_path)) == 20_001


@pytest.mark.parametrize(
    ("query", "summary"),
    [
        ("select * from nope", 'relation "nope" does not exist'),
        ("select 1; select 2", "more than one statement"),
        ("create table t(a int)", "returns no rows"),
        ("commit", "returns no rows"),
        ("select nextval('counter')", "may only read"),
        ("select 1 / 0", "division by zero"),
        ("", None),
    ],
)
async def test_what_is_no_single_reading_statement_is_refused(
    postgres_url: str, reports: Path, query: str, summary: str | None
) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("create sequence if not exists counter")
    await connection.close()
    if summary is None:
        with pytest.raises(ValueError, match="SELECT"):
            await run(postgres_url, query, reports)
        return
    result = await run(postgres_url, query, reports)
    assert result.status == "Failed"
    assert summary in str(result.summary)
    assert query in str(result.detail)
    assert inside(reports) == []


@pytest.mark.parametrize("wait", [0, 0.005, 0.02, 0.3])
@pytest.mark.parametrize(
    "query", ["select pg_sleep(100), 'm{}'", "select 'm{}' from generate_series(1, 1000000000)"]
)
async def test_a_cancel_stops_the_query_on_the_server_too(
    postgres_url: str, reports: Path, wait: float, query: str
) -> None:
    query = query.format(f"{wait}")
    task = asyncio.create_task(run(postgres_url, query, reports))
    await asyncio.sleep(wait)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 4
    assert inside(reports) == []
    connection = await asyncpg.connect(postgres_url)
    running = await connection.fetchval(
        "select count(*) from pg_stat_activity where query = $1 and pid <> pg_backend_pid()", query
    )
    await connection.close()
    assert running == 0


async def test_a_server_that_is_not_there_is_named_without_the_password(reports: Path) -> None:
    result = await run("postgresql://me:hunter2@127.0.0.1:1/shop", "select 1", reports)
    assert result.summary is not None
    assert result.summary.startswith("PostgreSQL shop on 127.0.0.1:1 cannot be reached")
    assert "hunter2" not in str(result)


async def test_an_unknown_database_is_named(postgres_url: str, reports: Path) -> None:
    result = await run(postgres_url.replace("/postgres?", "/nowhere?"), "select 1", reports)
    assert 'database "nowhere" does not exist' in str(result.summary)


async def test_a_server_that_says_nothing_is_not_waited_for(
    reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jobmon_tui.runners.sql_postgres

    monkeypatch.setattr(jobmon_tui.runners.sql_postgres, "CONNECT_TIMEOUT", 0.3)

    # It takes connections and never reads one.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = await run(f"postgresql://me@127.0.0.1:{port}/shop", "select 1", reports)
    assert result.summary == f"PostgreSQL shop on 127.0.0.1:{port} did not answer within 0.3 s"


async def test_a_query_longer_than_its_patience_ends(
    postgres_url: str, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jobmon_tui.runners.sql_postgres

    monkeypatch.setattr(jobmon_tui.runners.sql_postgres, "COMMAND_TIMEOUT", 0.2)
    result = await run(postgres_url, "select pg_sleep(60)", reports, timeout=0.3)
    assert "gave no answer for 0.5 s" in str(result.summary)
