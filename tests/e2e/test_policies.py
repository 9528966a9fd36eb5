"""Policies of reports kept by real worker processes."""

import itertools
import sqlite3
import time
from datetime import datetime
from typing import Any

from tests.e2e.host import Host

SPAN = """
import sys, time
with open("spans.txt", "a") as spans:
    start = time.time()
    time.sleep(0.7)
    spans.write(f"{start} {time.time()}\\n")
"""


def _rows(host: Host, report: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = host.json("list", "--report", report)
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
        assert time.monotonic() < until, host.json("list")
        time.sleep(0.1)


def test_a_failing_report_is_retried_and_one_that_is_due_too_often_skips(host: Host) -> None:
    # Two reports of one worker, so that they wait at the same time.
    host.add_command("flaky", "raise SystemExit(3)\n", max_retries=2, retry_delay=1.0)
    host.add_command("often", "import time\ntime.sleep(3)\n", schedule="* * * * * *")
    worker = host.start_worker()
    first = host.queue("flaky")
    _due_times_while_it_still_runs_are_skipped_and_a_pause_stops_them(host)
    _until(host, "status = 'Failed'", 3, 40)
    third = datetime.fromisoformat(_rows(host, "flaky")[-1]["finished_at"]).timestamp()
    # Longer than a third backoff and the look after it would take.
    time.sleep(max(0.0, third + 4 * 1.2 + 5 - time.time()))
    _it_was_retried_by_itself_as_often_as_it_says(host, first)
    worker.terminate()
    assert worker.wait(timeout=40) == 0


def _due_times_while_it_still_runs_are_skipped_and_a_pause_stops_them(host: Host) -> None:
    fires = "report = 'often'"
    _until(host, f"{fires} AND status = 'Succeeded'", 2, 40)
    shown = host.json("reports", "show", "often")
    assert "was still Running" in shown["last_skip"]["reason"]
    host.run("reports", "pause", "often")
    _until(host, f"{fires} AND status = 'Succeeded'", _count(host, fires), 20)
    fired = _count(host, fires)
    time.sleep(3)
    assert _count(host, fires) == fired
    # Never two at once, though every second was due.
    rows = _rows(host, "often")
    assert all(before["finished_at"] <= after["started_at"] for before, after in itertools.pairwise(rows))
    host.run("reports", "resume", "often")
    _until(host, fires, fired + 1, 15)


def _it_was_retried_by_itself_as_often_as_it_says(host: Host, first: int) -> None:
    rows = _rows(host, "flaky")
    ids = [row["id"] for row in rows]
    assert ids[0] == first
    assert [(row["status"], row["attempt"], row["retry_of"]) for row in rows] == [
        ("Failed", 1, None),
        ("Failed", 2, ids[0]),
        ("Failed", 3, ids[1]),
    ]
    assert [row["requested_by"] for row in rows] == ["ada", "schedule", "schedule"]
    audit = [entry for entry in host.json("audit", "list") if entry["action"] == "Job Retry"]
    assert [(entry["actor"], entry["new_execution_id"]) for entry in audit] == [
        ("schedule", ids[2]),
        ("schedule", ids[1]),
    ]


def test_over_two_workers_no_more_run_at_once_than_the_report_says(host: Host) -> None:
    host.add_command("single", SPAN, max_concurrent=1)
    workers = [host.start_worker("--concurrency", "4") for _ in range(2)]
    for _ in range(5):
        host.queue("single")
    _until(host, "status = 'Succeeded'", 5, 60)
    lines = (host.folder / "spans.txt").read_text(encoding="utf-8").splitlines()
    spans = sorted((float(start), float(end)) for start, end in (line.split() for line in lines))
    assert len(spans) == 5
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans)), spans
    for worker in workers:
        worker.terminate()
        assert worker.wait(timeout=30) == 0
