"""Policies of reports kept by real worker processes."""

import itertools
import sqlite3
import time
from typing import Any

from tests.e2e.host import Host

LOST_WITHIN = 45.0
SPAN = """
import sys, time
with open("spans.txt", "a") as spans:
    start = time.time()
    time.sleep(0.7)
    spans.write(f"{start} {time.time()}\\n")
"""


def _rows(host: Host) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = host.json("list")
    return found[::-1]


def _count(host: Host, condition: str) -> int:
    database = sqlite3.connect(f"file:{host.database}?mode=ro", uri=True)
    try:
        [count] = database.execute(f"SELECT count(*) FROM job_execution_log WHERE {condition}").fetchone()
        return int(count)
    finally:
        database.close()


def _until(host: Host, condition: str, count: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while _count(host, condition) < count:
        assert time.monotonic() < until, _rows(host)
        time.sleep(0.1)


def test_a_failing_report_is_retried_by_itself_as_often_as_it_says(host: Host) -> None:
    host.add_command("flaky", "raise SystemExit(3)\n")
    host.run("reports", "edit", "flaky", "--max-retries", "2", "--retry-delay", "1s")
    worker = host.start_worker()
    first = host.json("run", "flaky")["id"]
    _until(host, "status = 'Failed'", 3, 40)
    # Longer than a third backoff and the look after it would take.
    time.sleep(4 * 1.2 + 5)
    rows = _rows(host)
    assert [(row["status"], row["attempt"], row["retry_of"]) for row in rows] == [
        ("Failed", 1, None),
        ("Failed", 2, first),
        ("Failed", 3, first + 1),
    ]
    assert [row["requested_by"] for row in rows] == ["ada", "schedule", "schedule"]
    audit = [entry for entry in host.json("audit", "list") if entry["action"] == "Job Retry"]
    assert [(entry["actor"], entry["new_execution_id"]) for entry in audit] == [
        ("schedule", first + 2),
        ("schedule", first + 1),
    ]
    worker.terminate()
    assert worker.wait(timeout=30) == 0


def test_over_two_workers_no_more_run_at_once_than_the_report_says(host: Host) -> None:
    host.add_command("single", SPAN)
    host.run("reports", "edit", "single", "--max-concurrent", "1")
    workers = [host.start_worker("--concurrency", "4") for _ in range(2)]
    for _ in range(5):
        host.run("run", "single")
    _until(host, "status = 'Succeeded'", 5, 60)
    lines = (host.folder / "spans.txt").read_text(encoding="utf-8").splitlines()
    spans = sorted((float(start), float(end)) for start, end in (line.split() for line in lines))
    assert len(spans) == 5
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans)), spans
    for worker in workers:
        worker.terminate()
        assert worker.wait(timeout=30) == 0


def test_what_a_killed_worker_ran_is_queued_anew_where_the_report_says_so(host: Host) -> None:
    host.add_command(
        "again", "import os, time\nif not os.path.exists('once'):\n open('once','w')\n time.sleep(600)\n"
    )
    host.run("reports", "edit", "again", "--on-lost", "requeue")
    worker = host.start_worker()
    first = host.json("run", "again")["id"]
    host.wait_for_status(first, ["Running"])
    while not (host.folder / "once").exists():
        time.sleep(0.1)
    other = host.start_worker()
    worker.kill()
    worker.wait()
    lost = host.wait_for_status(first, ["Failed"], seconds=LOST_WITHIN)
    assert lost["error"] == "worker lost"
    again = host.wait_for_status(first + 1, ["Succeeded"], seconds=20)
    assert (again["retry_of"], again["requested_by"], again["trigger"]) == (first, "schedule", "retry")
    other.terminate()
    assert other.wait(timeout=30) == 0


def test_due_times_while_it_still_runs_are_skipped_and_a_pause_stops_them(host: Host) -> None:
    host.add_command("often", "import time\ntime.sleep(3)\n", schedule="* * * * * *")
    worker = host.start_worker()
    _until(host, "status = 'Succeeded'", 2, 40)
    shown = host.json("reports", "show", "often")
    assert "was still Running" in shown["last_skip"]["reason"]
    host.run("reports", "pause", "often")
    _until(host, "status = 'Succeeded'", _count(host, "true"), 20)
    fired = _count(host, "true")
    time.sleep(3)
    assert _count(host, "true") == fired
    # Never two at once, though every second was due.
    rows = _rows(host)
    assert all(before["finished_at"] <= after["started_at"] for before, after in itertools.pairwise(rows))
    host.run("reports", "resume", "often")
    _until(host, "true", fired + 1, 15)
    worker.terminate()
    assert worker.wait(timeout=40) == 0
