"""Real workers that serve some queues, on both databases; on PostgreSQL, workers that die with tickets."""

import asyncio
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from jobmon_tui.storage.policy_queries import LOST_TOO_OFTEN
from jobmon_tui.storage.postgres.source import PgSource
from tests.backends import Place
from tests.e2e.faults.size import WHOLE
from tests.e2e.faults.stage import LOST_WITHIN, Stage, sh, wait_until
from tests.e2e.faults.truths import assert_sound_on

AT_ONCE = 10.0
"""Seconds within which a worker that is alive takes what is ready, its own start included."""
_DIES = """
import asyncio, os, sys
from jobmon_tui.storage.postgres.claims import PgClaims
from jobmon_tui.storage.postgres.source import PgSource
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.queue import DatabaseQueue
from scheduler.ports import WorkerInfo

def die(*_arguments):
    os.kill(os.getpid(), 9)

async def main() -> None:
    async with await PostgresDatabase.open(PgSource(sys.argv[1], "jobmon")) as store:
        queue = DatabaseQueue(store)
        await queue.register(WorkerInfo("dies", "here", os.getpid(), "0", 9))
        if sys.argv[2] == "committed":
            assert await queue.offer(9) == [int(sys.argv[3])]
            die()
        PgClaims.start = die
        await queue.take(9, "dies")

asyncio.run(main())
"""


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return tmp_path / "jobmon.db"
    return PgSource(request.getfixturevalue("postgres_database"), "jobmon")


def test_a_worker_runs_what_stands_in_its_queues_and_nothing_else(place: Place, tmp_path: Path) -> None:
    names = {"Default": "default", "Nightly": "nightly", "Heavy": "heavy"}
    stage = Stage(tmp_path, [sh(name, ":", queue=queue) for name, queue in names.items()], place)
    with stage.working("--queue", "nightly", "--queue", "default"):
        ids = {name: stage.queue(name) for name in ("Heavy", "Nightly", "Default")}
        wait_until(
            lambda: {stage.status_of(ids[name])[0] for name in ("Nightly", "Default")} == {"Succeeded"}, 20
        )
        assert stage.status_of(ids["Heavy"]) == ("Queued", None)
        stage.environment["JOBMON_QUEUES"] = "heavy"
        with stage.working():
            wait_until(lambda: stage.status_of(ids["Heavy"])[0] == "Succeeded", 20)


@pytest.mark.parametrize("moment", ["in the transaction", "committed"])
def test_a_worker_that_dies_before_it_starts_anything_keeps_nothing(
    moment: str, postgres_database: str, tmp_path: Path
) -> None:
    if moment == "committed" and not WHOLE:
        pytest.skip("waits until a ticket counts as not used: runs in make faults")
    source = PgSource(postgres_database, "jobmon")
    stage = Stage(tmp_path, [sh("Plain", ":")], source)
    execution_id = stage.queue("Plain")

    async def die() -> int:
        arguments = (sys.executable, "-c", _DIES, source.dsn, moment, str(execution_id))
        return await (await asyncio.create_subprocess_exec(*arguments)).wait()

    assert asyncio.run(die()) == -signal.SIGKILL
    assert stage.status_of(execution_id) == ("Queued", None)
    died = time.monotonic()
    with stage.working():
        within = LOST_WITHIN if moment == "committed" else AT_ONCE
        wait_until(lambda: stage.status_of(execution_id)[0] == "Succeeded", within)
        print(f"{moment}: run {time.monotonic() - died:.1f} s after it was in dead hands")
    assert_sound_on(source)


@pytest.mark.skipif(not WHOLE, reason="waits until four workers are taken for lost: runs in make faults")
def test_what_kills_each_worker_is_stopped_and_says_so(postgres_database: str, tmp_path: Path) -> None:
    source = PgSource(postgres_database, "jobmon")
    begun = tmp_path / "begun"
    script = f"echo $JOBMON_EXECUTION_ID >> {begun}; sleep 600"
    stage = Stage(tmp_path, [sh("Poison", script, on_lost="requeue"), sh("Plain", ":")], source)
    stage.queue("Poison")

    def statuses() -> list[tuple[str, str | None]]:
        query = "SELECT status, error FROM job_execution_log WHERE report = 'Poison' ORDER BY id"
        return [(status, error) for status, error in stage.ask(query)]

    def runs() -> list[str]:
        return begun.read_text(encoding="utf-8").split() if begun.exists() else []

    # The one that watches serves another queue, and so is never the one that is killed.
    with stage.working("--queue", "elsewhere"):
        while not any(LOST_TOO_OFTEN in (error or "") for _, error in statuses()):
            count = len(statuses())
            victim = stage.start_worker()
            wait_until(lambda n=count: len(runs()) == n, 20)
            victim.kill()
            victim.wait()
            wait_until(lambda n=count: statuses()[n - 1][0] == "Failed", LOST_WITHIN)
            assert count < 10, statuses()
    assert {status for status, _ in statuses()} == {"Failed"}
    with stage.working():
        stage_id = stage.queue("Plain")
        wait_until(lambda: stage.status_of(stage_id)[0] == "Succeeded", AT_ONCE)
    times = Counter(runs())
    assert set(times.values()) == {1}
    # A worker may be killed before its command has written that it began.
    assert 0 < len(times) <= len(statuses())
    assert_sound_on(source)
