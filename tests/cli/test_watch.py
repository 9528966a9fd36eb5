"""`jobmon watch` as a process: its lines, its ends, and a database that goes away."""

import array
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import update

from jobmon_tui.cli.watch import Wanted
from jobmon_tui.domain.execution import Status
from jobmon_tui.storage.tables import executions
from jobmon_tui.storage.transaction import SqlTransaction
from tests.cli.shell import NOW, Shell, in_postgres
from tests.conformance.world import history, queue_one
from tests.pg_proxy import proxied_beside
from tests.unit.test_following import execution

KEYS = {
    *("id", "report", "status", "trigger", "requested_by", "retry_of", "attempt", "queued_at", "started_at"),
    *("finished_at", "duration_ms", "worker", "configuration_id", "configuration_version"),
    *("configuration_state", "error", "output_path"),
}
_PIPE_SIZE = 1031  # Linux's F_SETPIPE_SZ


class Watch:
    """One watching process; its lines are read beside the test."""

    def __init__(self, *arguments: str, reads: bool = True, **streams: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jobmon_tui", "watch", *arguments],
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
            text=True,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        for kept, stream in (
            (self.out, self.process.stdout if reads else None),
            (self.err, self.process.stderr),
        ):
            if stream is not None:
                threading.Thread(target=self._read, args=(kept, stream), daemon=True).start()

    @staticmethod
    def _read(kept: list[str], stream: object) -> None:
        kept.extend(line.rstrip("\n") for line in stream)  # type: ignore[attr-defined]

    def wait_for(self, condition: Callable[[], object], seconds: float = 20) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, (self.out, self.err, self.process.poll())
            time.sleep(0.02)

    def says(self, *parts: str) -> None:
        self.wait_for(lambda: all(any(part in line for line in self.out) for part in parts))

    def ends(self, number: int | None = None, seconds: float = 10) -> int:
        if number is not None:
            self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def watching(*arguments: str, **more: int) -> Iterator[Watch]:
    made = Watch(*arguments, **more)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        for stream in (made.process.stdout, made.process.stderr):
            if stream is not None:
                stream.close()


def _is_watching(watch: Watch, shell: Shell) -> None:
    """Queue executions until one is told: from then on each one is."""
    watch.wait_for(lambda: shell.write(queue_one) and time.sleep(0.1) is None and watch.out)
    watch.out.clear()


def _fails(transaction: SqlTransaction) -> int:
    found = queue_one(transaction)
    running = {"status": "Running", "started_at": NOW}
    error = "no such table: sales\x1b[2J"
    failed = {"status": "Failed", "finished_at": NOW, "duration_ms": 2000, "error": error}
    for values in (running, failed):
        transaction._connection.execute(update(executions).where(executions.c.id == found).values(**values))
    return found


def _waiting(reading: int) -> int:
    """How many bytes of a pipe nobody has read yet."""
    found = array.array("i", [0])
    fcntl.ioctl(reading, termios.FIONREAD, found)
    return found[0]


def test_each_change_is_a_line_that_says_all_by_itself(shell: Shell) -> None:
    with watching() as watch:
        _is_watching(watch, shell)
        failed = shell.write(_fails)
        watch.says(f"#{failed} Sales: Failed")
        assert shell("retry", str(failed)).code == 0
        watch.says("a retry of")
        waiting = shell.write(queue_one)
        watch.says(f"#{waiting} Sales: Queued")
        assert shell("cancel", str(waiting)).code == 0
        watch.says("Cancelled")
        assert watch.ends(signal.SIGTERM) == 0
        mine = [
            line.split(" ", 2)[2] for line in watch.out if int(line.split("#")[1].split(" ")[0]) >= failed
        ]
    assert mine == [
        f"#{failed} Sales: Queued by ada",
        f"#{failed} Sales: Running",
        f"#{failed} Sales: Failed, took 2 s, no such table: sales\N{REPLACEMENT CHARACTER}[2J",
        f"#{failed + 1} Sales: Queued by ada, a retry of #{failed}",
        f"#{waiting} Sales: Queued by ada",
        f"#{waiting} Sales: Cancelled by ada",
    ]
    assert watch.err == []


def test_filters_and_json_begin_with_what_was_queued_since(shell: Shell) -> None:
    old = shell.write(queue_one)
    later = NOW + timedelta(days=30)
    shell.write(history([(number, "Failed", None, later) for number in range(100, 100 + 1_200)], later))
    with watching("--since", "2026-01-15", "--status", "Failed", "--search", "SAL", "--json") as watch:
        watch.wait_for(lambda: len(watch.out) >= 1_200)
        number = shell.write(_fails)
        watch.wait_for(lambda: len(watch.out) > 1_200)
        assert watch.ends(signal.SIGINT) == 0
    told = [json.loads(line) for line in watch.out]
    assert [each["id"] for each in told] == [*range(100, 1_300), number]
    assert {each["status"] for each in told} == {"Failed"}
    assert set(told[0]) == KEYS
    assert old < 100
    assert told[0]["finished_at"] == "2026-02-01T00:00:00.000000Z"


def test_filters_narrow_what_is_told() -> None:
    failed = execution(1, Status.FAILED)
    assert Wanted().has(failed)
    assert Wanted(frozenset({Status.FAILED}), "Sales", "AL").has(failed)
    assert not Wanted(frozenset({Status.QUEUED})).has(failed)
    assert not Wanted(report="Other").has(failed)
    assert not Wanted(search="other").has(failed)


def test_who_reads_no_more_ends_it_also_where_nothing_changes(shell: Shell) -> None:
    reading, writing = os.pipe()
    with watching(stdout=writing) as watch:
        os.close(writing)
        os.close(reading)
        assert watch.ends() == 0
        watch.wait_for(lambda: watch.err == [])


def test_who_reads_nothing_can_still_end_it(shell: Shell) -> None:
    shell.write(history([(number, "Failed", None, NOW) for number in range(1, 200)]))
    reading, writing = os.pipe()
    fcntl.fcntl(writing, _PIPE_SIZE, 4096)
    with watching("--since", "2026-01-01", stdout=writing) as watch:
        os.close(writing)
        watch.wait_for(lambda: _waiting(reading) > 4096 - 100)
        time.sleep(0.2)  # it has filled the pipe, and writes the next line
        assert watch.ends(signal.SIGINT) == 0
    os.close(reading)


def test_a_full_disk_and_no_session_end_it_with_their_exit_codes(shell: Shell) -> None:
    shell.write(history([(1, "Failed", None, NOW)]))
    with open("/dev/full", "w") as full, watching("--since", "2026-01-01", stdout=full.fileno()) as watch:  # noqa: PTH123
        assert watch.ends() == 6
        watch.wait_for(lambda: watch.err)
        assert watch.err == ["Standard output cannot be written: No space left on device."]
    shell.set(JOBMON_TOKEN="nobody's")
    refused = shell("watch")
    assert (refused.code, refused.out) == (3, "")
    assert shell("watch", "--since", "never").code == 2


def test_what_happens_while_the_database_is_away_is_told_when_it_is_back(
    postgres_shell: Shell, postgres_database: str
) -> None:
    made: list[int] = []
    with proxied_beside(postgres_database) as proxy:
        postgres_shell.set(JOBMON_DATABASE_URL=proxy.url(postgres_database))
        with watching() as watch:

            def queue() -> object:
                in_postgres(postgres_database, lambda transaction: made.append(queue_one(transaction)))
                return watch.out

            watch.wait_for(queue)
            proxy.closed = True
            proxy.cut()
            watch.wait_for(lambda: watch.err)
            in_postgres(postgres_database, *[lambda to: made.append(_fails(to))] * 3)
            proxy.closed = False
            watch.says(*[f"#{number} Sales: Failed" for number in made[-3:]])
            watch.wait_for(lambda: len(watch.err) == 2)
            assert watch.ends(signal.SIGTERM) == 0
    assert "Trying again" in watch.err[0]
    assert watch.err[1] == "The database is back."
    lines = [line.split(" ", 2)[2] for line in watch.out]
    assert len(lines) == len(set(lines))
    for number in made[-3:]:
        assert [line for line in lines if line.startswith(f"#{number} ")] == [
            f"#{number} Sales: Queued by ada",
            f"#{number} Sales: Running",
            f"#{number} Sales: Failed, took 2 s, no such table: sales\N{REPLACEMENT CHARACTER}[2J",
        ]
