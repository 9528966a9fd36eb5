"""Real worker processes on a real database, really killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.host import Host

LOST_WITHIN = 45.0
"""Seconds; what the README promises."""
ONCE = """
import os, time
if not os.path.exists("once"):
    open("once", "w").close()
    time.sleep(600)
"""


def _running(marker: str) -> list[str]:
    listed = subprocess.run(
        ["ps", "-wweo", "pid,stat,args"], capture_output=True, text=True, check=True
    ).stdout
    return [line for line in listed.splitlines() if marker in line and " Z" not in line[:12]]


def _wait_until(condition: Callable[[], object], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_worker_runs_what_is_queued_and_drains_on_sigterm(host: Host) -> None:
    script = "import time\nprint('one', flush=True)\ntime.sleep(4)\nprint('two')\n"
    host.add_command("slow", script)
    anchors = host.folder / "anchors"
    host.environment["JOBMON_AUDIT_ANCHOR_FILE"] = str(anchors)
    worker = host.start_worker()
    queued = host.json("run", "slow")["id"]
    host.wait_for_status(queued, ["Running"])
    worker.send_signal(signal.SIGTERM)
    waiting = host.queue("slow")
    assert worker.wait(timeout=30) == 0
    assert host.json("show", str(queued))["status"] == "Succeeded"
    assert host.run("output", str(queued)).stdout == "one\ntwo\n"
    # As its settings say, it has kept where the audit log ended as it began.
    [_line] = anchors.read_text().splitlines()
    assert "that fit: all 1." in host.run("audit", "verify", "--anchors", str(anchors)).stdout
    # What was queued while it drained is left for the next worker.
    assert host.json("show", str(waiting))["status"] == "Queued"


def test_a_second_signal_stops_at_once_what_still_runs(host: Host) -> None:
    host.add_command("endless", "import time\nwhile True:\n    time.sleep(1)\n")
    worker = host.start_worker()
    queued = host.queue("endless")
    host.wait_for_status(queued, ["Running"])
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    ended = host.json("show", str(queued))
    assert (ended["status"], ended["error"]) == ("Failed", "worker stopped")


def test_a_hang_up_stops_the_worker_and_says_so(host: Host) -> None:
    host.add_command("endless", "import time\nwhile True:\n    time.sleep(1)\n")
    worker = host.start_worker()
    queued = host.queue("endless")
    host.wait_for_status(queued, ["Running"])
    worker.send_signal(signal.SIGHUP)
    assert worker.wait(timeout=20) == 0
    ended = host.json("show", str(queued))
    assert (ended["status"], ended["error"]) == ("Failed", "terminal closed")


def test_a_killed_worker_takes_its_commands_along_and_is_noticed_within_45_seconds(host: Host) -> None:
    # Two executions share the one long wait: a lost one of `again` is queued anew, one of `sleeper` is not.
    script = "import sys, time\nprint(sys.argv, flush=True)\ntime.sleep(600)\n"
    host.add_command("sleeper", script)
    host.add_command("again", ONCE, on_lost="requeue")
    worker = host.start_worker()
    queued, requeued = host.queue("sleeper"), host.queue("again")
    for each in (queued, requeued):
        host.wait_for_status(each, ["Running"])
    commands = str(host.folder)
    _wait_until(lambda: _running(f"{commands}/sleeper.py"), 10)
    _wait_until((host.folder / "once").exists, 10)
    observer = host.start_worker()
    worker.kill()
    killed_at = time.monotonic()
    worker.wait()
    _wait_until(lambda: not _running(commands), 10)
    for each in (queued, requeued):
        host.wait_for_status(each, ["Failed"], seconds=LOST_WITHIN)
    assert time.monotonic() - killed_at < LOST_WITHIN
    assert host.json("show", str(queued))["error"] == "worker lost"
    assert host.json("show", str(requeued))["error"] == "worker lost"
    anew = host.wait_for_status(requeued + 1, ["Succeeded"], seconds=20)
    assert (anew["retry_of"], anew["requested_by"], anew["trigger"]) == (requeued, "schedule", "retry")
    # The other lost row stays as it is; a retry of it runs on the worker that is left.
    assert len(host.json("list")) == 3
    [answer] = host.json("retry", str(queued))
    assert answer["ok"]
    host.wait_for_status(answer["new_id"], ["Running"])
    host.run("cancel", str(answer["new_id"]))
    cancelled = host.wait_for_status(answer["new_id"], ["Cancelled"], seconds=20)
    assert cancelled["error"] == "cancelled by ada"
    observer.terminate()
    assert observer.wait(timeout=30) == 0


def test_a_worker_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    done = Host(tmp_path).run("worker", expect=6)
    assert "jobmon init" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.story("AC-005")
def test_the_demo_runs_without_a_terminal_and_leaves_nothing_behind(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.environment["TMPDIR"] = str(tmp_path / "tmp")
    (tmp_path / "tmp").mkdir()
    done = host.run("demo", "--headless", "--seconds", "12")
    for wanted in (
        "✓ Succeeded",
        "Departures by airport",
        "All flights",
        "inbox/targets.csv is missing",
        "The operator puts inbox/targets.csv in place",
        "timed out after 8s",
        "400 of 400 ledger lines were rejected",
        "The original configuration could not be found",
    ):
        assert wanted in done.stdout, done.stdout
    retried = [line for line in done.stdout.splitlines() if "Delay targets" in line]
    assert "✗ Failed" in retried[0]
    assert any("✓ Succeeded" in line for line in retried[1:])
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not host.database.exists()
    assert sys.executable not in done.stdout
