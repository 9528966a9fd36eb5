"""Another program holds the database's lock for ten seconds, longer than anybody waits for it."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from tests.e2e.faults.stage import Stage, sh
from tests.e2e.faults.truths import assert_sound

HELD = 10.0


def test_a_lock_held_for_ten_seconds_loses_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [sh("Fails", "exit 3"), sh("Slow", "sleep 2")])
    with stage.working():
        failed = stage.queue("Fails")
        stage.wait_for_status(failed, ["Failed"])
        slow = stage.queue("Slow")
        stage.wait_for_status(slow, ["Running"])
        with closing(sqlite3.connect(stage.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            held = time.monotonic()
            assert stage.json("show", str(failed))["status"] == "Failed"
            refused = stage.run("retry", str(failed), expect=6)
            assert "locked by another program. Try again" in refused.stderr
            assert len(stage.ask("SELECT 1 FROM job_execution_log")) == 2
            time.sleep(max(0.0, HELD - (time.monotonic() - held) - 2.0))
            # This one waits for the last seconds of the lock, and then is done.
            command = [sys.executable, "-m", "jobmon_tui", "retry", str(failed)]
            other_retry = subprocess.Popen(command, env=stage.environment, stdout=subprocess.DEVNULL)
            time.sleep(max(0.0, HELD - (time.monotonic() - held)))
            other.execute("ROLLBACK")
        assert other_retry.wait(timeout=30) == 0
        assert stage.wait_for_status(slow, ["Succeeded", "Failed"])["status"] == "Succeeded"
        [(child,)] = stage.ask("SELECT id FROM job_execution_log WHERE retry_of = ?", failed)
        ended = stage.wait_for_status(child, ["Failed"])
        assert ended["error"] == "exit status 3"
    assert_sound(stage.database)
