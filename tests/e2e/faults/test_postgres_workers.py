"""Workers on PostgreSQL that are killed, stand still, or sit behind a dead line."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from jobmon_tui.storage.postgres.source import PgSource
from tests.e2e.faults.size import WHOLE
from tests.e2e.faults.stage import LOST_WITHIN, Stage, sh, wait_until
from tests.e2e.faults.truths import assert_sound_on
from tests.pg_proxy import proxied_beside
from tests.runners.processes import mark, wait_until_gone

BACK_WITHIN = 10.0
"""Seconds after which a worker is at work again, once it can reach the server."""
LOST = ("Failed", "worker lost")


@pytest.fixture
def place(postgres_database: str) -> PgSource:
    return PgSource(postgres_database, "jobmon")


def _waiting(folder: Path, word: str) -> str:
    """A script that says that it began, and ends when it may."""
    ends = f"while [ ! -e {folder}/go ]; do sleep 0.1; done"
    return f"echo $JOBMON_EXECUTION_ID >> {folder}/begun; : {word}; {ends}"


@pytest.mark.parametrize("trouble", ["hole", "closed"])
def test_a_worker_cut_off_from_the_server_is_at_work_again_in_time(
    trouble: str, place: PgSource, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, [sh("Waits", _waiting(tmp_path, mark()))], place)
    with proxied_beside(place.dsn) as proxy:
        stage.environment["JOBMON_DATABASE_URL"] = proxy.url(place.dsn)
        with stage.working():
            running = stage.queue("Waits")
            wait_until(lambda: stage.status_of(running)[0] == "Running", 20)
            setattr(proxy, trouble, True)
            if trouble == "closed":
                proxy.cut()
            (tmp_path / "go").touch()
            queued = stage.queue("Waits")
            # Long enough that it asks as seldom as it ever does; nobody else is there to take it for lost.
            before = time.monotonic(), proxy.connections
            time.sleep(60.0 if WHOLE else 1.0)
            asked = (proxy.connections - before[1]) / (time.monotonic() - before[0])
            assert stage.status_of(running)[0] == "Running"
            setattr(proxy, trouble, False)
            wait_until(
                lambda: {stage.status_of(each) for each in (running, queued)} == {("Succeeded", None)},
                BACK_WITHIN,
            )
            print(f"{asked:.1f} connections a second were asked for meanwhile")
            assert not WHOLE or asked < 10
    assert_sound_on(place)


@pytest.mark.skipif(not WHOLE, reason="waits until a worker is taken for lost: runs in make faults")
def test_the_work_of_the_killed_and_the_frozen_is_seen_as_lost_and_what_they_say_late_is_refused(
    place: PgSource, tmp_path: Path
) -> None:
    word = mark()
    stage = Stage(tmp_path, [sh("Waits", _waiting(tmp_path, word))], place)

    def running(count: int) -> bool:
        return len(stage.ask("SELECT id FROM job_execution_log WHERE status = 'Running'")) == count

    def begun() -> Counter[int]:
        told = tmp_path / "begun"
        return Counter(map(int, told.read_text(encoding="utf-8").split()) if told.exists() else ())

    with stage.working("--concurrency", "1") as frozen:
        late = stage.queue("Waits")
        wait_until(lambda: running(1), 20)
        killed = stage.start_worker("--concurrency", "1")
        lost = stage.queue("Waits")
        # It is Running before its command has begun.
        wait_until(lambda: begun() == Counter([late, lost]), 20)
        assert running(2)
        os.kill(frozen.pid, signal.SIGSTOP)
        stopped = time.monotonic()
        killed.kill()
        killed.wait()
        waiting = stage.queue("Waits")
        try:
            with stage.working("--concurrency", "4"):
                wait_until(lambda: stage.status_of(waiting)[0] == "Running", LOST_WITHIN)
                wait_until(lambda: {stage.status_of(each) for each in (late, lost)} == {LOST}, LOST_WITHIN)
                print(f"lost after {time.monotonic() - stopped:.0f} s")
                before = stage.ask("SELECT * FROM job_execution_log WHERE id IN (?, ?)", late, lost)
                # The frozen one's command runs on, and ends well while its worker cannot say so.
                (tmp_path / "go").touch()
                wait_until(lambda: stage.status_of(waiting) == ("Succeeded", None), 20)
                time.sleep(max(0.0, stopped + 60.0 - time.monotonic()))
        finally:
            os.kill(frozen.pid, signal.SIGCONT)
        wait_until(lambda: stage.ask("SELECT 1 FROM worker WHERE pid = ?", frozen.pid), 20)
        again = stage.queue("Waits")
        wait_until(lambda: stage.status_of(again) == ("Succeeded", None), BACK_WITHIN)
    assert stage.ask("SELECT * FROM job_execution_log WHERE id IN (?, ?)", late, lost) == before
    wait_until_gone(word, 10)
    assert begun() == Counter([late, lost, waiting, again])
    assert_sound_on(place)
