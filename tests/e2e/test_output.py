"""What reports print, through the real worker: in bounded memory, both ends kept, live."""

import contextlib
import hashlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from jobmon_tui.domain.report import ReportDraft
from tests.e2e.faults.stage import Stage, py
from tests.e2e.terminal import Terminal

MIB = 1 << 20
GROWTH = 50 * MIB
"""What a worker's memory may grow by, whatever is printed."""
LIVE_WITHIN = 3.0
"""Seconds from the print to the reader."""

_FLOOD = """
import os, sys
total = int(sys.argv[1])
def put(data):
    while data:
        data = data[os.write(1, data):]
put(b"the very first line\\n")
put(b"bad \\xff\\xfe\\xc3( nul \\0 escape \\x1b]0;owned\\x07\\x1b[2J\\n")
put(b"x" * 5_000_000 + b"\\n")
chunk = (b"%07d some words of an ordinary line \\xe2\\x82\\xac\\n" % 1) * 1500
sent = 5_000_100
while sent < total:
    put(chunk)
    sent += len(chunk)
put(b"y" * 5_000_000 + b"\\n")
put(b"bad \\xff nul \\0 escape \\x1b[2J\\n")
put(b"token " + os.environb[b"TOKEN"] + b"\\n")
put(b"the very last line\\n")
"""
_STEPS = """
import sys, time
for at in range(1, 9):
    print("step", at, time.time(), flush=True)
    time.sleep(0.7)
"""


def resident(pid: int, key: str) -> int:
    """Give a process's memory in bytes: `VmRSS` now, `VmHWM` at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


@contextlib.contextmanager
def highest(pid: int) -> Iterator[list[int]]:
    """Measure by how much a process's memory grows at most while this runs."""
    before = resident(pid, "VmRSS")
    # From here on the kernel's own high-water mark, which no sampling can miss.
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="utf-8")
    grown: list[int] = []
    yield grown
    grown.append(resident(pid, "VmHWM") - before)


def test_a_gigabyte_is_taken_in_bounded_memory_with_both_ends_kept(tmp_path: Path) -> None:
    total = 1_000_000_000
    flood = py("Flood", _FLOOD, str(total))
    secret = {"environment": {"TOKEN": "${env:FLOOD_TOKEN}"}}
    flood = replace(flood, parameters={**flood.parameters, **secret})
    stage = Stage(tmp_path, [flood], FLOOD_TOKEN="sesame-sesame")
    with stage.working() as worker, highest(worker.pid) as grown:
        began = time.monotonic()
        number = stage.queue("Flood")
        ended = stage.wait_for_status(number, ["Succeeded", "Failed"], seconds=100)
        took = time.monotonic() - began
    print(f"{total / took / 1e6:.0f} MB/s, grown by {grown[0] / MIB:.1f} MiB")
    assert ended["status"] == "Succeeded"
    assert grown[0] < GROWTH, f"{grown[0] / MIB:.1f} MiB"
    kept = stage.json("show", str(number))["output"]
    assert kept["total"] > total
    assert kept["head"].startswith("the very first line\nbad ��")
    assert kept["tail"].endswith("bad � nul � escape �[2J\ntoken ***\nthe very last line\n")
    assert not {"\x1b", "\0", "\x07"} & set(kept["head"] + kept["tail"])
    for part in ("head", "tail"):
        assert len(kept[part].encode()) <= 66 * 1024
    assert len(kept["head"]) > 64_000
    said = stage.run("output", str(number)).stdout
    assert "bytes are not kept" in said
    assert said.endswith("the very last line\n")


def test_a_follower_sees_lines_as_they_are_printed_and_ends_with_the_execution(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [py("Steps", _STEPS)])
    with stage.working():
        number = stage.queue("Steps")
        late: list[float] = []
        with subprocess.Popen(
            [sys.executable, "-m", "jobmon_tui", "output", str(number), "--follow"],
            stdout=subprocess.PIPE,
            env=stage.environment,
            text=True,
        ) as follower:
            assert follower.stdout is not None
            for line in follower.stdout:
                _step, at, printed = line.split()
                assert int(at) == len(late) + 1
                late.append(time.time() - float(printed))
            assert follower.wait(timeout=10) == 0
        [finished] = stage.ask("SELECT finished_at FROM job_execution_log WHERE id = ?", number)[0]
        over = time.time() - datetime.fromisoformat(finished).timestamp()
    print("late by", [f"{each:.1f}" for each in late], f"ended {over:.1f} s after it")
    assert len(late) == 8
    # Those printed while the follower was still starting say nothing of it.
    assert max(late[3:]) < LIVE_WITHIN
    assert over < LIVE_WITHIN


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_the_details_follow_what_a_worker_of_another_process_prints(
    tmp_path: Path, columns: int, rows: int
) -> None:
    stage = Stage(tmp_path, [py("Steps", _STEPS.replace("9", "12"))])
    with stage.working():
        terminal = Terminal(["--scheduler", "off"], stage.environment, columns=columns, rows=rows)
        try:
            terminal.wait_for("No reports have run yet")
            number = stage.queue("Steps")
            terminal.wait_for("Running 1")
            terminal.press("d", "tab", "right", "right")
            late: list[float] = []
            for at in range(2, 12):
                terminal.wait_for(f"step {at} ", seconds=15)
                line = next(each for each in terminal.text.splitlines() if f"step {at} " in each)
                printed = line.partition(f"step {at} ")[2].split()[0]
                late.append(time.time() - float(printed))
            terminal.wait_for("Succeeded 1")
            terminal.press("q")
            assert terminal.wait_end() == 0
        finally:
            terminal.close()
        assert stage.status_of(number)[0] == "Succeeded"
    print("late by", [f"{each:.1f}" for each in late])
    assert max(late[3:]) < LIVE_WITHIN


def test_what_a_report_file_holds_is_shown_and_the_bound_of_output_is_a_setting(tmp_path: Path) -> None:
    source = tmp_path / "data.db"
    with contextlib.closing(sqlite3.connect(source)) as database:
        database.executescript("CREATE TABLE flight (id); INSERT INTO flight VALUES (1), (2), (3);")
    query = {"source": f"sqlite:///{source}", "query": "SELECT id FROM flight", "format": "csv"}
    long = py("Long", "print('0123456\\n' * 10_000)")
    stage = Stage(tmp_path, [ReportDraft("Flights", "sql", query), long], JOBMON_OUTPUT_KIB="1")
    with stage.working():
        numbers = [stage.queue("Flights"), stage.queue("Long")]
        for each in numbers:
            stage.wait_for_status(each, ["Succeeded"])
    made, cut = (stage.json("show", str(each)) for each in numbers)
    written = Path(made["output_path"]).read_bytes()
    known = (made["output_rows"], made["output_size"], made["output_sha256"])
    assert known == (3, len(written), hashlib.sha256(written).hexdigest())
    shown = stage.run("show", str(made["id"])).stdout
    assert f"it holds 3 rows, {len(written)} bytes" in shown
    assert f"SHA-256: {made['output_sha256']}" in shown
    assert [len(cut["output"][part]) for part in ("head", "tail")] == [1024, 1024]
    assert (cut["output_rows"], cut["output_size"], cut["output_sha256"]) == (None, None, None)
