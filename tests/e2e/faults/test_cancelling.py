"""What is cancelled, or runs out of time, is gone: with all that it started, and in the database it asked."""

import asyncio
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import asyncpg

from jobmon_tui.domain.report import ReportDraft
from tests.e2e.faults.size import rounds
from tests.e2e.faults.stage import Stage, cpu_seconds, py, wait_until
from tests.e2e.faults.trees import TREES, script
from tests.e2e.faults.truths import assert_sound
from tests.runners.processes import mark, marked, wait_until_gone

GONE_WITHIN = 15.0
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
CANCELLED = ("Cancelled", "cancelled by ada")


def _still(stage: Stage) -> list[tuple[object, ...]]:
    return stage.ask("SELECT id FROM job_execution_log WHERE status IN ('Queued', 'Running')")


def _ready(stage: Stage) -> set[object]:
    return {each for (each,) in stage.ask("SELECT execution_id FROM execution_output")}


def test_no_child_survives_a_cancel_or_a_timeout_whatever_it_does(tmp_path: Path) -> None:
    word = mark()
    reports = [py(kind, script(kind), word) for kind in TREES]
    reports += [py(f"{kind}, timed", script(kind), word, timeout=2.0) for kind in TREES]
    stage = Stage(tmp_path, reports)
    with stage.working("--concurrency", "32"):
        for _ in range(rounds(1, 10)):
            cancelled = [stage.queue(kind) for kind in TREES]
            timed = [stage.queue(f"{kind}, timed") for kind in TREES]
            wait_until(lambda ids=cancelled: _ready(stage) >= set(ids), 20, "they did not start")
            stage.run("cancel", *map(str, cancelled))
            wait_until_gone(word, GONE_WITHIN)
            wait_until(lambda: not _still(stage), 5, "gone, but not recorded")
            assert {stage.status_of(each) for each in cancelled} == {CANCELLED}
            assert {stage.status_of(each) for each in timed} == {("Failed", "timed out after 2s")}
    assert_sound(stage.database)


def test_no_child_survives_the_death_of_its_worker(tmp_path: Path) -> None:
    word = mark()
    stage = Stage(tmp_path, [py(kind, script(kind), word) for kind in TREES])
    for number in (signal.SIGKILL, signal.SIGHUP)[: rounds(1, 2)]:
        worker = stage.start_worker("--concurrency", "32")
        for kind in TREES:
            stage.queue(kind)
        wait_until(lambda: len(marked(word)) > 2 * len(TREES), 20, "they did not start")
        time.sleep(1.0)
        worker.send_signal(number)
        worker.wait(timeout=GONE_WITHIN)
        wait_until_gone(word, GONE_WITHIN)


def test_a_query_on_sqlite_is_really_interrupted(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    with closing(sqlite3.connect(source)) as made:
        made.execute("CREATE TABLE empty (id)")
    parameters = {"source": f"sqlite:///{source}", "query": ENDLESS, "format": "csv"}
    stage = Stage(
        tmp_path,
        [
            ReportDraft("Endless", "sql", parameters),
            ReportDraft("Timed", "sql", parameters, timeout=1.0),
        ],
    )
    with stage.working() as worker:
        cancelled, timed = stage.queue("Endless"), stage.queue("Timed")
        stage.wait_for_status(cancelled, ["Running"])
        stage.wait_for_status(timed, ["Failed"])
        stage.run("cancel", str(cancelled))
        stage.wait_for_status(cancelled, ["Cancelled"], seconds=GONE_WITHIN)
        assert stage.status_of(cancelled) == CANCELLED
        assert stage.status_of(timed) == ("Failed", "timed out after 1s")
        before = cpu_seconds(worker.pid)
        time.sleep(2.0)
        after = cpu_seconds(worker.pid)
        assert before is not None
        assert after is not None
        assert after - before < 0.5, "something still counts"
    assert [each for each in (tmp_path / "reports").iterdir() if each.is_file()] == []


async def _asked_of(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        others = (
            "SELECT query FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return [row["query"] for row in await connection.fetch(others)]
    finally:
        await connection.close()


def test_a_query_on_postgresql_is_really_interrupted(tmp_path: Path, postgres_url: str) -> None:
    # One that never gives a row, and one that never stops giving them.
    queries = {"silent": "select pg_sleep(600)", "endless": "select * from generate_series(1, 1000000000000)"}
    parameters = {
        name: {"source": postgres_url, "query": query, "format": "csv"} for name, query in queries.items()
    }
    reports = [ReportDraft(name, "sql", given) for name, given in parameters.items()]
    reports += [
        ReportDraft(f"{name}, timed", "sql", given, timeout=1.0) for name, given in parameters.items()
    ]
    stage = Stage(tmp_path, reports)
    with stage.working():
        cancelled = [stage.queue(name) for name in queries]
        timed = [stage.queue(f"{name}, timed") for name in queries]
        for query in queries.values():
            wait_until(lambda sent=query: sent in str(asyncio.run(_asked_of(postgres_url))), 10, "not sent")
        for each in timed:
            stage.wait_for_status(each, ["Failed"])
        stage.run("cancel", *map(str, cancelled))
        wait_until(lambda: not _still(stage), GONE_WITHIN)
        assert {stage.status_of(each) for each in cancelled} == {CANCELLED}
        assert {stage.status_of(each) for each in timed} == {("Failed", "timed out after 1s")}
        assert asyncio.run(_asked_of(postgres_url)) == []
    assert [each for each in (tmp_path / "reports").iterdir() if each.is_file()] == []
