"""A PostgreSQL server that crashes, restarts and turns read-only under real workers and clients."""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobmon_tui.domain.errors import ErrorCode, JobmonError, UnclearOutcomeError
from jobmon_tui.domain.execution import Status
from jobmon_tui.services.records import ExecutionFilter
from jobmon_tui.services.retry import retry_execution
from jobmon_tui.services.run_report import run_report
from jobmon_tui.storage.postgres.database import PostgresDatabase
from jobmon_tui.storage.postgres.source import PgSource
from tests import postgres
from tests.backends import raw_at
from tests.conformance.world import ADMIN
from tests.e2e.faults.size import WHOLE, rounds, seed
from tests.e2e.faults.stage import Stage, sh, wait_until
from tests.e2e.faults.truths import assert_sound_on
from tests.postgres import OwnServer

BACK_WITHIN = 10.0
"""Seconds from the moment at which the server takes connections again."""
_FAILED = ExecutionFilter(frozenset({Status.FAILED}))


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    """A server that nobody else uses."""
    with postgres.own_server() as started:
        yield started


@pytest.fixture
def place(own_server: OwnServer) -> Iterator[PgSource]:
    """A database on it."""
    with postgres.database(own_server.url, postgres.make_template(own_server.url)) as url:
        yield PgSource(url, "jobmon")


class Clients(threading.Thread):
    """Operators who run reports and retry what has failed, and remember what they were told."""

    def __init__(self, source: PgSource) -> None:
        super().__init__()
        self._source = source
        self.done = threading.Event()
        self.acknowledged: list[tuple[int | None, int]] = []
        """What was retried, if it was a retry, and the id of what was queued."""
        self.refused: list[JobmonError] = []
        self.last = 0.0
        """When something was acknowledged for the last time."""

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        async with await PostgresDatabase.open(self._source) as database:
            await asyncio.gather(*[self._one(database, number) for number in range(2)])

    async def _one(self, database: PostgresDatabase, number: int) -> None:
        count = number
        while not self.done.is_set():
            count += 1
            try:
                self.acknowledged.append(await self._change(database, count))
                self.last = time.monotonic()
            except JobmonError as error:
                self.refused.append(error)
            await asyncio.sleep(0.1)

    async def _change(self, database: PostgresDatabase, count: int) -> tuple[int | None, int]:
        failed = await database.read(lambda transaction: transaction.executions(_FAILED, 20))
        ready = [each.id for each in failed if each.retried_by is None]
        if count % 3 and ready:
            chosen = random.choice(ready)
            return chosen, (await retry_execution(database, ADMIN, chosen)).new_id
        report = ("Fails", "Works")[count % 2]
        return None, (await run_report(database, ADMIN, report)).execution.id


def test_the_server_restarts_under_load_and_nothing_is_lost_or_done_twice(
    own_server: OwnServer, place: PgSource, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    script = f"echo $JOBMON_EXECUTION_ID >> {begun}; exit "
    stage = Stage(tmp_path, [sh("Works", script + "0"), sh("Fails", script + "1")], place)
    dice, slowest = random.Random(seed()), 0.0
    clients = Clients(place)
    with stage.working("--concurrency", "4"), stage.working("--concurrency", "4"):
        clients.start()
        try:
            for number in range(rounds(3, 20)):
                time.sleep(dice.uniform(0.5, 2.0))
                # Away for longer than a unit of work is begun anew, every third time.
                own_server.restart(crash=number % 2 == 0, away=0.0 if number % 3 else 3.0)
                ready, size = time.monotonic(), begun.stat().st_size
                wait_until(
                    lambda ready=ready, size=size: clients.last > ready and begun.stat().st_size > size,
                    BACK_WITHIN,
                    "clients or workers are not back",
                )
                slowest = max(slowest, time.monotonic() - ready)
        finally:
            clients.done.set()
            clients.join()
        waiting = "SELECT id FROM job_execution_log WHERE status IN ('Queued', 'Running')"
        wait_until(lambda: not stage.ask(waiting), 60, "what was queued was not run")
    assert_sound_on(place)
    rows = dict(stage.ask("SELECT id, retry_of FROM job_execution_log"))
    assert [each for each in clients.acknowledged if each[1] not in rows or rows[each[1]] != each[0]] == []
    # What was not acknowledged is there only where the operator was told that it may be.
    unclear = [each for each in clients.refused if isinstance(each, UnclearOutcomeError)]
    assert len(rows) - len(clients.acknowledged) <= len(unclear)
    assert {each.code for each in clients.refused} <= {
        ErrorCode.STORAGE_UNAVAILABLE,
        ErrorCode.ALREADY_RETRIED,
    }
    starts = Counter(int(each) for each in begun.read_text(encoding="utf-8").split())
    assert starts == Counter(list(rows)), "not each of them ran once"
    lost = stage.ask("SELECT id FROM job_execution_log WHERE error LIKE 'worker lost%'")
    assert lost == []
    print(
        f"{len(rows)} executions, {len(clients.refused)} refusals ({len(unclear)} unclear); "
        f"back after {slowest:.1f} s at the latest"
    )


def test_a_primary_gone_read_only_is_said_plainly_and_outlived(
    own_server: OwnServer, place: PgSource, tmp_path: Path
) -> None:
    waits = f"while [ ! -e {tmp_path}/go ]; do sleep 0.1; done"
    stage = Stage(tmp_path, [sh("Waits", waits), sh("Fails", "exit 1")], place)
    with stage.working(), stage.working():
        failed = stage.queue("Fails")
        running = stage.queue("Waits")
        wait_until(lambda: stage.status_of(failed)[0] == "Failed", 20)
        wait_until(lambda: stage.status_of(running)[0] == "Running", 20)
        _set_read_only(own_server, "on")
        try:
            refused = stage.run("retry", str(failed), expect=6)
            assert "it can only be read now" in refused.stderr + refused.stdout
            assert "Traceback" not in refused.stderr
            assert [each["id"] for each in stage.json("list")] == [running, failed]
            (tmp_path / "go").touch()
            # Longer than a worker may be silent: where none can beat, none is lost.
            time.sleep(50.0 if WHOLE else 1.0)
            assert stage.status_of(running)[0] == "Running"
        finally:
            _set_read_only(own_server, "off")
        wait_until(lambda: stage.status_of(running) == ("Succeeded", None), BACK_WITHIN)
        stage.run("retry", str(failed))
        if WHOLE:
            time.sleep(15)
    assert stage.status_of(running) == ("Succeeded", None)
    assert raw_at(place)("SELECT count(*) FROM job_execution_log WHERE error LIKE 'worker lost%'") == [(0,)]
    assert_sound_on(place)


def _set_read_only(server: OwnServer, state: str) -> None:
    postgres.execute(server.url, f"ALTER SYSTEM SET default_transaction_read_only = {state}")
    postgres.execute(server.url, "SELECT pg_reload_conf()")
